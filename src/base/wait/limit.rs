//! Time limits: of the whole script, and within it of a test or of what was deferred. SIGALRM keeps them, since a
//! limit must end loops and reads as well as waits; whoever installs handlers calls [`tick`] in that signal's.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use super::{OUT_OF_TIME, SIGNAL, TIMED_OUT, interrupt, interrupted};

/// How often SIGALRM comes once something is to end, in milliseconds: it may have to break off a read that began
/// just after the last one.
const AGAIN: i64 = 100;

/// When the script's time is over, in milliseconds of the monotonic clock; 0 for never.
static SCRIPT: AtomicI64 = AtomicI64::new(0);
/// When the inner limit is over.
static INNER: AtomicI64 = AtomicI64::new(0);
/// Whether SIGALRM has its handler. Without one it would end the process.
static HANDLED: AtomicBool = AtomicBool::new(false);

/// Milliseconds of the monotonic clock. Async-signal-safe.
pub fn milliseconds() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime is async-signal-safe and fills in now.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}

fn at(limit: Option<Duration>) -> i64 {
    match limit {
        // At least one, and not so many that they can't be added.
        Some(limit) => milliseconds() + limit.as_millis().clamp(1, i64::MAX as u128 / 4) as i64,
        None => 0,
    }
}

/// Says that SIGALRM's handler, which calls [`tick`], is installed, and begins the script's limit.
pub fn begin(script: Option<Duration>) {
    HANDLED.store(true, Ordering::SeqCst);
    SCRIPT.store(at(script), Ordering::SeqCst);
    arm();
}

/// The limit that another took the place of; see [`restore`].
#[derive(Clone, Copy)]
pub struct Outer(i64);

impl Outer {
    /// Whether its time is over, so that an interrupt is its own.
    pub fn is_over(self) -> bool {
        self.0 > 0 && milliseconds() >= self.0
    }
}

/// Limits what follows: once the time is over, everything is interrupted with [`OUT_OF_TIME`]. `None` takes the limit
/// away; what it has interrupted already is ended by [`super::forget`].
pub fn set(limit: Option<Duration>) -> Outer {
    let outer = INNER.swap(at(limit), Ordering::SeqCst);
    arm();
    Outer(outer)
}

/// As [`set`], but no longer than the limit that there is allows.
pub fn shorten(limit: Duration) -> Outer {
    let outer = INNER.load(Ordering::SeqCst);
    let mine = at(Some(limit));
    INNER.store(if outer > 0 { mine.min(outer) } else { mine }, Ordering::SeqCst);
    arm();
    Outer(outer)
}

/// Puts the limit back that there was.
pub fn restore(outer: Outer) {
    INNER.store(outer.0, Ordering::SeqCst);
    arm();
}

/// What is to be done when SIGALRM comes. Async-signal-safe.
pub fn tick() {
    let now = milliseconds();
    let over = |limit: &AtomicI64| {
        let at = limit.load(Ordering::SeqCst);
        at > 0 && now >= at
    };
    if over(&SCRIPT) {
        // Once: what is deferred runs after it.
        SCRIPT.store(0, Ordering::SeqCst);
        if interrupted().is_none_or(|code| code == OUT_OF_TIME) {
            interrupt(TIMED_OUT);
        }
    } else if over(&INNER) && SIGNAL.load(Ordering::SeqCst) == 0 {
        // It stays until it is taken away: who set another within it must see that it is over.
        interrupt(OUT_OF_TIME);
    }
    arm();
}

/// Has SIGALRM come at the next limit; every [`AGAIN`] while something is to end. Async-signal-safe.
pub fn arm() {
    if !HANDLED.load(Ordering::SeqCst) {
        return;
    }
    let now = milliseconds();
    let next = match interrupted() {
        Some(_) => AGAIN,
        None => {
            let limits = [&SCRIPT, &INNER].map(|limit| limit.load(Ordering::SeqCst));
            limits.into_iter().filter(|at| *at > 0).min().map_or(0, |at| (at - now).max(1))
        }
    };
    let time = |ms: i64| libc::timeval { tv_sec: ms / 1000, tv_usec: (ms % 1000) * 1000 };
    let timer = libc::itimerval { it_interval: time(if next > 0 { AGAIN } else { 0 }), it_value: time(next) };
    // SAFETY: timer is an itimerval; the old one is not asked for. A plain system call, safe in a handler.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
}
