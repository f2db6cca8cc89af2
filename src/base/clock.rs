//! The clocks of this machine.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// The local time at so many seconds since 1970. Its zone's name is not to be used.
pub fn local(seconds: u64) -> libc::tm {
    let seconds = seconds as libc::time_t;
    // SAFETY: localtime_r reads one number and writes one struct, both ours; all zero is valid for it.
    unsafe {
        let mut time: libc::tm = std::mem::zeroed();
        libc::localtime_r(&raw const seconds, &raw mut time);
        time
    }
}

/// Seconds on a clock that only goes forward.
pub fn monotonic() -> f64 {
    // Every Linux has this clock.
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or_else(|_| Duration::ZERO, Duration::from);
    time.as_secs_f64()
}
