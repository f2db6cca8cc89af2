//! The server: one thread for all connections, deadlines for slow ones, and a record of what was asked.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::poll::PollFlags;

use super::answer::{Content, Reply, Routes};
use super::message::{Body, Framing, HEAD_LIMIT, HEADERS, Headers, copy, has_token, header};
use crate::base::error::{Kind, Result};
use crate::base::wait::Deadline;
use crate::net::namespace::Namespace;
use crate::probe::endpoint::{Endpoint, Resolve};
use crate::probe::server::{self, Interest, Session};
use crate::probe::worker::{Signals, Worker, lock, now};

/// So many requests, and so many bytes of them, are kept on record; of more, the last ones.
pub const RECORDS: usize = 65_536;
const RECORDED_BYTES: usize = 64 << 20;
/// So much of a request's body is kept, in its record.
const RECORDED_BODY: usize = 64 * 1024;
/// The largest body that a request may have.
const BODY_LIMIT: usize = 64 << 20;
/// How long a peer may take to notice that we have answered and closed.
const LINGER: Duration = Duration::from_secs(1);
/// So many steps one connection makes before the others get their turn.
const STEPS: usize = 64;

/// How long clients may take.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// Seconds from one request to the next, 60 unless told.
    pub idle: f64,
    /// Seconds for a request's head, and again for its body, 10 unless told.
    pub request: f64,
    /// Seconds in which some of the answer must be taken, 10 unless told.
    pub answer: f64,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions { idle: 60.0, request: 10.0, answer: 10.0 }
    }
}

/// One request that was answered.
#[derive(Clone, Debug)]
pub struct Served {
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

#[derive(Default)]
pub(super) struct Log {
    pub(super) count: u64,
    kept: usize,
    pub(super) records: VecDeque<Served>,
}

impl Log {
    pub(super) fn add(&mut self, served: Served) {
        self.count += 1;
        self.kept += served.size();
        self.records.push_back(served);
        while self.records.len() > RECORDS || self.kept > RECORDED_BYTES {
            match self.records.pop_front() {
                Some(oldest) => self.kept -= oldest.size(),
                None => break,
            }
        }
    }
}

impl Served {
    /// How many bytes it takes to keep.
    fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 50).sum();
        size_of::<Served>() + self.method.len() + self.path.len() + headers + self.body.len()
    }
}

/// A running server. Dropping it ends it, with its connections.
pub struct Server {
    log: Arc<Mutex<Log>>,
    address: SocketAddr,
    worker: Worker,
}

/// Serves `routes` at `at`, as `python3 -m http.server --bind HOST PORT`.
///
/// Raises `address_in_use`, `address_not_available`, `permission`.
pub fn serve(
    ns: &Namespace,
    at: &Endpoint,
    names: &dyn Resolve,
    routes: Routes,
    options: ServerOptions,
) -> Result<Server> {
    let (listener, address) = server::listen(ns, at, names)?;
    let log = Arc::new(Mutex::new(Log::default()));
    let shared = log.clone();
    let worker = Worker::start("http server", move |signals| {
        let site = Site { routes, options, log: shared };
        server::serve(&listener, signals, |stream, peer| {
            let _ = stream.set_nodelay(true);
            Some(Client {
                stream,
                peer,
                site: &site,
                signals,
                wire: Vec::new(),
                state: State::Head(Deadline::secs(options.request)),
            })
        });
    })?;
    Ok(Server { log, address, worker })
}

impl Server {
    /// The address and port that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far, the oldest first.
    pub fn requests(&self) -> Vec<Served> {
        lock(&self.log).records.iter().cloned().collect()
    }

    /// Waits until `requests` were made in all; `false` when the deadline passed before.
    pub fn wait(&self, requests: u64, deadline: Deadline) -> Result<bool> {
        let enough = || (lock(&self.log).count >= requests).then_some(());
        Ok(self.worker.until(deadline, enough)?.is_some())
    }

    pub fn running(&self) -> bool {
        self.worker.running()
    }

    /// Stops listening and closes all connections.
    pub fn stop(&self) {
        self.worker.stop();
    }
}

/// What all connections of a server share.
struct Site {
    routes: Routes,
    options: ServerOptions,
    log: Arc<Mutex<Log>>,
}

