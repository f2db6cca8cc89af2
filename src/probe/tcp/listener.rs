//! A TCP server: it echoes, or answers with a fixed text, and remembers who came.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::poll::PollFlags;

use crate::base::error::Result;
use crate::base::wait::Deadline;
use crate::net::namespace::Namespace;
use crate::probe::endpoint::{Endpoint, Resolve};
use crate::probe::server::{self, Interest, Session};
use crate::probe::socket::canonical;
use crate::probe::worker::{Signals, Worker, lock, now};

/// So many connections are kept on record; of more, the last ones.
pub const RECORDS: usize = 65_536;
/// What may wait to be sent to a peer before we stop reading from it.
const BACKLOG: usize = 256 * 1024;
/// So often one connection reads before the others get their turn.
const READS: usize = 16;
/// How long a peer may take to notice that we have answered and closed.
const LINGER: Duration = Duration::from_secs(1);

/// What the server does with what it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Sends it back.
    Echo,
    /// Sends this once, after the first bytes or the end of the peer's data, and then closes.
    Reply(Vec<u8>),
    /// Takes it and says nothing.
    Discard,
}

/// Options of [`listen`].
#[derive(Clone, Debug)]
pub struct ServerOptions {
    pub reaction: Reaction,
    /// Sent to each peer at once when it connects.
    pub banner: Vec<u8>,
    /// How many bytes of what each peer sends are kept in the record; 4096 unless told.
    pub keep: usize,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions { reaction: Reaction::Echo, banner: Vec::new(), keep: 4096 }
    }
}

/// One connection that was accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    pub peer: SocketAddr,
    pub local: SocketAddr,
    /// When, in seconds since 1970.
    pub time: f64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// The first bytes that came.
    pub data: Vec<u8>,
    pub open: bool,
}

/// What to wait for; all that is given must come true.
#[derive(Clone, Copy, Debug, Default)]
pub struct WaitFor {
    /// So many connections were accepted.
    pub connections: Option<u64>,
    /// So many connections have ended.
    pub closed: Option<u64>,
    /// So many bytes came in, in all.
    pub bytes: Option<u64>,
}

#[derive(Default)]
struct Log {
    accepted: u64,
    closed: u64,
    bytes: u64,
    /// The number of the first record that is kept.
    first: u64,
    records: VecDeque<Accepted>,
}

impl Log {
    fn record(&mut self, number: u64) -> Option<&mut Accepted> {
        self.records.get_mut(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }
}

/// A running server. Dropping it ends it, with its connections.
pub struct Server {
    log: Arc<Mutex<Log>>,
    address: SocketAddr,
    worker: Worker,
}

/// Listens on `at`, as `nc -lk HOST PORT` or `socat TCP-LISTEN:PORT,fork EXEC:cat`.
///
/// Raises `address_in_use`, `address_not_available`, `permission`.
pub fn listen(ns: &Namespace, at: &Endpoint, names: &dyn Resolve, options: ServerOptions) -> Result<Server> {
    let (listener, address) = server::listen(ns, at, names)?;
    let log = Arc::new(Mutex::new(Log::default()));
    let shared = log.clone();
    let worker = Worker::start("tcp server", move |signals| {
        let options = Arc::new(options);
        server::serve(&listener, signals, |stream, peer| {
            let echo = Echo::new(stream, peer, shared.clone(), options.clone(), signals);
            signals.changed.ring();
            Some(echo)
        });
    })?;
    Ok(Server { log, address, worker })
}

impl Server {
    /// The address and port that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The connections so far, the oldest first.
    pub fn connections(&self) -> Vec<Accepted> {
        lock(&self.log).records.iter().cloned().collect()
    }

