//! Whether the script's process is the only one that its lab ever had, so that nobody else can have changed anything.

use std::sync::atomic::{AtomicU32, Ordering};

/// The script's process in the PID namespace of its lab, after process 1.
const SCRIPT: u32 = 2;

/// The last number that went to a process or to a thread of nsh's own, as far as known.
static OWN: AtomicU32 = AtomicU32::new(SCRIPT);

/// True only in a lab in which nsh has never started a program. A thread that wasn't started by [`own`] counts as one.
pub fn is_alone() -> bool {
    std::process::id() == SCRIPT && last() == Some(OWN.load(Ordering::Relaxed))
}

/// Starts threads of nsh's own, which don't count.
pub fn own<T>(start: impl FnOnce() -> T) -> T {
    let alone = is_alone();
    let started = start();
    if let Some(last) = last().filter(|_| alone) {
        OWN.store(last, Ordering::Relaxed);
    }
    started
}

/// The last number that this PID namespace gave away: `0.00 0.01 0.05 1/84 2`, see proc_loadavg(5).
fn last() -> Option<u32> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next_back()?.parse().ok()
}