struct Head {
    method: String,
    target: String,
    headers: Headers,
    keep: bool,
}

enum State {
    /// A request is awaited.
    Head(Deadline),
    /// Its body is awaited.
    Body(Box<Head>, Body, Deadline),
    Answer(Sending),
    /// We have ended our side and wait for the peer's end.
    Linger(Deadline),
}

/// An answer on its way out.
struct Sending {
    out: Vec<u8>,
    written: usize,
    file: Option<(File, u64)>,
    keep: bool,
    deadline: Deadline,
}

/// What a step came to.
enum Step {
    Go,
    Wait(PollFlags, Deadline),
    Close,
}

struct Client<'a> {
    stream: TcpStream,
    peer: SocketAddr,
    site: &'a Site,
    signals: &'a Signals,
    /// Received, but not yet understood.
    wire: Vec<u8>,
    state: State,
}

impl Session for Client<'_> {
    fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    fn turn(&mut self, scratch: &mut [u8]) -> Option<Interest> {
        for _ in 0..STEPS {
            match self.step(scratch) {
                Step::Go => {}
                Step::Wait(events, deadline) => return Some(Interest { events, deadline }),
                Step::Close => return None,
            }
        }
        // It has more to do: at once, when the others have had their turn.
        Some(Interest { events: PollFlags::empty(), deadline: Deadline::secs(0.0) })
    }
}

