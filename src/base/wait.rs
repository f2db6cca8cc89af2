//! Waiting: every blocking call of nsh waits here, for descriptors, with a deadline, and wakes at Ctrl-C.
//!
//! A signal handler calls [`interrupt`]; it sets a flag and makes an eventfd readable that every [`wait`]
//! polls besides its own descriptors. The eventfd is not read, so one interrupt wakes all waits, now and
//! later, until [`clear`] or [`forget`]; [`set_aside`] lets a script's clean-up work in spite of one.

pub mod limit;
mod process;

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout};

use crate::base::error::{Error, Kind, Result};

pub use process::{heeds, living_in_group, pidfd, stat};

/// The signal that interrupted us; 0 for none, [`TIMED_OUT`] and [`OUT_OF_TIME`] for time limits.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
/// The one that was set aside.
static ASIDE: AtomicI32 = AtomicI32::new(0);
static EVENT: OnceLock<OwnedFd> = OnceLock::new();
/// Whether nsh outlives every Ctrl-C.
static ENDURES: AtomicBool = AtomicBool::new(false);

/// In place of a signal's number: `--timeout` ran out.
pub const TIMED_OUT: i32 = -1;
/// In place of a signal's number: a limit within the script ran out, such as a test's. It ends that part alone.
pub const OUT_OF_TIME: i32 = -2;

/// What is told of [`TIMED_OUT`].
pub const SCRIPT_TIMED_OUT: &str = "the script's time limit ran out";

fn event() -> RawFd {
    EVENT
        .get_or_init(|| {
            // SAFETY: eventfd takes no pointers; it returns a new descriptor or -1.
            let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
            if fd < 0 {
                // Not one descriptor is left at the very start: nothing else would work either.
                eprintln!("nsh: eventfd: {}", Errno::last().desc());
                std::process::exit(3);
            }
            // SAFETY: fd is open and ours alone.
            unsafe { OwnedFd::from_raw_fd(fd) }
        })
        .as_raw_fd()
}

/// Prepares [`interrupt`], which must not allocate; call it before installing signal handlers.
pub fn init() {
    event();
}

/// Ends every wait, now and later. Async-signal-safe once [`init`] was called. A limit within the script gives way
/// to everything else.
pub fn interrupt(signal: i32) {
    if signal == OUT_OF_TIME {
        let _ = SIGNAL.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    } else {
        SIGNAL.store(signal, Ordering::SeqCst);
    }
    wake();
}

fn wake() {
    let one = 1u64;
    // SAFETY: writes eight bytes from a local variable to an eventfd.
    unsafe { libc::write(event(), (&raw const one).cast(), 8) };
}

/// From now on a second Ctrl-C doesn't end nsh itself: for the prompt.
pub fn endure() {
    ENDURES.store(true, Ordering::SeqCst);
}

/// Whether [`endure`] was called.
pub fn endures() -> bool {
    ENDURES.load(Ordering::SeqCst)
}

/// The signal that interrupted us, if any.
pub fn interrupted() -> Option<i32> {
    match SIGNAL.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(signal),
    }
}

/// The signal that ends the script, be it set aside or not.
pub fn ending() -> Option<i32> {
    interrupted().or(match ASIDE.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(signal),
    })
}

/// Forgets an interrupt: the REPL goes on after Ctrl-C.
pub fn clear() {
    ASIDE.store(0, Ordering::SeqCst);
    SIGNAL.store(0, Ordering::SeqCst);
    quiet();
}

