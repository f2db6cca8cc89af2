//! The client: one request and its answer, over a socket that is connected already. hyper is driven here by poll(2) on
//! the calling thread, so that deadlines and Ctrl-C end it as they end every wait.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::Builder;
use hyper::ext::ReasonPhrase;
use hyper::rt::ReadBufCursor;
use hyper::{Request, Response, header};
use nix::poll::PollFlags;

use super::server::{Content, Outgoing};
use super::wire::{self, Socket, Wire};
use super::{BODY_LIMIT, HEAD_LIMIT, HEADERS, Headers, cut, from_map, to_map};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};

/// So much of an answer that isn't HTTP is quoted.
const QUOTED: usize = 40;

/// What a server answered.
pub struct Answer {
    pub status: u16,
    /// The words behind the status; may be empty.
    pub reason: String,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// Sends a request and receives its answer. `stream`, which leads to `remote`, must not block.
///
/// Raises `protocol` if the answer isn't HTTP, `limit` if its head has more than 64 KiB or its body more than 64 MiB,
/// `timeout`, and what the socket raises.
pub fn exchange(
    stream: &TcpStream,
    remote: SocketAddr,
    method: &str,
    target: &str,
    headers: &Headers,
    body: Vec<u8>,
    deadline: Deadline,
) -> Result<Answer> {
    let malformed = |e| Error::argument(format!("malformed request: {e}"));
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .body(Outgoing { content: Content::Bytes(body.into()), pace: None })
        .map_err(malformed)?;
    *request.headers_mut() = to_map(headers);
    let talk = Talk::new(stream, remote);
    talk.drive(talk.ask(request), deadline)?
}

/// A conversation with a server.
struct Talk<'a> {
    stream: &'a TcpStream,
    remote: SocketAddr,
    /// The first bytes that came, and how many came in all.
    start: RefCell<Vec<u8>>,
    received: Cell<usize>,
    sent: Cell<usize>,
    /// The server takes nothing more for now.
    blocked: Cell<bool>,
    /// What the socket said last.
    failed: RefCell<Option<io::Error>>,
}

