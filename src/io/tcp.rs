//! TCP servers: they echo, or answer with a fixed text, and remember who came.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::{Journal, Log, Reaction, Record, Server, accept, again, canonical, end, listener, now};
use crate::base::error::Result;
use crate::base::wait::Deadline;

/// What may wait to be sent to a peer before we stop reading from it.
const BACKLOG: usize = 256 * 1024;
/// What is read at once.
const CHUNK: usize = 64 * 1024;
/// How long a peer may take to notice that we have answered and closed.
const LINGER: Duration = Duration::from_secs(1);

/// How many bytes of what each peer sends are kept in the record unless told.
pub const KEPT: usize = 4096;

/// How a server treats its peers.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    pub reaction: Reaction,
    /// Sent to each peer at once when it connects.
    pub banner: Vec<u8>,
    /// How many bytes of what each peer sends are kept in the record.
    pub keep: usize,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions { reaction: Reaction::Echo, banner: Vec::new(), keep: KEPT }
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

/// What is counted over all connections.
#[derive(Default)]
pub struct Totals {
    closed: u64,
    bytes: u64,
}

impl Record for Accepted {
    type Totals = Totals;

    fn size(&self) -> usize {
        size_of::<Accepted>() + self.data.len()
    }
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

impl Server<Accepted> {
    /// Waits for what is told; `false` when the deadline passed before.
    pub fn wait_until(&self, what: WaitFor, deadline: Deadline) -> Result<bool> {
        let enough = |log: &Log<Accepted>| {
            let Totals { closed, bytes } = log.totals;
            let there = [(what.connections, log.count), (what.closed, closed), (what.bytes, bytes)];
            there.iter().all(|(want, have)| want.is_none_or(|want| *have >= want))
        };
        self.wait(enough, deadline)
    }
}

/// Serves on a listening socket.
pub fn serve(socket: OwnedFd, address: SocketAddr, options: ServerOptions) -> Result<Server<Accepted>> {
    let options = Arc::new(options);
    Server::start(address, |sessions, journal| {
        let listener = listener(socket)?;
        Ok(accept(listener, sessions, move |stream, peer| {
            Echo::new(stream, peer, journal.clone(), options.clone()).talk()
        }))
    })
}

struct Echo {
    stream: TcpStream,
    journal: Arc<Journal<Accepted>>,
    number: u64,
    options: Arc<ServerOptions>,
    out: Vec<u8>,
    written: usize,
    /// The peer has ended its side.
    ended: bool,
    /// The reply stands in `out`, or was sent.
    replied: bool,
    /// We have ended our side and wait for the peer's end.
    linger: Option<Instant>,
}

impl Echo {
    fn new(
        stream: TcpStream,
        peer: SocketAddr,
        journal: Arc<Journal<Accepted>>,
        options: Arc<ServerOptions>,
    ) -> Self {
        let local = stream.local_addr().map_or(peer, canonical);
        let (bytes_in, bytes_out, data) = (0, 0, Vec::new());
        let number =
            journal.add(Accepted { peer, local, time: now(), bytes_in, bytes_out, data, open: true });
        let out = options.banner.clone();
        let (written, ended, replied, linger) = (0, false, false, None);
        Echo { stream, journal, number, options, out, written, ended, replied, linger }
    }

    async fn talk(mut self) {
        while let Some(interest) = self.turn() {
            // The others get their turn, too.
            tokio::task::yield_now().await;
            match self.linger {
                None => drop(self.stream.ready(interest).await),
                Some(until) if timeout_at(until, self.stream.ready(interest)).await.is_err() => return,
                Some(_) => {}
            }
        }
    }

    /// Moves what can be moved; `None` when the connection is over.
    fn turn(&mut self) -> Option<Interest> {
        self.read()?;
        self.write()?;
        if self.waiting() == 0 {
            if self.ended {
                return None;
            }
            if self.replied && self.linger.is_none() {
                // Closing at once would reset the connection under data that still come, and lose our reply.
                end(&self.stream).ok()?;
                self.linger = Some(Instant::now() + LINGER);
            }
        }
        let reads = !self.ended && self.waiting() < BACKLOG;
        Some(match (reads, self.waiting() > 0) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (true, false) => Interest::READABLE,
            (false, _) => Interest::WRITABLE,
        })
    }

    fn waiting(&self) -> usize {
        self.out.len() - self.written
    }

    fn read(&mut self) -> Option<()> {
        if self.ended || self.waiting() >= BACKLOG {
            return Some(());
        }
        let mut chunk = [0; CHUNK];
        match self.stream.try_read(&mut chunk) {
            Ok(0) => self.ended = true,
            Ok(n) => self.take(&chunk[..n]),
            Err(e) if again(&e) => return Some(()),
            Err(_) => return None,
        }
        if let (Reaction::Reply(reply), false) = (&self.options.reaction, self.replied) {
            self.out.extend_from_slice(reply);
            self.replied = true;
        }
        Some(())
    }

    fn take(&mut self, data: &[u8]) {
        self.journal.change(|log| {
            log.totals.bytes += data.len() as u64;
            log.update(self.number, |record| {
                record.bytes_in += data.len() as u64;
                let room = self.options.keep.saturating_sub(record.data.len()).min(data.len());
                record.data.extend_from_slice(&data[..room]);
            });
        });
        if self.options.reaction == Reaction::Echo {
            self.out.extend_from_slice(data);
        }
    }

    fn write(&mut self) -> Option<()> {
        while self.waiting() > 0 {
            match self.stream.try_write(&self.out[self.written..]) {
                Ok(n) => {
                    self.written += n;
                    let sent = |record: &mut Accepted| record.bytes_out += n as u64;
                    self.journal.change(|log| log.update(self.number, sent));
                }
                Err(e) if again(&e) => break,
                Err(_) => return None,
            }
        }
        self.out.drain(..self.written);
        self.written = 0;
        Some(())
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.journal.change(|log| {
            log.totals.closed += 1;
            log.update(self.number, |record| record.open = false);
        });
    }
}