    /// Waits for what is told; `false` when the deadline passed before.
    pub fn wait(&self, what: WaitFor, deadline: Deadline) -> Result<bool> {
        let enough = || {
            let log = lock(&self.log);
            let there =
                [(what.connections, log.accepted), (what.closed, log.closed), (what.bytes, log.bytes)];
            there.iter().all(|(want, have)| want.is_none_or(|want| *have >= want)).then_some(())
        };
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

struct Echo<'a> {
    stream: TcpStream,
    log: Arc<Mutex<Log>>,
    number: u64,
    options: Arc<ServerOptions>,
    signals: &'a Signals,
    out: Vec<u8>,
    written: usize,
    /// The peer has ended its side.
    ended: bool,
    /// The reply stands in `out`, or was sent.
    replied: bool,
    /// We have ended our side and wait for the peer's end.
    linger: Option<Deadline>,
}

impl<'a> Echo<'a> {
    fn new(
        stream: TcpStream,
        peer: SocketAddr,
        log: Arc<Mutex<Log>>,
        options: Arc<ServerOptions>,
        signals: &'a Signals,
    ) -> Self {
        let local = stream.local_addr().map_or(peer, canonical);
        let _ = stream.set_nodelay(true);
        let number = {
            let mut log = lock(&log);
            if log.records.len() == RECORDS {
                log.records.pop_front();
                log.first += 1;
            }
            let data = Vec::new();
            let (bytes_in, bytes_out) = (0, 0);
            log.records.push_back(Accepted {
                peer,
                local,
                time: now(),
                bytes_in,
                bytes_out,
                data,
                open: true,
            });
            log.accepted += 1;
            log.accepted - 1
        };
        let out = options.banner.clone();
        let (written, ended, replied, linger) = (0, false, false, None);
        Echo { stream, log, number, options, signals, out, written, ended, replied, linger }
    }

    fn waiting(&self) -> usize {
        self.out.len() - self.written
    }

    fn take(&mut self, data: &[u8]) {
        {
            let mut log = lock(&self.log);
            log.bytes += data.len() as u64;
            if let Some(record) = log.record(self.number) {
                record.bytes_in += data.len() as u64;
                let room = self.options.keep.saturating_sub(record.data.len()).min(data.len());
                record.data.extend_from_slice(&data[..room]);
            }
        }
        if self.options.reaction == Reaction::Echo {
            self.out.extend_from_slice(data);
        }
    }

    fn reply(&mut self) {
        if let (Reaction::Reply(reply), false) = (&self.options.reaction, self.replied) {
            self.out.extend_from_slice(reply);
            self.replied = true;
        }
    }

    /// `None` if the connection broke.
    fn read(&mut self, scratch: &mut [u8]) -> Option<()> {
        for _ in 0..READS {
            if self.ended || self.waiting() >= BACKLOG {
                break;
            }
            match (&self.stream).read(scratch) {
                Ok(0) => self.ended = true,
                Ok(n) => self.take(&scratch[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return None,
            }
            self.reply();
        }
        Some(())
    }

    fn write(&mut self) -> Option<()> {
        while self.waiting() > 0 {
            match (&self.stream).write(&self.out[self.written..]) {
                Ok(n) => {
                    self.written += n;
                    if let Some(record) = lock(&self.log).record(self.number) {
                        record.bytes_out += n as u64;
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    self.out.drain(..self.written);
                    self.written = 0;
                    return Some(());
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        self.out.clear();
        self.written = 0;
        Some(())
    }

    fn go_on(&mut self, scratch: &mut [u8]) -> Option<Interest> {
        self.read(scratch)?;
        self.write()?;
        if self.waiting() == 0 {
            if self.ended {
                return None;
            }
            if self.replied && self.linger.is_none() {
                // Closing at once would reset the connection under data that still come, and lose our reply.
                self.stream.shutdown(Shutdown::Write).ok()?;
                self.linger = Some(Deadline::after(LINGER));
            }
        }
        if self.linger.is_some_and(Deadline::passed) {
            return None;
        }
        let mut events = PollFlags::empty();
        events.set(PollFlags::POLLIN, !self.ended && self.waiting() < BACKLOG);
        events.set(PollFlags::POLLOUT, self.waiting() > 0);
        Some(Interest { events, deadline: self.linger.unwrap_or(Deadline::NEVER) })
    }
}

impl Session for Echo<'_> {
    fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    fn turn(&mut self, scratch: &mut [u8]) -> Option<Interest> {
        let next = self.go_on(scratch);
        self.signals.changed.ring();
        next
    }
}

impl Drop for Echo<'_> {
    fn drop(&mut self) {
        let mut log = lock(&self.log);
        log.closed += 1;
        if let Some(record) = log.record(self.number) {
            record.open = false;
        }
        drop(log);
        self.signals.changed.ring();
    }
}