/// Forgets the interrupt if it is this one; whether it was.
pub fn forget(signal: i32) -> bool {
    let was = SIGNAL.compare_exchange(signal, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    if was {
        quiet();
    }
    was
}

/// Lets waits work in spite of an interrupt, until [`put_back`]: what a script deferred still runs. Returns whether
/// there was one.
pub fn set_aside() -> bool {
    match SIGNAL.swap(0, Ordering::SeqCst) {
        0 => return false,
        // The first one counts.
        signal => {
            let _ = ASIDE.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
        }
    }
    quiet();
    true
}

/// Interrupts again what [`set_aside`] let go on.
pub fn put_back() {
    let signal = ASIDE.swap(0, Ordering::SeqCst);
    if signal != 0 {
        interrupt(signal);
    }
}

/// Makes the eventfd unreadable, unless an interrupt came meanwhile.
fn quiet() {
    let mut count = 0u64;
    // SAFETY: reads eight bytes into a local variable; the eventfd does not block.
    unsafe { libc::read(event(), (&raw mut count).cast(), 8) };
    if interrupted().is_some() {
        wake();
    }
}

/// The error that an interrupted wait raises.
pub fn interrupted_error() -> Error {
    match interrupted() {
        Some(TIMED_OUT) => Error::new(Kind::Timeout, SCRIPT_TIMED_OUT),
        Some(OUT_OF_TIME) => Error::new(Kind::Timeout, "the time limit ran out"),
        _ => Error::new(Kind::Interrupted, "interrupted"),
    }
}

/// A point in time until which to wait.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    pub const NEVER: Deadline = Deadline(None);

    pub fn after(d: Duration) -> Self {
        // A deadline too far away to be told is none.
        Deadline(Instant::now().checked_add(d))
    }

    /// `seconds` from now; negative and NaN count as 0.
    pub fn secs(seconds: f64) -> Self {
        match Duration::try_from_secs_f64(if seconds > 0.0 { seconds } else { 0.0 }) {
            Ok(d) => Self::after(d),
            Err(_) => Self::NEVER,
        }
    }

    pub fn passed(self) -> bool {
        self.0.is_some_and(|at| Instant::now() >= at)
    }

    /// What is left, 0 once passed; `None` for never.
    pub fn left(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// The earlier of the two.
    pub fn min(self, other: Deadline) -> Deadline {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Deadline(Some(a.min(b))),
            (a, b) => Deadline(a.or(b)),
        }
    }

    fn poll_timeout(self) -> PollTimeout {
        match self.left() {
            None => PollTimeout::NONE,
            // Rounded up, so that we do not spin through the last millisecond.
            Some(left) => {
                PollTimeout::try_from(left.as_nanos().div_ceil(1_000_000).min(i32::MAX as u128) as i32)
                    .unwrap_or(PollTimeout::MAX)
            }
        }
    }
}

/// Waits until one of `fds` has one of its events, or an error or hang-up. Returns, for each, whether it has;
/// all `false` when the deadline passed. Fails only when interrupted, or when poll itself fails.
pub fn wait(fds: &[(BorrowedFd<'_>, PollFlags)], deadline: Deadline) -> Result<Vec<bool>> {
    // SAFETY: the eventfd lives as long as the process.
    let event = unsafe { BorrowedFd::borrow_raw(event()) };
    let mut all = Vec::with_capacity(fds.len() + 1);
    all.push((event, PollFlags::POLLIN));
    all.extend_from_slice(fds);
    if interrupted().is_some() {
        return Err(interrupted_error());
    }
    let mut ready = wait_background(&all, deadline)?;
    if interrupted().is_some() {
        return Err(interrupted_error());
    }
    ready.remove(0);
    Ok(ready)
}

/// As [`wait`], but not woken by an interrupt: for the threads of servers and captures, which end when their
/// handle is closed and outlive a Ctrl-C at the prompt.
pub fn wait_background(fds: &[(BorrowedFd<'_>, PollFlags)], deadline: Deadline) -> Result<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> = fds.iter().map(|(fd, flags)| PollFd::new(*fd, *flags)).collect();
    loop {
        match nix::poll::poll(&mut polled, deadline.poll_timeout()) {
            // A signal's handler has run: let the caller see its flag.
            Err(Errno::EINTR) if interrupted().is_some() => return Ok(vec![false; fds.len()]),
            Err(Errno::EINTR) => continue,
            Err(e) => return Err(e.into()),
            Ok(0) if !deadline.passed() => continue,
            Ok(_) => return Ok(polled.iter().map(|p| p.any().unwrap_or(false)).collect()),
        }
    }
}

/// Waits until `fd` can be read; `false` when the deadline passed.
pub fn readable(fd: BorrowedFd<'_>, deadline: Deadline) -> Result<bool> {
    Ok(wait(&[(fd, PollFlags::POLLIN)], deadline)?[0])
}

/// Waits until `fd` can be written; `false` when the deadline passed.
pub fn writable(fd: BorrowedFd<'_>, deadline: Deadline) -> Result<bool> {
    Ok(wait(&[(fd, PollFlags::POLLOUT)], deadline)?[0])
}

/// Lets time pass: the interval between two echo requests or two tries of `eventually`.
pub fn pause(d: Duration) -> Result<()> {
    wait(&[], Deadline::after(d)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passed_deadline_returns_at_once() {
        assert!(wait(&[], Deadline::secs(0.0)).unwrap().is_empty());
        assert!(Deadline::secs(f64::NAN).passed());
        assert!(!Deadline::secs(f64::INFINITY).passed());
    }
}
