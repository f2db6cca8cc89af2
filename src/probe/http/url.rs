//! `http` URLs: RFC 3986, as far as HTTP uses it.

use std::fmt;

use crate::base::error::{Error, Kind, Result};
use crate::probe::endpoint::{Endpoint, Host};

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub at: Endpoint,
    /// The path with the query, as it is sent: begins with a slash, escaped where it must be.
    pub target: String,
}

impl Url {
    /// Reads `http://HOST[:PORT][/PATH][?QUERY]`; without a scheme, `http` is meant, as with `curl`.
    ///
    /// Raises `argument` if it is malformed, and `unsupported` for other schemes.
    pub fn parse(text: &str) -> Result<Self> {
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => {
                return Err(Error::new(Kind::Unsupported, format!("https is not supported: {text:?}"))
                    .hint("use http, or a process such as curl by proc.exec"));
            }
            Some((scheme, _)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                return Err(Error::new(Kind::Unsupported, format!("scheme {scheme:?} of {text:?}"))
                    .hint("only http is supported"));
            }
            _ => text,
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(Error::argument(format!(
                "a user in a URL is not supported: {text:?}; pass an authorization header"
            )));
        }
        let wrong = |e: Error| Error::argument(format!("malformed URL {text:?}: {}", e.message()));
        if authority.is_empty() {
            return Err(Error::argument(format!("malformed URL {text:?}: no host")));
        }
        let at = Endpoint::parse_or(authority, 80).map_err(wrong)?;
        if at.host == Host::Any || at.port == 0 {
            return Err(Error::argument(format!("malformed URL {text:?}: no host or port to connect to")));
        }
        Ok(Url { at, target: target(path) })
    }

    /// Where a `Location` header leads from here.
    pub fn join(&self, location: &str) -> Result<Url> {
        if let Some(rest) = location.strip_prefix("//") {
            return Url::parse(&format!("http://{rest}"));
        }
        if location.contains("://") {
            return Url::parse(location);
        }
        let path = self.target.split('?').next().unwrap_or("/");
        let target = match location.as_bytes().first() {
            Some(b'/') => target(location),
            Some(b'?') => target(&format!("{path}{location}")),
            _ => {
                let directory = &path[..path.rfind('/').map_or(0, |at| at + 1)];
                target(&without_dots(&format!("{directory}{location}")))
            }
        };
        Ok(Url { at: self.at.clone(), target })
    }

    /// The value of the Host header: without the port if it is 80, and without a zone.
    pub fn host(&self) -> String {
        let host = match &self.at.host {
            Host::Address(std::net::IpAddr::V6(v6), _) => format!("[{v6}]"),
            Host::Address(address, _) => address.to_string(),
            host => host.to_string(),
        };
        if self.at.port == 80 { host } else { format!("{host}:{}", self.at.port) }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.at, self.target)
    }
}

/// Makes what is sent of a URL's path, query and fragment: the fragment stays here, and what may not stand in a
/// request line is escaped.
fn target(path: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    let mut out = String::with_capacity(path.len() + 1);
    if !path.starts_with('/') {
        out.push('/');
    }
    for byte in path.bytes() {
        if byte.is_ascii_graphic()
            && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
        {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Resolves `.` and `..` in the path (RFC 3986, 5.2.4).
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (i, segment) in segments.iter().enumerate() {
        let last = i + 1 == segments.len();
        match *segment {
            "." if last => kept.push(""),
            "." => {}
            ".." => {
                kept.pop();
                if last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

/// Undoes percent-escapes; `None` if one is malformed.
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let (high, low) = (char::from(bytes.next()?).to_digit(16)?, char::from(bytes.next()?).to_digit(16)?);
        out.push((high * 16 + low) as u8);
    }
    Some(out)
}

/// Escapes a file's name for a path: all but RFC 3986's unreserved characters.
pub fn escape(name: &[u8]) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name {
        match byte {
            b'-' | b'.' | b'_' | b'~' => out.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(*byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> String {
        match Url::parse(text) {
            Ok(url) => format!("{} {} {}", url.at, url.target, url.host()),
            Err(e) => e.message(),
        }
    }

    #[test]
    fn urls() {
        assert_eq!(parse("http://192.168.1.10:3000/"), "192.168.1.10:3000 / 192.168.1.10:3000");
        assert_eq!(parse("192.168.1.10:3000"), "192.168.1.10:3000 / 192.168.1.10:3000");
        assert_eq!(parse("HTTP://ns1/a/b?c=d#e"), "ns1:80 /a/b?c=d ns1");
        assert_eq!(parse("http://ns1?x"), "ns1:80 /?x ns1");
        assert_eq!(parse("http://[fd00::1]"), "[fd00::1]:80 / [fd00::1]");
        assert_eq!(parse("http://[fe80::1%25eth0]:8080/x"), "[fe80::1%eth0]:8080 /x [fe80::1]:8080");
        assert_eq!(parse("http://a/ä b\r\nHost: c"), "a:80 /%C3%A4%20b%0D%0AHost:%20c a");
    }

    #[test]
    fn malformed_urls() {
        assert!(parse("https://a/").starts_with("https is not supported"));
        assert!(parse("ftp://a/").starts_with("scheme \"ftp\""));
        assert!(parse("http://").contains("no host"));
        assert!(parse("http:///x").contains("no host"));
        assert!(parse("http://:80/x").contains("no host"));
        assert!(parse("http://a:/").contains("malformed port"));
        assert!(parse("http://a:0/").contains("no host or port"));
        assert!(parse("http://a:99999/").contains("malformed port"));
        assert!(parse("http://me:secret@a/").contains("authorization"));
        assert!(parse("http://a b/").contains("neither"));
    }

    #[test]
    fn redirects() {
        let base = Url::parse("http://a:8080/x/y?z").unwrap();
        for (location, want) in [
            ("/p", "http://a:8080/p"),
            ("p", "http://a:8080/x/p"),
            ("../p?q", "http://a:8080/p?q"),
            ("../../..", "http://a:8080/"),
            (".", "http://a:8080/x/"),
            ("?q", "http://a:8080/x/y?q"),
            ("http://b/c", "http://b:80/c"),
            ("//b/c", "http://b:80/c"),
        ] {
            assert_eq!(base.join(location).unwrap().to_string(), want, "{location}");
        }
    }

    #[test]
    fn escapes() {
        assert_eq!(unescape("/a%20b%2F").unwrap(), b"/a b/");
        assert_eq!(unescape("%C3%A4").unwrap(), "ä".as_bytes());
        for wrong in ["%", "%4", "%zz", "%+1"] {
            assert_eq!(unescape(wrong), None, "{wrong}");
        }
        assert_eq!(escape("a b/ä<.~".as_bytes()), "a%20b%2F%C3%A4%3C.~");
    }
}
