//! What runs beside the script: tokio on one thread, `nsh-io`, that all servers share.
//!
//! The thread starts with the first server, after all forks of nsh, and blocks all signals. It never enters a
//! namespace: the main thread opens sockets there and hands them over. The main thread has no runtime; it waits for
//! the eventfd of a [`Worker`].

pub mod http;
mod server;
mod worker;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{SigSet, SigmaskHow};
use tokio::runtime::{Builder, Handle};

use crate::base::error::{Error, Result};

pub use server::{Journal, Log, Record, Server, accept, listener};
pub use worker::{Changed, Sessions, Worker};

static RUNTIME: Mutex<Option<Handle>> = Mutex::new(None);

/// The runtime, whose thread starts with the first call.
fn runtime() -> Result<Handle> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
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
    let started = std::thread::Builder::new()
        .name("nsh-io".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()));
    mask.thread_set_mask()?;
    started.map_err(|e| Error::from(e).detail("starting a thread"))?;
    Ok(handle)
}

/// Now, in seconds since 1970, as records tell the time.
pub fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

/// Shows an IPv4-mapped address as the IPv4 address that it is.
pub fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(v4) => (v4, address.port()).into(),
        IpAddr::V6(_) => address,
    }
}
