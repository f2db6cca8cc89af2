//! What the server answers: fixed answers by path, or files of a directory.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::directory::Directory;
use super::message::{Headers, check_header, header};
use super::url::unescape;
use crate::base::error::{Error, Result};

/// A fixed answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// 200 to 599.
    pub status: u16,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// What a server has to offer.
#[derive(Default)]
pub struct Routes {
    paths: HashMap<String, Arc<Answer>>,
    directory: Option<Directory>,
}

impl Routes {
    /// Answers each of `paths` as told, whatever the method; `"*"` stands for all paths that are not listed, if there
    /// is no directory. `directory` is read by GET and HEAD.
    ///
    /// Raises `argument` for a path that doesn't begin with a slash, a status out of range or a malformed header,
    /// and `not_found` for a directory that isn't there.
    pub fn new(paths: HashMap<String, Answer>, directory: Option<&str>) -> Result<Self> {
        for (path, answer) in &paths {
            if !path.starts_with('/') && path != "*" {
                return Err(Error::argument(format!("the path {path:?} must begin with \"/\", or be \"*\"")));
            }
            if !(200..=599).contains(&answer.status) {
                let status = answer.status;
                return Err(Error::argument(format!("status {status} of {path:?}: expected 200 to 599")));
            }
            answer.headers.iter().try_for_each(|(name, value)| check_header(name, value))?;
        }
        Ok(Routes {
            paths: paths.into_iter().map(|(path, answer)| (path, Arc::new(answer))).collect(),
            directory: directory.map(Directory::open).transpose()?,
        })
    }

    /// The answer to a request for `target`, a path with or without a query.
    pub(super) fn answer(&self, method: &str, target: &str) -> Reply {
        let path = target.split('?').next().unwrap_or_default();
        let Some(plain) = unescape(path) else { return Reply::error(400) };
        let plain = String::from_utf8_lossy(&plain);
        if let Some(answer) = self.paths.get(target).or_else(|| self.paths.get(&*plain)) {
            return answer.into();
        }
        match (&self.directory, self.paths.get("*")) {
            (Some(directory), _) if matches!(method, "GET" | "HEAD") => directory.answer(path),
            (Some(_), _) => {
                let mut reply = Reply::error(405);
                reply.headers.push(("Allow".to_owned(), "GET, HEAD".to_owned()));
                reply
            }
            (None, Some(answer)) => answer.into(),
            (None, None) => Reply::error(404),
        }
    }
}

/// A body on its way out.
pub(super) enum Content {
    Bytes(Vec<u8>),
    Fixed(Arc<Answer>),
    /// A file, and how many bytes of it.
    File(File, u64),
}

/// An answer on its way out.
pub(super) struct Reply {
    pub status: u16,
    pub headers: Headers,
    pub content: Content,
}

impl Reply {
    pub fn new(status: u16, kind: &str, body: Vec<u8>) -> Self {
        let headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        Reply { status, headers, content: Content::Bytes(body) }
    }

    /// An answer that says no more than its status.
    pub fn error(status: u16) -> Self {
        let text = format!("{status} {}\n", reason(status));
        Reply::new(status, "text/plain; charset=utf-8", text.into_bytes())
    }

    pub fn length(&self) -> u64 {
        match &self.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Fixed(answer) => answer.body.len() as u64,
            Content::File(_, length) => *length,
        }
    }

    /// Whether the status allows a body at all.
    pub fn has_body(&self) -> bool {
        !matches!(self.status, 204 | 304)
    }

    /// The head as it is sent. `keep` tells whether the connection stays.
    pub fn head(&self, keep: bool) -> String {
        let mut out = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let ours = [
            ("Server", Some(concat!("nsh/", env!("CARGO_PKG_VERSION")).to_owned())),
            ("Date", Some(date(seconds))),
        ];
        for (name, value) in ours {
            if let Some(value) = value.filter(|_| header(&self.headers, name).is_none()) {
                out.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        for (name, value) in &self.headers {
            // How the message ends is told by us alone.
            if !["content-length", "transfer-encoding", "connection"].contains(&name.to_lowercase().as_str())
            {
                out.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        if self.has_body() {
            out.push_str(&format!("Content-Length: {}\r\n", self.length()));
        }
        out.push_str(if keep { "Connection: keep-alive\r\n\r\n" } else { "Connection: close\r\n\r\n" });
        out
    }
}

impl From<&Arc<Answer>> for Reply {
    fn from(answer: &Arc<Answer>) -> Self {
        let mut headers = answer.headers.clone();
        if header(&headers, "content-type").is_none() {
            headers.push(("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned()));
        }
        Reply { status: answer.status, headers, content: Content::Fixed(answer.clone()) }
    }
}

/// The words for a status (RFC 9110, 15).
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        418 => "I'm a teapot",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        other => match other / 100 {
            2 => "Success",
            3 => "Redirect",
            4 => "Client Error",
            _ => "Server Error",
        },
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7), of seconds since 1970.
pub(super) fn date(seconds: u64) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = seconds / 86_400;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut year, mut day) = (1970, days);
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if day < length {
            break;
        }
        day -= length;
        year += 1;
    }
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    let weekday = WEEKDAYS[(days % 7) as usize];
    format!("{weekday}, {:02} {} {year} {hour:02}:{minute:02}:{second:02} GMT", day + 1, MONTHS[month])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date(951_782_399), "Mon, 28 Feb 2000 23:59:59 GMT");
        assert_eq!(date(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(date(4_102_444_800), "Fri, 01 Jan 2100 00:00:00 GMT");
    }

    #[test]
    fn routes_are_checked() {
        let routes = |path: &str, status, name: &str, value: &str| {
            let headers = vec![(name.to_owned(), value.to_owned())];
            let answer = Answer { status, headers, body: Vec::new() };
            Routes::new(HashMap::from([(path.to_owned(), answer)]), None).map(drop).map_err(|e| e.message())
        };
        assert_eq!(routes("/", 200, "a", "b"), Ok(()));
        assert!(routes("x", 200, "a", "b").unwrap_err().contains("must begin with"));
        assert!(routes("/", 100, "a", "b").unwrap_err().contains("expected 200 to 599"));
        assert!(routes("/", 200, "a", "b\r\nc: d").unwrap_err().contains("line break"));
        assert!(Routes::new(HashMap::new(), Some("/nowhere/at/all")).is_err());
    }
}
