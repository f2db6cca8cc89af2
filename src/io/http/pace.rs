//! How long a client may take, and the deadline that a connection has now.

use std::future::poll_fn;
use std::io::{IoSlice, Result};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::ReadBufCursor;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::wire::{self, Socket};
use crate::io::{again, end, lock};

/// What is read at once of data that nobody wants.
const CHUNK: usize = 4096;

/// How long clients may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From one request to the next.
    pub idle: Duration,
    /// For a request's head, and again for its body.
    pub request: Duration,
    /// In which some of the answer must be taken.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        Limits { idle: Duration::from_secs(60), request: ten, answer: ten }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Request,
    Answer,
}

/// What a connection is doing, and until when.
pub struct Pace {
    limits: Limits,
    now: Mutex<(Phase, Instant)>,
}

impl Pace {
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Pace { limits, now: Mutex::new((Phase::Request, Instant::now() + limits.request)) })
    }

    fn lock(&self) -> MutexGuard<'_, (Phase, Instant)> {
        lock(&self.now)
    }

    fn begin(&self, phase: Phase) {
        let allowed = match phase {
            Phase::Idle => self.limits.idle,
            Phase::Request => self.limits.request,
            Phase::Answer => self.limits.answer,
        };
        *self.lock() = (phase, Instant::now() + allowed);
    }

    /// A head is complete; its body must not be slow.
    pub fn head(&self) {
        self.begin(Phase::Request);
    }

    pub fn answer(&self) {
        self.begin(Phase::Answer);
    }

    /// All of the answer is on its way.
    pub fn idle(&self) {
        self.begin(Phase::Idle);
    }

    fn received(&self) {
        if self.lock().0 == Phase::Idle {
            self.begin(Phase::Request);
        }
    }

    fn sent(&self) {
        let phase = self.lock().0;
        if phase != Phase::Request {
            self.begin(phase);
        }
    }

    /// The client takes nothing.
    fn blocked(&self) {
        let mut now = self.lock();
        now.1 = now.1.min(Instant::now() + self.limits.answer);
    }

    /// Returns when the deadline has passed.
    pub async fn overdue(&self) {
        loop {
            let deadline = self.lock().1;
            if deadline <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(deadline).await;
        }
    }
}

/// A connection that tells its pace.
pub struct Paced {
    pub stream: Arc<TcpStream>,
    pub pace: Arc<Pace>,
}

impl Socket for Paced {
    fn receive(&self, cx: &mut Context<'_>, buffer: &mut ReadBufCursor<'_>) -> Poll<Result<()>> {
        let stream = &self.stream;
        let read = || stream.try_io(Interest::READABLE, || wire::receive(stream.as_fd(), buffer).map(drop));
        ready!(attempt(|| stream.poll_read_ready(cx), read))?;
        self.pace.received();
        Poll::Ready(Ok(()))
    }

    fn send(&self, cx: &mut Context<'_>, data: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        let sent = attempt(|| self.stream.poll_write_ready(cx), || self.stream.try_write_vectored(data));
        match &sent {
            Poll::Pending => self.pace.blocked(),
            Poll::Ready(Ok(_)) => self.pace.sent(),
            Poll::Ready(Err(_)) => {}
        }
        sent
    }

    fn end(&self) -> Result<()> {
        end(&self.stream)
    }
}

/// Tries when the stream is ready, until it was.
fn attempt<T>(
    mut is_ready: impl FnMut() -> Poll<Result<()>>,
    mut attempt: impl FnMut() -> Result<T>,
) -> Poll<Result<T>> {
    loop {
        ready!(is_ready())?;
        match attempt() {
            Err(e) if again(&e) => {}
            done => return Poll::Ready(done),
        }
    }
}

/// Waits for the peer's end, after our own: closing at once would reset the connection under data that still come, and
/// lose what we said last.
pub async fn linger(stream: &TcpStream, most: Duration) {
    let more = |cx: &mut Context<'_>| {
        let mut chunk = [0; CHUNK];
        attempt(|| stream.poll_read_ready(cx), || stream.try_read(&mut chunk))
    };
    let drained = async { while poll_fn(more).await.is_ok_and(|n| n > 0) {} };
    let _ = tokio::time::timeout(most, drained).await;
}
