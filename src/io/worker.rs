//! A task of the background thread, and the handle by which the main thread waits for it and ends it.

use std::future::Future;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::poll::PollFlags;
use nix::sys::eventfd::{EfdFlags, EventFd};
use tokio::task::{AbortHandle, JoinSet};

use crate::base::error::Result;
use crate::base::wait::{self, Deadline};

/// How long a task may take to notice that it is to end. One that reads from a disk that hangs never does.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells the main thread that something changed: an eventfd.
pub struct Changed {
    event: EventFd,
    /// Whether it was rung since it was last hushed.
    rung: AtomicBool,
    ended: AtomicBool,
}

impl Changed {
    pub fn new() -> Result<Self> {
        let event = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        Ok(Changed { event, rung: AtomicBool::default(), ended: AtomicBool::default() })
    }

    /// Makes the descriptor readable, after the change. Who isn't waited for mostly spares the system call.
    pub fn ring(&self) {
        if !self.rung.swap(true, Ordering::SeqCst) {
            // It can only fail when it has been rung 2^64 times.
            let _ = self.event.write(1);
        }
    }

    /// Makes the descriptor unreadable again, before looking for changes.
    fn hush(&self) {
        let _ = self.event.read();
        // In this order: who rings meanwhile writes in vain or not at all, and its change is seen in either case.
        self.rung.store(false, Ordering::SeqCst);
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

/// Held by all tasks of a worker; the last one to drop it tells of the worker's end.
struct Life(Arc<Changed>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::SeqCst);
        self.0.ring();
    }
}

/// The tasks of a worker besides its first, such as one a connection. They end with it.
pub struct Sessions {
    tasks: JoinSet<()>,
    life: Arc<Life>,
}

impl Sessions {
    /// A set of its own for more tasks of the same worker. They end with the set.
    pub fn further(&self) -> Sessions {
        Sessions { tasks: JoinSet::new(), life: self.life.clone() }
    }

    pub fn spawn(&mut self, session: impl Future<Output = ()> + Send + 'static) {
        // Those that have ended leave the set.
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(alive(self.life.clone(), session));
    }
}

/// Runs a task that holds `life` until after its own end.
async fn alive(life: Arc<Life>, task: impl Future<Output = ()>) {
    task.await;
    drop(life);
}

/// What runs beside the script. Dropping it ends it.
pub struct Worker {
    changed: Arc<Changed>,
    task: AbortHandle,
    stopped: AtomicBool,
}

impl Worker {
    /// Starts the task that `make` returns. `make` is called at once, by the calling thread, and can hand sockets over
    /// to tokio.
    pub fn start<F>(changed: Arc<Changed>, make: impl FnOnce(Sessions) -> Result<F>) -> Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let runtime = super::runtime()?;
        let _entered = runtime.enter();
        let life = Arc::new(Life(changed.clone()));
        let sessions = Sessions { tasks: JoinSet::new(), life: life.clone() };
        let task = runtime.spawn(alive(life, make(sessions)?)).abort_handle();
        Ok(Worker { changed, task, stopped: AtomicBool::default() })
    }

    pub fn running(&self) -> bool {
        !self.changed.ended.load(Ordering::SeqCst)
    }

    /// Waits until `check` has an answer, asking after each change; `None` when the deadline passed or the worker
    /// ended without one. Only one thread (the script's) may wait.
    pub fn until<T>(&self, deadline: Deadline, mut check: impl FnMut() -> Option<T>) -> Result<Option<T>> {
        loop {
            self.changed.hush();
            let running = self.running();
            let answer = check();
            if answer.is_some() || !running {
                return Ok(answer);
            }
            if !wait::readable(self.changed.fd(), deadline)? && deadline.passed() {
                return Ok(check());
            }
        }
    }

    /// Ends it; when this returns, its sockets are closed, unless the task hangs. Calling it again does nothing.
    pub fn stop(&self) {
        self.stop_within(PATIENCE);
    }

    fn stop_within(&self, patience: Duration) {
        if self.stopped.swap(true, Ordering::SeqCst) {
            return;
        }
        self.task.abort();
        let deadline = Deadline::after(patience);
        while self.running() && !deadline.passed() {
            let _ = wait::wait_background(&[(self.changed.fd(), PollFlags::POLLIN)], deadline);
            self.changed.hush();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_worker_tells_of_changes_and_stops() {
        let count = Arc::new(Mutex::new(0));
        let counted = count.clone();
        let changed = Arc::new(Changed::new().unwrap());
        let worker = Worker::start(changed.clone(), |mut sessions| {
            Ok(async move {
                for _ in 0..3 {
                    let (counted, changed) = (counted.clone(), changed.clone());
                    sessions.spawn(async move {
                        *counted.lock().unwrap() += 1;
                        changed.ring();
                        std::future::pending::<()>().await;
                    });
                }
                std::future::pending().await
            })
        })
        .unwrap();
        let three = worker.until(Deadline::secs(5.0), || (*count.lock().unwrap() == 3).then_some("three"));
        assert_eq!(three.unwrap(), Some("three"));
        assert_eq!(worker.until(Deadline::secs(0.0), || None::<()>).unwrap(), None);
        assert!(worker.running());
        worker.stop();
        worker.stop();
        assert!(!worker.running());
        assert_eq!(Arc::strong_count(&count), 1, "the tasks are gone");
        assert_eq!(worker.until(Deadline::NEVER, || None::<()>).unwrap(), None);
    }

    #[test]
    fn a_task_that_hangs_is_left_alone() {
        let changed = Arc::new(Changed::new().unwrap());
        let (held, hold) = nix::unistd::pipe().unwrap();
        let (enters, entered) = std::sync::mpsc::channel();
        let worker = Worker::start(changed, |_| {
            Ok(async move {
                enters.send(()).unwrap();
                // As a disk that doesn't answer.
                let _ = nix::unistd::read(held, &mut [0]);
            })
        })
        .unwrap();
        entered.recv().unwrap();
        worker.stop_within(Duration::from_millis(20));
        assert!(worker.running(), "it could not be waited for");
        worker.stop();
        drop(hold);
        assert!(worker.until(Deadline::secs(5.0), || (!worker.running()).then_some(())).unwrap().is_some());
    }
}