/// Notes that a future wants to be polled again.
#[derive(Default)]
struct Again(AtomicBool);

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<'a> Talk<'a> {
    fn new(stream: &'a TcpStream, remote: SocketAddr) -> Self {
        let (received, sent, blocked, failed) = Default::default();
        Talk { stream, remote, start: RefCell::default(), received, sent, blocked, failed }
    }

    /// Polls `future` until it is ready, and waits for the socket in between.
    fn drive<T>(&self, future: impl Future<Output = T>, deadline: Deadline) -> Result<T> {
        let again = Arc::new(Again::default());
        let waker = Waker::from(again.clone());
        let (mut cx, mut future) = (Context::from_waker(&waker), pin!(future));
        loop {
            if let Poll::Ready(done) = future.as_mut().poll(&mut cx) {
                return Ok(done);
            }
            if again.0.swap(false, Ordering::Relaxed) {
                continue;
            }
            let mut events = PollFlags::POLLIN;
            events.set(PollFlags::POLLOUT, self.blocked.get());
            if !wait::wait(&[(self.stream.as_fd(), events)], deadline)?[0] {
                return Err(self.late());
            }
        }
    }

    fn late(&self) -> Error {
        let text = match self.blocked.get() {
            true => format!("took {} bytes of the request and no more", self.sent.get()),
            false => format!("sent nothing more in time ({} bytes came)", self.received.get()),
        };
        Error::new(Kind::Timeout, format!("{} {text}", self.remote))
    }

    async fn ask(&self, request: Request<Outgoing>) -> Result<Answer> {
        let mut builder = Builder::new();
        builder.title_case_headers(true).max_headers(HEADERS);
        builder.max_header_size(HEAD_LIMIT).max_buf_size(HEAD_LIMIT);
        let (mut sender, connection) = builder.handshake(Wire(self)).await.map_err(|e| self.broken(&e))?;
        let answer = async {
            let response = sender.send_request(request).await.map_err(|e| self.broken(&e))?;
            self.answer(response).await
        };
        let (mut connection, mut answer) = (pin!(connection), pin!(answer));
        let mut over = false;
        poll_fn(|cx| {
            // What ended the connection is told with the answer.
            over = over || connection.as_mut().poll(cx).is_ready();
            answer.as_mut().poll(cx)
        })
        .await
    }

    async fn answer(&self, response: Response<Incoming>) -> Result<Answer> {
        let (head, mut incoming) = response.into_parts();
        let mut body = Vec::new();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut incoming).poll_frame(cx)).await {
            match frame {
                Ok(frame) => body.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Err(e) => return Err(self.incomplete(&e, &head.headers, body.len())),
            }
            if body.len() > BODY_LIMIT {
                return Err(Error::new(Kind::Limit, format!("the body has more than {BODY_LIMIT} bytes")));
            }
        }
        let reason = head.extensions.get::<ReasonPhrase>().map(|r| String::from_utf8_lossy(r.as_bytes()));
        let usual = || head.status.canonical_reason().unwrap_or_default().into();
        Ok(Answer {
            status: head.status.as_u16(),
            reason: reason.unwrap_or_else(usual).into_owned(),
            headers: from_map(&head.headers),
            body,
        })
    }

    /// Why no head came.
    fn broken(&self, e: &hyper::Error) -> Error {
        if let Some(e) = self.failed.take() {
            return e.into();
        }
        if e.is_parse_too_large() {
            return Error::new(Kind::Limit, "the answer's head is too large");
        }
        let remote = &self.remote;
        let text = match self.received.get() {
            _ if e.is_parse() => {
                let start: String = String::from_utf8_lossy(&self.start.borrow()).escape_debug().collect();
                format!("the answer is not HTTP ({e}): it starts with \"{start}\"")
            }
            0 => format!("{remote} closed the connection without an answer"),
            _ => format!("{remote} closed the connection in the middle of its head"),
        };
        Error::new(Kind::Protocol, text)
    }

    /// Why a body did not come whole.
    fn incomplete(&self, e: &hyper::Error, headers: &header::HeaderMap, came: usize) -> Error {
        if let Some(e) = self.failed.take() {
            return e.into();
        }
        let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        let text = match length {
            _ if !cut(e) => format!("the body is malformed, after {came} bytes: {e}"),
            Some(length) => {
                let left = length.saturating_sub(came);
                format!("the connection was closed with {left} bytes of the body missing, after {came}")
            }
            None => {
                format!("the connection was closed in the middle of a chunked body, after {came} bytes")
            }
        };
        Error::new(Kind::Protocol, text)
    }
}

impl Socket for &Talk<'_> {
    fn receive(&self, _: &mut Context<'_>, buffer: &mut ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        // hyper takes nothing for an answer that came before the request; some servers don't wait for one.
        if self.sent.get() == 0 && self.failed.borrow().is_none() {
            return Poll::Pending;
        }
        match wire::receive(self.stream.as_fd(), buffer) {
            Ok(data) => {
                let mut start = self.start.borrow_mut();
                let quoted = data.len().min(QUOTED - start.len());
                start.extend_from_slice(&data[..quoted]);
                self.received.set(self.received.get() + data.len());
                Poll::Ready(Ok(()))
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(e) => {
                let kind = e.kind();
                self.failed.borrow_mut().get_or_insert(e);
                Poll::Ready(Err(kind.into()))
            }
        }
    }

    fn send(&self, _: &mut Context<'_>, data: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let length = data.iter().map(|slice| slice.len()).sum();
        if self.failed.borrow().is_some() {
            return Poll::Ready(Ok(length));
        }
        self.blocked.set(false);
        let mut stream = self.stream;
        Poll::Ready(match stream.write_vectored(data) {
            Ok(n) => {
                self.sent.set(self.sent.get() + n);
                Ok(n)
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                self.blocked.set(true);
                return Poll::Pending;
            }
            // A server may answer, and close, before it has taken everything: its answer counts.
            Err(e) => {
                self.failed.replace(Some(e));
                Ok(length)
            }
        })
    }

    fn end(&self) -> io::Result<()> {
        Ok(())
    }
}
