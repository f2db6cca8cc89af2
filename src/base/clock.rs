//! The clocks of this machine.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

// For musl, libc announces that it becomes longer.
#[allow(deprecated)]
type Convert = unsafe extern "C" fn(*const libc::time_t, *mut libc::tm) -> *mut libc::tm;

#[allow(deprecated)]
fn broken_down(seconds: u64, convert: Convert) -> libc::tm {
    let seconds = seconds as libc::time_t;
    // SAFETY: localtime_r and gmtime_r read one number and write one struct, both ours; all zero is valid for it.
    unsafe {
        let mut time: libc::tm = std::mem::zeroed();
        convert(&raw const seconds, &raw mut time);
        time
    }
}

/// The local time at so many seconds since 1970. Its zone's name is not to be used.
pub fn local(seconds: u64) -> libc::tm {
    broken_down(seconds, libc::localtime_r)
}

/// The same in UTC.
pub fn utc(seconds: u64) -> libc::tm {
    broken_down(seconds, libc::gmtime_r)
}

/// As `2026-01-31 12:00:00`, with `between` between date and time.
pub fn stamp(time: &libc::tm, between: char) -> String {
    let (year, month) = (time.tm_year + 1900, time.tm_mon + 1);
    let (day, hour, minute, second) = (time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
    format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}")
}

/// Seconds on a clock that only goes forward.
pub fn monotonic() -> f64 {
    // Every Linux has this clock.
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or_else(|_| Duration::ZERO, Duration::from);
    time.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_utc() {
        assert_eq!(stamp(&utc(951_782_400 + 3661), 'T'), "2000-02-29T01:01:01");
    }
}
