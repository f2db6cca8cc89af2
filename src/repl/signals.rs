//! SIGTERM and SIGHUP while an input is edited. rustyline ignores them while it reads, so they are turned into the one
//! signal that makes it stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::pthread::{Pthread, pthread_kill, pthread_self};
use nix::sys::signal::Signal;

use crate::base::wait;

/// Again after a while: the reader may just have been about to read.
const AGAIN: Duration = Duration::from_millis(50);

static READING: AtomicBool = AtomicBool::new(false);

/// As long as it lives, an input is edited.
pub struct Reading;

/// The calling thread begins to read.
pub fn reading() -> Reading {
    READING.store(true, Ordering::SeqCst);
    Reading
}

impl Drop for Reading {
    fn drop(&mut self) {
        READING.store(false, Ordering::SeqCst);
    }
}

/// Watches for such a signal beside the calling thread, which is the one that reads.
pub fn watch() {
    // A number in one C library, a pointer in another.
    let reader = pthread_self() as usize;
    let made = std::thread::Builder::new().name("nsh-signals".into()).stack_size(64 * 1024);
    // Without the thread, the lab's supervisor ends the prompt a little later.
    let _ = made.spawn(move || watch_for(reader as Pthread));
}

fn watch_for(reader: Pthread) {
    loop {
        if wait::pause(Duration::from_secs(3600)).is_ok() {
            continue;
        }
        if wait::interrupted().is_some_and(|s| s != libc::SIGINT) && READING.load(Ordering::SeqCst) {
            let _ = pthread_kill(reader, Signal::SIGINT);
        }
        let _ = wait::wait_background(&[], wait::Deadline::after(AGAIN));
    }
}
