//! What client and server share: heads, and bodies by length, in chunks, or to the end.

use crate::base::error::{Error, Kind, Result};

/// The largest head, and the most headers, that are read.
pub const HEAD_LIMIT: usize = 64 * 1024;
pub const HEADERS: usize = 128;
/// A chunk's size line with its extensions, or one line of a trailer, is no longer than this.
const LINE_LIMIT: usize = 8 * 1024;

pub type Headers = Vec<(String, String)>;

/// The first header of that name, whose case doesn't matter.
pub fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Whether a comma-separated header contains `token`.
pub fn has_token(headers: &Headers, name: &str, token: &str) -> bool {
    headers
        .iter()
        .filter(|(n, _)| n.eq_ignore_ascii_case(name))
        .flat_map(|(_, value)| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Copies what httparse found. Values are Latin-1 at heart; what isn't UTF-8 is shown with replacements.
pub fn copy(headers: &[httparse::Header<'_>]) -> Headers {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|h| (h.name.to_owned(), text(h.value))).collect()
}

/// Refuses what would break a head apart: names must be tokens, values must have no line breaks.
pub fn check_header(name: &str, value: &str) -> Result<()> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(Error::argument(format!("malformed header name {name:?}")));
    }
    if value.bytes().any(|b| b == b'\r' || b == b'\n' || b == 0) {
        return Err(Error::argument(format!("header {name:?} contains a line break or a NUL byte")));
    }
    Ok(())
}

/// How a body's end is told (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Length(u64),
    Chunked,
    ToEnd,
}

impl Framing {
    /// Reads the headers that tell it; `otherwise` if there are none.
    ///
    /// Raises `protocol` for contradicting or malformed ones.
    pub fn of(headers: &Headers, otherwise: Framing) -> Result<Self> {
        let coded = headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("transfer-encoding"));
        let mut length = None;
        for (_, value) in headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case("content-length")) {
            for part in value.split(',').map(str::trim) {
                let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
                match part.parse::<u64>() {
                    Ok(n) if digits && length.is_none_or(|old| old == n) => length = Some(n),
                    _ => return Err(protocol(format!("malformed content-length {value:?}"))),
                }
            }
        }
        match (coded, length) {
            (true, Some(_)) => Err(protocol("both transfer-encoding and content-length")),
            (true, None) if has_token(headers, "transfer-encoding", "chunked") => Ok(Framing::Chunked),
            (true, None) => Err(protocol("an unknown transfer-encoding")),
            (false, Some(length)) => Ok(Framing::Length(length)),
            (false, None) => Ok(otherwise),
        }
    }
}

fn protocol(detail: impl Into<String>) -> Error {
    Error::new(Kind::Protocol, detail)
}

enum State {
    /// Bytes that are still to come; for chunks, with what comes behind them.
    Data(u64),
    ChunkSize,
    ChunkEnd,
    Trailer,
    ToEnd,
    Done,
}

/// Takes a body out of what comes over the wire, as it comes.
pub struct Body {
    state: State,
    chunked: bool,
    limit: usize,
    /// So much of it is kept.
    kept: usize,
    /// How many bytes came.
    length: usize,
    pub data: Vec<u8>,
}

impl Body {
    /// Raises `limit` later if the body has more than `limit` bytes.
    pub fn new(framing: Framing, limit: usize) -> Self {
        Body::beginning(framing, limit, limit)
    }

    /// Of which the first `kept` bytes are kept.
    pub fn beginning(framing: Framing, limit: usize, kept: usize) -> Self {
        let state = match framing {
            Framing::Length(0) => State::Done,
            Framing::Length(n) => State::Data(n),
            Framing::Chunked => State::ChunkSize,
            Framing::ToEnd => State::ToEnd,
        };
        Body { state, chunked: framing == Framing::Chunked, limit, kept, length: 0, data: Vec::new() }
    }

    pub fn done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Takes what belongs to the body from the front of `wire`. Returns whether the body is complete.
    pub fn take(&mut self, wire: &mut Vec<u8>) -> Result<bool> {
        let mut used = 0;
        while let Some(next) = self.step(&wire[used..])? {
            used += next;
            if self.done() {
                break;
            }
        }
        wire.drain(..used);
        Ok(self.done())
    }

    /// The connection has ended: is that the body's end?
    pub fn end(&mut self) -> Result<()> {
        match self.state {
            State::ToEnd | State::Done => {
                self.state = State::Done;
                Ok(())
            }
            State::Data(left) if !self.chunked => Err(protocol(format!(
                "the connection was closed with {left} bytes of the body missing, after {}",
                self.length
            ))),
            _ => Err(protocol(format!(
                "the connection was closed in the middle of a chunked body, after {} bytes",
                self.length
            ))),
        }
    }

