//! What all servers have in common: accepting, a journal of who came, and the handle.

use std::collections::VecDeque;
use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::sockopt;
use tokio::net::{TcpListener, TcpStream};

use super::worker::{Changed, Sessions, Worker};
use super::{canonical, lock};
use crate::base::error::Result;
use crate::base::wait::Deadline;

/// So many records a server keeps; of more, the last ones.
pub const RECORDS: usize = 65_536;
/// So many bytes of records the servers of a lab keep together. A server that keeps less than its share of them forgets
/// nothing.
const RECORDED_BYTES: usize = 64 << 20;
/// How long no connection is accepted when descriptors have run out.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// What all logs hold together, and how many logs there are.
static BYTES: AtomicUsize = AtomicUsize::new(0);
static LOGS: AtomicUsize = AtomicUsize::new(0);

/// What a server remembers of one request, connection or datagram.
pub trait Record {
    /// What is counted over all records, those too that were forgotten.
    type Totals: Default + Send;

    /// How many bytes it takes to keep.
    fn size(&self) -> usize;
}

/// What a server remembers.
pub struct Log<R: Record> {
    /// How many records there were in all.
    pub count: u64,
    pub totals: R::Totals,
    bytes: usize,
    records: VecDeque<(usize, R)>,
}

impl<R: Record> Log<R> {
    fn new() -> Self {
        LOGS.fetch_add(1, Ordering::Relaxed);
        Log { count: 0, totals: Default::default(), bytes: 0, records: VecDeque::new() }
    }

    fn add(&mut self, record: R) {
        let size = record.size();
        self.count += 1;
        self.bytes += size;
        BYTES.fetch_add(size, Ordering::Relaxed);
        self.records.push_back((size, record));
        while self.records.len() > RECORDS || self.too_large() {
            self.forget();
        }
    }

    fn too_large(&self) -> bool {
        let share = RECORDED_BYTES / LOGS.load(Ordering::Relaxed).max(1);
        self.bytes > share && BYTES.load(Ordering::Relaxed) > RECORDED_BYTES
    }

    /// Forgets the oldest record.
    fn forget(&mut self) {
        let size = self.records.pop_front().map_or(0, |(size, _)| size);
        self.bytes -= size;
        BYTES.fetch_sub(size, Ordering::Relaxed);
    }

    /// The records that are kept, the oldest first.
    pub fn records(&self) -> impl Iterator<Item = &R> {
        self.records.iter().map(|(_, record)| record)
    }

    /// Changes the record of that number, counted from 0, if it is still kept.
    pub fn update(&mut self, number: u64, change: impl FnOnce(&mut R)) {
        let first = self.count - self.records.len() as u64;
        let at = number.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        let Some((size, record)) = at.and_then(|at| self.records.get_mut(at)) else { return };
        change(record);
        let old = std::mem::replace(size, record.size());
        self.bytes = self.bytes + *size - old;
        BYTES.fetch_add(*size, Ordering::Relaxed);
        BYTES.fetch_sub(old, Ordering::Relaxed);
    }
}

