//! How long a client may take, and the deadline that a connection has now.

use std::future::poll_fn;
use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::io::{again, end, lock};

/// What is read at once.
const CHUNK: usize = 16 * 1024;

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
pub struct Wire {
    pub stream: Arc<TcpStream>,
    pub pace: Arc<Pace>,
}

impl Wire {
    fn poll(&self, cx: &mut Context<'_>, write: impl Fn(&TcpStream) -> Result<usize>) -> Poll<Result<usize>> {
        loop {
            if self.stream.poll_write_ready(cx)?.is_pending() {
                self.pace.blocked();
                return Poll::Pending;
            }
            match write(&self.stream) {
                Err(e) if again(&e) => {}
                Ok(n) => {
                    self.pace.sent();
                    return Poll::Ready(Ok(n));
                }
                Err(e) => return Poll::Ready(Err(e)),
            }
        }
    }
}

impl Read for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<()>> {
        let mut chunk = [0; CHUNK];
        let room = buffer.remaining().min(CHUNK);
        let n = ready!(poll_read(&self.stream, cx, &mut chunk[..room]))?;
        buffer.put_slice(&chunk[..n]);
        self.pace.received();
        Poll::Ready(Ok(()))
    }
}

fn poll_read(stream: &TcpStream, cx: &mut Context<'_>, chunk: &mut [u8]) -> Poll<Result<usize>> {
    loop {
        ready!(stream.poll_read_ready(cx))?;
        match stream.try_read(chunk) {
            Err(e) if again(&e) => {}
            read => return Poll::Ready(read),
        }
    }
}

impl Write for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize>> {
        self.poll(cx, |stream| stream.try_write(data))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.poll(cx, |stream| stream.try_write_vectored(data))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(end(&self.stream))
    }
}

/// Ends our side, and waits for the peer's end: closing at once would reset the connection under data that still come,
/// and lose what we said last.
pub async fn linger(stream: &TcpStream, most: Duration) {
    let _ = end(stream);
    let mut chunk = vec![0; CHUNK];
    let drained =
        async { while poll_fn(|cx| poll_read(stream, cx, &mut chunk)).await.is_ok_and(|n| n > 0) {} };
    let _ = tokio::time::timeout(most, drained).await;
}
