//! HTTP/1.1 by hyper: one request of a client, and a server's connections.

mod client;
mod pace;
mod server;
mod wire;

pub use client::{Answer, exchange};
pub use hyper::body::Bytes;
pub use pace::Limits;
pub use server::{Content, Reply, Served, serve};

use std::error::Error as _;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{StatusCode, ext::ReasonPhrase};

use crate::base::error::{Error, Result};

/// The largest head, and the most headers, that are read.
const HEAD_LIMIT: usize = 64 * 1024;
const HEADERS: usize = 128;
/// The largest body that is taken.
const BODY_LIMIT: usize = 64 << 20;
/// Who we are, to servers and to clients.
pub const AGENT: &str = concat!("nsh/", env!("CARGO_PKG_VERSION"));

pub type Headers = Vec<(String, String)>;

/// The first header of that name, whose case doesn't matter.
pub fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Refuses what would break a head apart: names must be tokens, values must have no line breaks.
pub fn check_header(name: &str, value: &str) -> Result<()> {
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(Error::argument(format!("malformed header name {name:?}")));
    }
    let breaks = value.contains(['\r', '\n', '\0']);
    if breaks || HeaderValue::from_str(value).is_err() && HeaderValue::from_bytes(value.as_bytes()).is_err() {
        let what = if breaks { "a line break or a NUL byte" } else { "a control character" };
        return Err(Error::argument(format!("header {name:?} contains {what}")));
    }
    Ok(())
}

/// Headers as hyper sends them. Those that [`check_header`] refuses are left out.
fn to_map(headers: &Headers) -> HeaderMap {
    let pairs = headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    let mut map = HeaderMap::with_capacity(headers.len() + 4);
    for (name, value) in pairs {
        map.append(name, value);
    }
    map
}

/// Headers as they are shown: `Content-Type`. What isn't UTF-8 is shown with replacements.
fn from_map(map: &HeaderMap) -> Headers {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    map.iter().map(|(name, value)| (title(name.as_str()), text(value))).collect()
}

/// hyper knows names in lower case alone.
fn title(name: &str) -> String {
    let mut start = true;
    let letter = |c: char| {
        let upper = std::mem::replace(&mut start, c == '-');
        if upper { c.to_ascii_uppercase() } else { c }
    };
    name.chars().map(letter).collect()
}

/// The words for a status (RFC 9110, 15).
pub fn reason(status: u16) -> &'static str {
    let known = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    known.unwrap_or(match status / 100 {
        2 => "Success",
        3 => "Redirect",
        4 => "Client Error",
        _ => "Server Error",
    })
}

fn phrase(status: u16) -> ReasonPhrase {
    ReasonPhrase::from_static(reason(status).as_bytes())
}

/// Whether a body ended before its end.
fn cut(e: &hyper::Error) -> bool {
    let cause = e.source().and_then(|e| e.downcast_ref::<std::io::Error>());
    e.is_incomplete_message() || cause.is_some_and(|e| e.kind() == std::io::ErrorKind::UnexpectedEof)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7), of seconds since 1970.
pub fn date(seconds: u64) -> String {
    // What httpdate can tell.
    let after = std::time::Duration::from_secs(seconds.min(253_402_300_799));
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_cannot_break_a_head_apart() {
        assert!(check_header("X-A", "b c").is_ok());
        assert!(check_header("X-A", "bä").is_ok());
        assert!(check_header("X A", "b").is_err());
        assert!(check_header("", "b").is_err());
        assert!(check_header("X:", "b").is_err());
        assert!(check_header("X", "a\r\nB: c").is_err());
        assert!(check_header("X", "\x01").unwrap_err().message().contains("a control character"));
    }

    #[test]
    fn names_and_dates() {
        assert_eq!(title("content-type"), "Content-Type");
        assert_eq!(date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!((reason(404), reason(299), reason(599)), ("Not Found", "Success", "Server Error"));
    }
}
