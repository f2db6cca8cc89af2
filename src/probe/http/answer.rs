//! What the server answers: fixed answers by path, or files of a directory.

use std::collections::HashMap;

use super::directory::Directory;
use super::url::unescape;
use crate::base::error::{Error, Result};
use crate::io::http::{Bytes, Content, Headers, Reply, check_header, header};

/// A fixed answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// 200 to 599.
    pub status: u16,
    pub headers: Headers,
    pub body: Bytes,
}

impl Default for Answer {
    fn default() -> Self {
        Answer { status: 200, headers: Headers::new(), body: Bytes::new() }
    }
}

/// What a server has to offer.
#[derive(Default)]
pub struct Routes {
    paths: HashMap<String, Answer>,
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
        Ok(Routes { paths, directory: directory.map(Directory::open).transpose()? })
    }

    /// The answer to a request for `target`, a path with or without a query.
    pub(super) fn answer(&self, method: &str, target: &str) -> Reply {
        let path = target.split('?').next().unwrap_or_default();
        let Some(plain) = unescape(path) else { return Reply::error(400) };
        let plain = String::from_utf8_lossy(&plain);
        if let Some(answer) = self.paths.get(target).or_else(|| self.paths.get(&*plain)) {
            return fixed(answer);
        }
        match (&self.directory, self.paths.get("*")) {
            (Some(directory), _) if matches!(method, "GET" | "HEAD") => directory.answer(path),
            (Some(_), _) => {
                let mut reply = Reply::error(405);
                reply.headers.push(("Allow".to_owned(), "GET, HEAD".to_owned()));
                reply
            }
            (None, Some(answer)) => fixed(answer),
            (None, None) => Reply::error(404),
        }
    }
}

/// A fixed answer, as it is sent.
fn fixed(answer: &Answer) -> Reply {
    let mut headers = answer.headers.clone();
    if header(&headers, "content-type").is_none() {
        headers.push(("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned()));
    }
    Reply { status: answer.status, headers, content: Content::Bytes(answer.body.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_checked() {
        let routes = |path: &str, status, name: &str, value: &str| {
            let headers = vec![(name.to_owned(), value.to_owned())];
            let answer = Answer { status, headers, body: Bytes::new() };
            Routes::new(HashMap::from([(path.to_owned(), answer)]), None).map(drop).map_err(|e| e.message())
        };
        assert_eq!(routes("/", 200, "a", "b"), Ok(()));
        assert!(routes("x", 200, "a", "b").unwrap_err().contains("must begin with"));
        assert!(routes("/", 100, "a", "b").unwrap_err().contains("expected 200 to 599"));
        assert!(routes("/", 200, "a", "b\r\nc: d").unwrap_err().contains("line break"));
        assert!(Routes::new(HashMap::new(), Some("/nowhere/at/all")).is_err());
    }
}
