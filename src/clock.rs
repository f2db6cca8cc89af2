//! The clock on this machine's wall.

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
