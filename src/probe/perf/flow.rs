//! One direction of one stream: a thread that sends, one that receives, and what they count.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::eventfd::EventFd;
use nix::sys::socket::{MsgFlags, Shutdown, recv, send, setsockopt, shutdown, sockopt};

use super::datagram::{self, Arrivals};
use super::{Proto, TcpStats};
use crate::base::alone::own;
use crate::base::error::{Error, Result};
use crate::io::lock;

/// Little more than the buffers, which are on the heap.
const STACK: usize = 128 << 10;
/// Room for what one call receives.
const RECEIVED: usize = 128 << 10;
/// While the kernel refuses to send.
const PAUSE: Duration = Duration::from_millis(1);

/// What one direction of one stream sends.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    pub proto: Proto,
    /// Bytes of a datagram, or of what is handed to TCP at once.
    pub size: usize,
    /// Bytes to send; none: until it is stopped.
    pub bytes: Option<u64>,
    /// Bits per second.
    pub rate: Option<f64>,
}

/// What the threads and the script's thread share.
pub struct Shared {
    task: Task,
    source: OwnedFd,
    sink: OwnedFd,
    start: Instant,
    /// The sender is to end.
    stop: AtomicBool,
    /// The receiver, too.
    over: AtomicBool,
    pub sent: AtomicU64,
    pub datagrams: AtomicU64,
    /// Of TCP.
    pub received: AtomicU64,
    /// Of UDP.
    pub arrivals: Mutex<Arrivals>,
    /// The sender has nothing more to send.
    pub done: AtomicBool,
    /// The receiver has seen the end.
    pub ended: AtomicBool,
    failed: Mutex<Option<Errno>>,
    /// Why the last datagram could not be sent.
    refused: Mutex<Option<Errno>>,
    news: Arc<EventFd>,
}

/// A direction of a stream that runs. Dropping it ends it.
pub struct Flow {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Flow {
    pub fn start(
        task: Task,
        (source, sink): (OwnedFd, OwnedFd),
        start: Instant,
        news: &Arc<EventFd>,
    ) -> Result<Self> {
        let shared = Arc::new(Shared {
            task,
            source,
            sink,
            start,
            stop: AtomicBool::default(),
            over: AtomicBool::default(),
            sent: AtomicU64::default(),
            datagrams: AtomicU64::default(),
            received: AtomicU64::default(),
            arrivals: Mutex::default(),
            done: AtomicBool::default(),
            ended: AtomicBool::default(),
            failed: Mutex::default(),
            refused: Mutex::default(),
            news: news.clone(),
        });
        let mut flow = Flow { shared: shared.clone(), threads: Vec::new() };
        let sending = shared.clone();
        // The receiver first: nothing is to wait for it.
        flow.spawn(move || shared.receive())?;
        flow.spawn(move || sending.send())?;
        Ok(flow)
    }

    fn spawn(&mut self, run: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = std::thread::Builder::new().name("nsh-perf".into()).stack_size(STACK);
        let started = own(|| thread.spawn(run)).map_err(|e| Error::from(e).detail("starting a thread"))?;
        self.threads.push(started);
        Ok(())
    }

    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Lets the sender end, and waits until it has.
    pub fn stop_sending(&mut self) {
        self.shared.stop.store(true, SeqCst);
        // It may sleep, or wait for room.
        let _ = shutdown(self.shared.source.as_raw_fd(), Shutdown::Write);
        if self.threads.len() > 1
            && let Some(sender) = self.threads.pop()
        {
            sender.thread().unpark();
            let _ = sender.join();
        }
    }