impl<R: Record> Drop for Log<R> {
    fn drop(&mut self) {
        LOGS.fetch_sub(1, Ordering::Relaxed);
        BYTES.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A log that a server's tasks write and its handle reads.
pub struct Journal<R: Record> {
    log: Mutex<Log<R>>,
    changed: Arc<Changed>,
}

impl<R: Record> Journal<R> {
    /// Returns the record's number, counted from 0.
    pub fn add(&self, record: R) -> u64 {
        let mut log = self.lock();
        log.add(record);
        let number = log.count - 1;
        drop(log);
        self.changed.ring();
        number
    }

    /// Changes the log, and tells of it.
    pub fn change(&self, change: impl FnOnce(&mut Log<R>)) {
        change(&mut self.lock());
        self.changed.ring();
    }

    fn lock(&self) -> MutexGuard<'_, Log<R>> {
        lock(&self.log)
    }
}

/// A running server. Dropping it ends it, with its connections.
pub struct Server<R: Record> {
    journal: Arc<Journal<R>>,
    address: SocketAddr,
    worker: Worker,
}

impl<R: Record + Clone + Send + 'static> Server<R> {
    /// Starts a server's task, which `make` returns.
    pub fn start<F>(
        address: SocketAddr,
        make: impl FnOnce(Sessions, Arc<Journal<R>>) -> Result<F>,
    ) -> Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let changed = Arc::new(Changed::new()?);
        let journal = Arc::new(Journal { log: Mutex::new(Log::new()), changed: changed.clone() });
        let worker = Worker::start(changed, |sessions| make(sessions, journal.clone()))?;
        Ok(Server { journal, address, worker })
    }

    /// The address and port that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What came so far, the oldest first.
    pub fn records(&self) -> Vec<R> {
        self.journal.lock().records().cloned().collect()
    }

    /// Waits until the log is as `enough` wants it; `false` when the deadline passed before.
    pub fn wait(&self, enough: impl Fn(&Log<R>) -> bool, deadline: Deadline) -> Result<bool> {
        let enough = || enough(&self.journal.lock()).then_some(());
        Ok(self.worker.until(deadline, enough)?.is_some())
    }

    /// Waits until there were so many records in all; `false` when the deadline passed before.
    pub fn wait_for(&self, count: u64, deadline: Deadline) -> Result<bool> {
        self.wait(|log| log.count >= count, deadline)
    }

    pub fn running(&self) -> bool {
        self.worker.running()
    }

    /// Stops listening and closes all connections.
    pub fn stop(&self) {
        self.worker.stop();
    }
}

impl<R: Record> AsRef<Server<R>> for Server<R> {
    fn as_ref(&self) -> &Server<R> {
        self
    }
}

/// Hands a listening socket over to tokio; in a function that [`Worker::start`] calls.
pub fn listener(socket: OwnedFd) -> Result<TcpListener> {
    // Connections have it of their listener. What is sent is sent at once: these are probes, not bulk transfers.
    nix::sys::socket::setsockopt(&socket, sockopt::TcpNoDelay, &true)?;
    Ok(TcpListener::from_std(socket.into())?)
}

/// Accepts for ever, and makes a session of each connection.
pub async fn accept<S>(
    listener: TcpListener,
    mut sessions: Sessions,
    session: impl Fn(TcpStream, SocketAddr) -> S,
) where
    S: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => sessions.spawn(session(stream, canonical(peer))),
            Err(e) if exhausted(&e) => tokio::time::sleep(EXHAUSTED).await,
            // The client went away before it was accepted.
            Err(_) => {}
        }
    }
}

/// Ends our side of a connection.
pub(super) fn end(stream: &TcpStream) -> std::io::Result<()> {
    Ok(nix::sys::socket::shutdown(stream.as_raw_fd(), nix::sys::socket::Shutdown::Write)?)
}

/// Whether a stream did nothing, and can be tried again.
pub(super) fn again(e: &std::io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn exhausted(e: &std::io::Error) -> bool {
    let errno = e.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM))
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Record for usize {
        type Totals = ();

        fn size(&self) -> usize {
            *self
        }
    }

    /// One test, since all logs count together.
    #[test]
    fn logs_keep_the_last_records_and_share_what_they_keep() {
        let mut large = Log::new();
        (0..100).for_each(|_| large.add(1 << 20));
        assert!((60..=64).contains(&large.records.len()), "{}", large.records.len());
        assert_eq!(large.count, 100);
        large.update(0, |_| panic!("it is forgotten"));
        let before = large.bytes;
        large.update(99, |size| *size += 5);
        assert_eq!(large.bytes, before + 5);
        let mut small = Log::new();
        (0..10).for_each(|_| small.add(1000));
        assert_eq!(small.records.len(), 10, "a share is kept, whatever others hold");
        (0..100).for_each(|_| small.add(1 << 20));
        assert!(small.bytes <= RECORDED_BYTES / 2, "{}", small.bytes);
        drop(large);
        (0..RECORDS + 10).for_each(|_| small.add(1));
        assert_eq!((small.records.len(), small.count), (RECORDS, RECORDS as u64 + 120));
    }
}
