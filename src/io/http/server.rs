//! The server's connections: hyper reads and writes them; what is asked for is recorded and answered.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use tokio::net::TcpStream;

use super::pace::{Limits, Pace, Paced, linger};
use super::wire::Wire;
use super::{AGENT, BODY_LIMIT, HEAD_LIMIT, HEADERS, Headers, cut, from_map, phrase, reason, to_map};
use crate::base::error::Result;
use crate::io::{Journal, Record, Server, accept, end, listener, now};

/// So much of a request's body is kept, in its record.
const RECORDED_BODY: usize = 64 * 1024;
/// How long a peer may take to notice that we have answered and closed.
const LINGER: Duration = Duration::from_secs(1);
/// What is read of a file at once.
const CHUNK: usize = 64 * 1024;

/// One request that was answered.
#[derive(Clone, Debug)]
pub struct Served {
    /// Empty if what came was not HTTP.
    pub method: String,
    /// The path as it was asked for, with its query.
    pub path: String,
    pub headers: Headers,
    /// The first 64 KiB of the request's body.
    pub body: Vec<u8>,
    pub peer: SocketAddr,
    pub status: u16,
    /// Bytes of the answer's body.
    pub bytes: u64,
    /// When, in seconds since 1970.
    pub time: f64,
}

impl Record for Served {
    type Totals = ();

    fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 50).sum();
        size_of::<Served>() + self.method.len() + self.path.len() + headers + self.body.len()
    }
}

/// A body on its way out.
pub enum Content {
    Bytes(Bytes),
    /// A file, and how many bytes of it.
    File(File, u64),
}

impl Content {
    fn length(&self) -> u64 {
        match self {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File(_, length) => *length,
        }
    }
}

/// An answer on its way out.
pub struct Reply {
    pub status: u16,
    pub headers: Headers,
    pub content: Content,
}

impl Reply {
    pub fn new(status: u16, kind: &str, body: Vec<u8>) -> Self {
        let headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        Reply { status, headers, content: Content::Bytes(body.into()) }
    }

    /// An answer that says no more than its status.
    pub fn error(status: u16) -> Self {
        let text = format!("{status} {}\n", reason(status));
        Reply::new(status, "text/plain; charset=utf-8", text.into_bytes())
    }
}

/// What a server has to offer: the answer to a method and a path with its query.
type Site = dyn Fn(&str, &str) -> Reply + Send + Sync;

/// Serves on a listening socket.
pub fn serve(
    socket: OwnedFd,
    address: SocketAddr,
    limits: Limits,
    site: impl Fn(&str, &str) -> Reply + Send + Sync + 'static,
) -> Result<Server<Served>> {
    let site: Arc<Site> = Arc::new(site);
    Server::start(address, |sessions, journal| {
        let listener = listener(socket)?;
        Ok(accept(listener, sessions, move |stream, peer| {
            let (site, journal) = (site.clone(), journal.clone());
            Client { site, journal, peer, pace: Pace::new(limits) }.talk(stream)
        }))
    })
}

struct Client {
    site: Arc<Site>,
    journal: Arc<Journal<Served>>,
    peer: SocketAddr,
    pace: Arc<Pace>,
}

/// What of a request is left when its body has been read.
struct Asked {
    method: String,
    path: String,
    headers: Headers,
    keep: bool,
}

impl Client {
    async fn talk(self, stream: TcpStream) {
        let stream = Arc::new(stream);
        let wire = Wire(Paced { stream: stream.clone(), pace: self.pace.clone() });
        let mut builder = Builder::new();
        builder.half_close(true).title_case_headers(true).max_headers(HEADERS);
        builder.max_header_size(HEAD_LIMIT).max_buf_size(HEAD_LIMIT);
        let ended = {
            let mut connection =
                pin!(builder.serve_connection(wire, service_fn(|request| self.answer(request))));
            let mut overdue = pin!(self.pace.overdue());
            std::future::poll_fn(|cx| match connection.as_mut().poll(cx) {
                Poll::Ready(ended) => Poll::Ready(Some(ended)),
                Poll::Pending => overdue.as_mut().poll(cx).map(|()| None),
            })
            .await
        };
        match ended {
            // Too slow.
            None => return,
            // hyper has ended our side.
            Some(Ok(())) => {}
            // hyper has answered already.
            Some(Err(e)) if e.is_parse() => {
                let status = if e.is_parse_too_large() { 431 } else { 400 };
                let nothing =
                    Asked { method: String::new(), path: String::new(), headers: Vec::new(), keep: false };
                self.record(nothing, Vec::new(), status, 0);
                let _ = end(&stream);
            }
            Some(Err(_)) => return,
        }
        linger(&stream, LINGER).await;
    }

