//! What runs beside the script: tokio on one thread, `nsh-io`, that all servers share.
//!
//! The thread starts with the first server, after all forks of nsh, and blocks all signals. It never enters a
//! namespace: the main thread opens sockets there and hands them over. The main thread has no runtime; it waits for
//! the eventfd of a [`Worker`].

pub mod dns;
pub mod http;
mod server;
pub mod tcp;
pub mod udp;
mod worker;

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::poll::PollFlags;
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::sys::socket::{AddressFamily, SockaddrLike, SockaddrStorage};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Builder, Handle};

use crate::base::alone::own;
use crate::base::error::{Error, Result};
use crate::base::wait::Deadline;

pub use server::{Journal, Log, Record, Server, accept, listener};
use server::{again, end};
pub use worker::{Changed, Sessions, Worker};

static RUNTIME: Mutex<Option<Handle>> = Mutex::new(None);

/// The runtime, whose thread starts with the first call.
fn runtime() -> Result<Handle> {
    let mut runtime = lock(&RUNTIME);
    match &*runtime {
        Some(handle) => Ok(handle.clone()),
        None => Ok(runtime.insert(start()?).clone()),
    }
}

fn start() -> Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    // A new thread has its maker's mask.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let thread = std::thread::Builder::new().name("nsh-io".to_owned());
    let started = own(|| thread.spawn(move || runtime.block_on(std::future::pending::<()>())));
    mask.thread_set_mask()?;
    started.map_err(|e| Error::from(e).detail("starting a thread"))?;
    Ok(handle)
}

/// What a server does with what it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Sends it back.
    Echo,
    /// Sends this; over TCP once, after the first bytes or the end of the peer's data, and then closes.
    Reply(Vec<u8>),
    /// Takes it and says nothing.
    Discard,
}

/// A descriptor of which tokio tells when it can be read or written. It must not block.
pub struct Watched(AsyncFd<Arc<OwnedFd>>);

impl Watched {
    /// To be called in a function that [`Worker::start`] calls, or in its task.
    pub fn new(fd: Arc<OwnedFd>) -> Result<Self> {
        let both = Interest::READABLE | Interest::WRITABLE;
        // SAFETY: the descriptor stays open and the same as long as we have a share of it.
        let watched = unsafe { AsyncFd::register_with_interest(fd, both) };
        Ok(Watched(watched.map_err(std::io::Error::from)?))
    }

    /// Waits for one of `events`, or for the deadline, and gives the other tasks their turn. What is there must then be
    /// read until nothing is left, or waited for with a deadline that has passed.
    pub async fn ready(&self, events: PollFlags, deadline: Deadline) {
        let writes = events.contains(PollFlags::POLLOUT);
        let interest = if writes { Interest::WRITABLE } else { Interest::READABLE };
        let ready = async {
            if let Ok(mut ready) = self.0.ready(interest).await {
                ready.clear_ready();
            }
        };
        match deadline.left() {
            None => ready.await,
            Some(left) => drop(tokio::time::timeout(left, ready).await),
        }
        tokio::task::yield_now().await;
    }
}

/// A task that calls `read` whenever `fd` can be read. `read` doesn't block, and says whether more may be there.
pub fn whenever_readable(
    fd: Arc<OwnedFd>,
    mut read: impl FnMut(&OwnedFd) -> bool + Send + 'static,
) -> Result<impl Future<Output = ()> + Send + 'static> {
    let watched = Watched::new(fd.clone())?;
    Ok(async move {
        loop {
            let deadline = if read(&fd) { Deadline::secs(0.0) } else { Deadline::NEVER };
            watched.ready(PollFlags::POLLIN, deadline).await;
        }
    })
}

/// Locks; a task that panicked meanwhile leaves data that are still good to read.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Now, in seconds since 1970, as records tell the time.
pub fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

/// A kernel's socket address as ours, IPv4-mapped addresses as IPv4.
pub fn address_of(address: &SockaddrStorage) -> Option<SocketAddr> {
    match address.family()? {
        AddressFamily::Inet => address.as_sockaddr_in().map(|a| SocketAddr::from(*a)),
        AddressFamily::Inet6 => address.as_sockaddr_in6().map(|a| SocketAddr::from(*a)),
        _ => None,
    }
    .map(canonical)
}

/// Shows an IPv4-mapped address as the IPv4 address that it is.
pub fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(v4) => (v4, address.port()).into(),
        IpAddr::V6(_) => address,
    }
}