    /// Uses up the front of `wire`; `None` if there is too little of it.
    fn step(&mut self, wire: &[u8]) -> Result<Option<usize>> {
        match self.state {
            State::Done => Ok(None),
            _ if wire.is_empty() => Ok(None),
            State::ToEnd => self.keep(wire).map(|()| Some(wire.len())),
            State::Data(left) => {
                let n = wire.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                self.keep(&wire[..n])?;
                self.state = match left - n as u64 {
                    0 if self.chunked => State::ChunkEnd,
                    0 => State::Done,
                    left => State::Data(left),
                };
                Ok(Some(n))
            }
            State::ChunkEnd => match wire {
                [b'\r', b'\n', ..] => {
                    self.state = State::ChunkSize;
                    Ok(Some(2))
                }
                [b'\r'] => Ok(None),
                _ => Err(protocol("a chunk doesn't end where its size says")),
            },
            State::ChunkSize => match httparse::parse_chunk_size(wire) {
                Ok(httparse::Status::Complete((used, size))) => {
                    self.state = if size == 0 { State::Trailer } else { State::Data(size) };
                    Ok(Some(used))
                }
                Ok(httparse::Status::Partial) if wire.len() < LINE_LIMIT => Ok(None),
                _ => Err(protocol("malformed chunk size")),
            },
            State::Trailer => match wire.iter().position(|b| *b == b'\n') {
                Some(at) => {
                    if wire[..at].iter().all(|b| *b == b'\r') {
                        self.state = State::Done;
                    }
                    Ok(Some(at + 1))
                }
                None if wire.len() < LINE_LIMIT => Ok(None),
                None => Err(protocol("a trailer line is too long")),
            },
        }
    }

    fn keep(&mut self, data: &[u8]) -> Result<()> {
        self.length += data.len();
        if self.length > self.limit {
            return Err(Error::new(Kind::Limit, format!("the body has more than {} bytes", self.limit)));
        }
        let room = self.kept - self.data.len();
        self.data.extend_from_slice(&data[..data.len().min(room)]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> Headers {
        lines.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn framing() {
        let of = |lines: &[(&str, &str)]| Framing::of(&headers(lines), Framing::ToEnd).ok();
        assert_eq!(of(&[]), Some(Framing::ToEnd));
        assert_eq!(of(&[("content-length", "5")]), Some(Framing::Length(5)));
        assert_eq!(of(&[("Content-Length", "5, 5")]), Some(Framing::Length(5)));
        assert_eq!(of(&[("Transfer-Encoding", "gzip, Chunked")]), Some(Framing::Chunked));
        for wrong in ["", "+5", "-1", "5, 6", "99999999999999999999", "0x5"] {
            assert_eq!(of(&[("content-length", wrong)]), None, "{wrong}");
        }
        assert_eq!(of(&[("content-length", "5"), ("transfer-encoding", "chunked")]), None);
        assert_eq!(of(&[("transfer-encoding", "gzip")]), None);
    }

    /// Hands over `wire` in pieces of every size.
    fn decode(framing: Framing, wire: &[u8]) -> (Option<Vec<u8>>, Vec<u8>) {
        let mut results = Vec::new();
        for size in 1..=wire.len() {
            let mut body = Body::new(framing, 1000);
            let mut buffer = Vec::new();
            let mut ok = true;
            for piece in wire.chunks(size) {
                buffer.extend_from_slice(piece);
                if !body.done() && body.take(&mut buffer).is_err() {
                    ok = false;
                    break;
                }
            }
            let done = ok && body.done();
            results.push((done.then_some(body.data), if ok { buffer } else { Vec::new() }));
        }
        assert!(results.windows(2).all(|w| w[0] == w[1]), "{results:?}");
        results.pop().unwrap()
    }

    #[test]
    fn bodies() {
        let rest = b"HTTP".to_vec();
        assert_eq!(decode(Framing::Length(5), b"helloHTTP"), (Some(b"hello".to_vec()), rest.clone()));
        assert_eq!(
            decode(Framing::Chunked, b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: x\r\n\r\nHTTP"),
            (Some(b"hello world".to_vec()), rest)
        );
        assert_eq!(decode(Framing::Chunked, b"0\r\n\r\n").0, Some(Vec::new()));
        assert_eq!(decode(Framing::Chunked, b"5\r\nhelloX").0, None);
        assert_eq!(decode(Framing::Chunked, b"g\r\n").0, None);
        assert_eq!(decode(Framing::Chunked, b"fffffffffffffffff\r\n").0, None);
    }

    #[test]
    fn ends() {
        let mut body = Body::new(Framing::ToEnd, 10);
        assert!(!body.take(&mut b"hello".to_vec()).unwrap());
        body.end().unwrap();
        assert!(body.done());
        assert!(body.take(&mut Vec::new()).unwrap());

        let mut body = Body::new(Framing::Length(10), 100);
        body.take(&mut b"hello".to_vec()).unwrap();
        assert!(body.end().unwrap_err().message().contains("5 bytes of the body missing"));
        let mut body = Body::new(Framing::ToEnd, 4);
        assert_eq!(body.take(&mut b"hello".to_vec()).unwrap_err().kind(), Kind::Limit);
    }

    #[test]
    fn headers_cannot_break_a_head_apart() {
        assert!(check_header("X-A", "b c").is_ok());
        assert!(check_header("X A", "b").is_err());
        assert!(check_header("", "b").is_err());
        assert!(check_header("X:", "b").is_err());
        assert!(check_header("X", "a\r\nB: c").is_err());
    }
}