impl Client<'_> {
    fn step(&mut self, scratch: &mut [u8]) -> Step {
        match &mut self.state {
            State::Head(deadline) => {
                let deadline = *deadline;
                self.head(deadline, scratch)
            }
            State::Body(_, body, deadline) => {
                let deadline = *deadline;
                match body.take(&mut self.wire) {
                    Ok(true) => self.answer(),
                    Ok(false) => self.read(deadline, scratch),
                    Err(e) => self.refuse(if e.kind() == Kind::Limit { 413 } else { 400 }),
                }
            }
            State::Answer(_) => self.send(scratch),
            State::Linger(deadline) => {
                let deadline = *deadline;
                self.wire.clear();
                self.read(deadline, scratch)
            }
        }
    }

    /// Reads more, if there is more.
    fn read(&mut self, deadline: Deadline, scratch: &mut [u8]) -> Step {
        if deadline.passed() {
            return Step::Close;
        }
        match (&self.stream).read(scratch) {
            Ok(0) => Step::Close,
            Ok(n) => {
                self.wire.extend_from_slice(&scratch[..n]);
                Step::Go
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => Step::Wait(PollFlags::POLLIN, deadline),
            Err(e) if e.kind() == ErrorKind::Interrupted => Step::Go,
            Err(_) => Step::Close,
        }
    }

    fn head(&mut self, deadline: Deadline, scratch: &mut [u8]) -> Step {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let used = match request.parse(&self.wire[..self.wire.len().min(HEAD_LIMIT)]) {
            Ok(httparse::Status::Complete(used)) => used,
            Ok(httparse::Status::Partial) if self.wire.len() < HEAD_LIMIT => {
                return match self.read(deadline, scratch) {
                    // It has begun: from now on it must not be slow.
                    Step::Go => {
                        let soon = Deadline::secs(self.site.options.request);
                        self.state = State::Head(deadline.min(soon));
                        Step::Go
                    }
                    step => step,
                };
            }
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => return self.refuse(431),
            Err(httparse::Error::Version) => return self.refuse(505),
            Err(_) => return self.refuse(400),
        };
        let head = Head {
            method: request.method.unwrap_or_default().to_owned(),
            target: request.path.unwrap_or_default().to_owned(),
            headers: copy(request.headers),
            keep: request.version == Some(1),
        };
        self.wire.drain(..used);
        self.begin(head)
    }

    /// A head is complete: what does it ask for?
    fn begin(&mut self, mut head: Head) -> Step {
        if head.keep && header(&head.headers, "host").is_none() {
            return self.refuse(400);
        }
        let expects = head.keep && has_token(&head.headers, "expect", "100-continue");
        head.keep = if head.keep {
            !has_token(&head.headers, "connection", "close")
        } else {
            has_token(&head.headers, "connection", "keep-alive")
        };
        // Asked as of a proxy: the host is us all the same.
        if let Some((_, rest)) = head.target.split_once("://").filter(|_| !head.target.starts_with('/')) {
            head.target = rest.find('/').map_or("/", |at| &rest[at..]).to_owned();
        }
        let Ok(framing) = Framing::of(&head.headers, Framing::Length(0)) else { return self.refuse(400) };
        if let Framing::Length(n) = framing
            && n > BODY_LIMIT as u64
        {
            return self.refuse(413);
        }
        // So small that a socket's buffer takes it; a client that doesn't get it sends its body after a while.
        if expects && framing != Framing::Length(0) && self.wire.is_empty() {
            let _ = (&self.stream).write(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let deadline = Deadline::secs(self.site.options.request);
        self.state =
            State::Body(Box::new(head), Body::beginning(framing, BODY_LIMIT, RECORDED_BODY), deadline);
        Step::Go
    }

    /// Refuses what can't be understood, and closes: who knows where the next request begins.
    fn refuse(&mut self, status: u16) -> Step {
        let head = Head { method: String::new(), target: String::new(), headers: Vec::new(), keep: false };
        self.reply(head, Vec::new(), Reply::error(status));
        Step::Go
    }

    /// A request is complete.
    fn answer(&mut self) -> Step {
        let idle = State::Head(Deadline::secs(self.site.options.idle));
        let State::Body(head, body, _) = std::mem::replace(&mut self.state, idle) else { return Step::Close };
        let reply = self.site.routes.answer(&head.method, &head.target);
        self.reply(*head, body.data, reply);
        Step::Go
    }

    fn reply(&mut self, head: Head, mut body: Vec<u8>, reply: Reply) {
        let sends_body = reply.has_body() && head.method != "HEAD";
        let mut out = reply.head(head.keep).into_bytes();
        let bytes = if sends_body { reply.length() } else { 0 };
        let status = reply.status;
        let file = match reply.content {
            Content::Bytes(bytes) if sends_body => {
                out.extend_from_slice(&bytes);
                None
            }
            Content::Fixed(answer) if sends_body => {
                out.extend_from_slice(&answer.body);
                None
            }
            Content::File(file, length) if sends_body => Some((file, length)),
            _ => None,
        };
        body.shrink_to_fit();
        // Recorded before it is answered: who has the answer finds the record.
        {
            let Head { method, target: path, headers, .. } = head;
            let (peer, time) = (self.peer, now());
            let served = Served { method, path, headers, body, peer, status, bytes, time };
            lock(&self.site.log).add(served);
        }
        self.signals.changed.ring();
        let deadline = Deadline::secs(self.site.options.answer);
        self.state = State::Answer(Sending { out, written: 0, file, keep: head.keep, deadline });
    }

    fn send(&mut self, scratch: &mut [u8]) -> Step {
        let State::Answer(sending) = &mut self.state else { return Step::Close };
        if sending.deadline.passed() {
            return Step::Close;
        }
        if sending.written < sending.out.len() {
            return match (&self.stream).write(&sending.out[sending.written..]) {
                Ok(n) => {
                    sending.written += n;
                    sending.deadline = Deadline::secs(self.site.options.answer);
                    Step::Go
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    Step::Wait(PollFlags::POLLOUT, sending.deadline)
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => Step::Go,
                Err(_) => Step::Close,
            };
        }
        if let Some((file, left)) = sending.file.as_mut().filter(|(_, left)| *left > 0) {
            let most = scratch.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
            return match file.read(&mut scratch[..most]) {
                // It became shorter, or can't be read: the promised length can't be kept.
                Ok(0) | Err(_) => Step::Close,
                Ok(n) => {
                    *left -= n as u64;
                    sending.out.clear();
                    sending.out.extend_from_slice(&scratch[..n]);
                    sending.written = 0;
                    Step::Go
                }
            };
        }
        if sending.keep {
            self.state = State::Head(Deadline::secs(self.site.options.idle));
        } else {
            // Closing at once would reset the connection under data that still come, and lose our answer.
            if self.stream.shutdown(Shutdown::Write).is_err() {
                return Step::Close;
            }
            self.state = State::Linger(Deadline::after(LINGER));
        }
        Step::Go
    }
}
