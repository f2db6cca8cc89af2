//! What runs beside the script: a thread that can be told to stop, and that tells of changes.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::base::error::Result;
use crate::base::wait::{self, Deadline};

/// A bell that can be waited for together with sockets: an eventfd.
pub struct Bell(EventFd);

impl Bell {
    pub fn new() -> Result<Self> {
        Ok(Bell(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?))
    }

    /// Makes the descriptor readable.
    pub fn ring(&self) {
        // It can only fail when it has been rung 2^64 times.
        let _ = self.0.write(1);
    }

    /// Makes the descriptor unreadable again.
    pub fn hush(&self) {
        let _ = self.0.read();
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What a worker's thread and its handle share.
pub struct Signals {
    /// Rung when the thread has to end; poll it.
    pub stop: Bell,
    /// To be rung by the thread when something changed that somebody may wait for.
    pub changed: Bell,
    ended: AtomicBool,
}

/// A thread beside the script. Dropping it stops and joins the thread.
pub struct Worker {
    signals: Arc<Signals>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Tells of the thread's end, however it ends.
struct Ended(Arc<Signals>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::SeqCst);
        self.0.changed.ring();
    }
}

impl Worker {
    /// Runs `body` on a thread of its own, which must return soon after `stop` was rung.
    pub fn start(name: &str, body: impl FnOnce(&Signals) + Send + 'static) -> Result<Self> {
        let signals =
            Arc::new(Signals { stop: Bell::new()?, changed: Bell::new()?, ended: AtomicBool::new(false) });
        let ended = Ended(signals.clone());
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            body(&ended.0);
        })?;
        Ok(Worker { signals, thread: Mutex::new(Some(thread)) })
    }

    /// Whether the thread still runs.
    pub fn running(&self) -> bool {
        !self.signals.ended.load(Ordering::SeqCst)
    }

    /// Waits until `check` has an answer, asking after each change; `None` when the deadline passed or the thread
    /// ended without one. Only one thread (the script's) may wait.
    pub fn until<T>(&self, deadline: Deadline, mut check: impl FnMut() -> Option<T>) -> Result<Option<T>> {
        loop {
            self.signals.changed.hush();
            let running = self.running();
            let answer = check();
            if answer.is_some() || !running {
                return Ok(answer);
            }
            if !wait::readable(self.signals.changed.fd(), deadline)? && deadline.passed() {
                return Ok(check());
            }
        }
    }

    /// Ends the thread and waits for its end. Calling it again does nothing.
    pub fn stop(&self) {
        self.signals.stop.ring();
        if let Some(thread) = lock(&self.thread).take() {
            // A panic was reported on stderr already; there is nothing left to tell.
            let _ = thread.join();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Locks; a thread that panicked meanwhile leaves data that are still good to read.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Now, in seconds since 1970, as records tell the time.
pub fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_tells_of_changes_and_stops() {
        let count = Arc::new(Mutex::new(0));
        let counted = count.clone();
        let worker = Worker::start("test", move |signals| {
            for _ in 0..3 {
                *lock(&counted) += 1;
                signals.changed.ring();
            }
            let stop = [(signals.stop.fd(), nix::poll::PollFlags::POLLIN)];
            assert!(wait::wait_background(&stop, Deadline::secs(10.0)).unwrap()[0]);
        })
        .unwrap();
        let three = worker.until(Deadline::secs(5.0), || (*lock(&count) == 3).then_some("three"));
        assert_eq!(three.unwrap(), Some("three"));
        assert_eq!(worker.until(Deadline::secs(0.0), || None::<()>).unwrap(), None);
        assert!(worker.running());
        worker.stop();
        worker.stop();
        assert!(!worker.running());
        assert_eq!(worker.until(Deadline::NEVER, || None::<()>).unwrap(), None);
    }
}