    /// Ends both threads. What TCP hasn't delivered by then is thrown away: nothing may go on over the links, and no
    /// connection waits for its end.
    pub fn stop(&mut self) {
        let Shared { task, source, sink, over, .. } = &*self.shared;
        if task.proto == Proto::Tcp {
            let reset = libc::linger { l_onoff: 1, l_linger: 0 };
            for end in [source, sink] {
                let _ = setsockopt(end, sockopt::Linger, &reset);
            }
        }
        over.store(true, SeqCst);
        // Wakes the receiver. By TCP, nothing is sent for it.
        let _ = shutdown(sink.as_raw_fd(), Shutdown::Read);
        self.stop_sending();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// What keeps it from going on.
    pub fn failed(&self) -> Option<Errno> {
        *lock(&self.failed)
    }

    /// What kept the last datagram from being sent.
    pub fn refused(&self) -> Option<Errno> {
        *lock(&self.refused)
    }

    /// Tells the script's thread that something happened.
    fn ring(&self) {
        // It can only fail when it has been rung 2^64 times.
        let _ = self.news.write(1);
    }

    fn stopped(&self) -> bool {
        self.stop.load(SeqCst)
    }

    fn fail(&self, errno: Errno) {
        if !self.stopped() {
            *lock(&self.failed) = Some(errno);
            self.ring();
        }
    }

    fn send(&self) {
        let mut buffer = vec![0; self.task.size];
        let mut sent = 0;
        while !self.stopped() {
            let left = self.task.bytes.map_or(u64::MAX, |bytes| bytes - sent);
            if left == 0 {
                break;
            }
            let size = self.task.size.min(usize::try_from(left).unwrap_or(usize::MAX));
            let passed = match self.task.proto {
                Proto::Tcp => self.send_bytes(&buffer[..size]),
                Proto::Udp => self.send_datagram(&mut buffer[..size.max(datagram::HEADER)]),
            };
            let Some(passed) = passed else { break };
            sent += (passed as u64).min(left);
            self.pace(sent);
        }
        if self.task.proto == Proto::Tcp && !self.stopped() {
            let _ = shutdown(self.source.as_raw_fd(), Shutdown::Write);
        }
        self.done.store(true, SeqCst);
        self.ring();
    }

    fn send_bytes(&self, bytes: &[u8]) -> Option<usize> {
        match send(self.source.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL) {
            Ok(sent) => {
                self.sent.fetch_add(sent as u64, SeqCst);
                Some(sent)
            }
            Err(Errno::EINTR) => Some(0),
            Err(e) => {
                self.fail(e);
                None
            }
        }
    }

    /// A datagram that the kernel refuses counts as lost: the link may be up again later.
    fn send_datagram(&self, bytes: &mut [u8]) -> Option<usize> {
        let seq = self.datagrams.load(SeqCst);
        datagram::write(bytes, seq, self.start.elapsed());
        match send(self.source.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Some(0),
            Err(_) if self.stopped() => return None,
            Err(Errno::EMSGSIZE) => {
                self.fail(Errno::EMSGSIZE);
                return None;
            }
            Err(e) => {
                *lock(&self.refused) = Some(e);
                std::thread::park_timeout(PAUSE);
            }
        }
        self.sent.fetch_add(bytes.len() as u64, SeqCst);
        self.datagrams.store(seq + 1, SeqCst);
        Some(bytes.len())
    }

    /// Sleeps until so many bytes may have been sent.
    fn pace(&self, sent: u64) {
        let Some(rate) = self.task.rate else { return };
        let due = Duration::try_from_secs_f64(sent as f64 * 8.0 / rate).unwrap_or(Duration::MAX);
        while let Some(left) = due.checked_sub(self.start.elapsed()).filter(|left| !left.is_zero()) {
            if self.stopped() {
                break;
            }
            std::thread::park_timeout(left);
        }
    }

    fn receive(&self) {
        let mut buffer = vec![0; RECEIVED];
        while !self.over.load(SeqCst) {
            match recv(self.sink.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
                Ok(0) if self.task.proto == Proto::Tcp => break,
                Ok(length) => self.take(&buffer[..length]),
                Err(Errno::EINTR) => {}
                // The other end's port was closed for a moment, says ICMP.
                Err(Errno::ECONNREFUSED) if self.task.proto == Proto::Udp => {}
                Err(e) => {
                    self.fail(e);
                    break;
                }
            }
        }
        self.ended.store(true, SeqCst);
        self.ring();
    }

    fn take(&self, bytes: &[u8]) {
        if self.task.proto == Proto::Tcp {
            self.received.fetch_add(bytes.len() as u64, SeqCst);
            return;
        }
        // A number that we haven't sent is somebody else's.
        let sent = self.datagrams.load(SeqCst);
        let Some((seq, at)) = datagram::read(bytes).filter(|(seq, _)| *seq <= sent) else { return };
        let mut arrivals = lock(&self.arrivals);
        arrivals.take(bytes.len(), seq, at, self.start, Instant::now());
        let all = self.done.load(SeqCst) && arrivals.received == self.datagrams.load(SeqCst);
        drop(arrivals);
        if all {
            self.ring();
        }
    }

    /// What TCP tells of the sender.
    pub fn tcp(&self) -> Option<TcpStats> {
        // SAFETY: tcp_info consists of integers, for which zeros are valid.
        let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
        let mut length = size_of::<libc::tcp_info>() as u32;
        let fd = self.source.as_raw_fd();
        // SAFETY: info and length are local, and length tells the size of info.
        let done = unsafe {
            let into = (&raw mut info).cast();
            libc::getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, into, &raw mut length)
        };
        (done == 0).then(|| TcpStats {
            retransmits: info.tcpi_total_retrans.into(),
            cwnd: u64::from(info.tcpi_snd_cwnd) * u64::from(info.tcpi_snd_mss),
            rtt: f64::from(info.tcpi_rtt) / 1e6,
        })
    }
}