    /// Fails when the client went away.
    async fn answer(&self, request: Request<Incoming>) -> hyper::Result<Response<Outgoing>> {
        self.pace.head();
        let (head, body) = request.into_parts();
        let lacks_host = head.version == Version::HTTP_11 && !head.headers.contains_key(header::HOST);
        let mut asked = Asked {
            method: head.method.as_str().to_owned(),
            path: head.uri.path_and_query().map_or_else(|| head.uri.to_string(), |path| path.to_string()),
            headers: from_map(&head.headers),
            keep: stays(head.version, &head.headers),
        };
        let taken = if lacks_host { Err(400) } else { take(body).await? };
        let (reply, body) = match taken {
            Ok(body) => ((self.site)(&asked.method, &asked.path), body),
            Err(status) => {
                asked.keep = false;
                (Reply::error(status), Vec::new())
            }
        };
        Ok(self.reply(asked, body, reply))
    }

    fn reply(&self, asked: Asked, body: Vec<u8>, reply: Reply) -> Response<Outgoing> {
        let allowed = !matches!(reply.status, 204 | 304);
        let sends = allowed && asked.method != "HEAD";
        let length = reply.content.length();
        let keep = if asked.keep { "keep-alive" } else { "close" };
        // Recorded before it is answered: who has the answer finds the record.
        self.record(asked, body, reply.status, if sends { length } else { 0 });
        self.pace.answer();
        let content = if sends { reply.content } else { Content::Bytes(Bytes::new()) };
        let mut response = Response::new(Outgoing { content, pace: Some(self.pace.clone()) });
        *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
        response.extensions_mut().insert(phrase(reply.status));
        let headers = response.headers_mut();
        *headers = to_map(&reply.headers);
        headers.entry(header::SERVER).or_insert(HeaderValue::from_static(AGENT));
        // How the message ends is told by us alone.
        headers.remove(header::TRANSFER_ENCODING);
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONNECTION, HeaderValue::from_static(keep));
        if allowed {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        response
    }

    fn record(&self, asked: Asked, mut body: Vec<u8>, status: u16, bytes: u64) {
        let Asked { method, path, headers, .. } = asked;
        body.shrink_to_fit();
        self.journal.add(Served { method, path, headers, body, peer: self.peer, status, bytes, time: now() });
    }
}

/// Whether the connection stays for further requests.
fn stays(version: Version, headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let mut tokens = values.flat_map(|value| value.split(',')).map(str::trim);
    match version {
        Version::HTTP_11 => !tokens.any(|token| token.eq_ignore_ascii_case("close")),
        _ => tokens.any(|token| token.eq_ignore_ascii_case("keep-alive")),
    }
}

/// The beginning of a request's body, once all of it came; or with which status it is refused.
async fn take(mut body: Incoming) -> hyper::Result<std::result::Result<Vec<u8>, u16>> {
    let (mut kept, mut length) = (Vec::new(), 0);
    if body.size_hint().lower() > BODY_LIMIT as u64 {
        return Ok(Err(413));
    }
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let data = match frame {
            Ok(frame) => frame.into_data().unwrap_or_default(),
            Err(e) if cut(&e) => return Err(e),
            Err(_) => return Ok(Err(400)),
        };
        length += data.len();
        if length > BODY_LIMIT {
            return Ok(Err(413));
        }
        kept.extend_from_slice(&data[..data.len().min(RECORDED_BODY - kept.len())]);
    }
    Ok(Ok(kept))
}

/// A body on its way out, to hyper.
pub(super) struct Outgoing {
    pub content: Content,
    /// Whom to tell when it is out.
    pub pace: Option<Arc<Pace>>,
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some(pace) = &self.pace {
            pace.idle();
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        let data = match &mut self.content {
            Content::Bytes(bytes) => Ok(std::mem::take(bytes)),
            Content::File(_, 0) => return Poll::Ready(None),
            Content::File(file, left) => chunk(file, left),
        };
        Poll::Ready(match data {
            Ok(data) if data.is_empty() => None,
            data => Some(data.map(Frame::data)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.content.length() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.length())
    }
}

/// The next piece of a file. Fails if it became shorter: the promised length can't be kept.
fn chunk(file: &mut File, left: &mut u64) -> std::io::Result<Bytes> {
    let mut chunk = vec![0; CHUNK.min(usize::try_from(*left).unwrap_or(CHUNK))];
    match file.read(&mut chunk)? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        n => {
            chunk.truncate(n);
            *left -= n as u64;
            Ok(chunk.into())
        }
    }
}
