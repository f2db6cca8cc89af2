//! How a process ended.

use std::fmt;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;

use crate::base::error::{Error, Result};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// By this signal, and its memory was written to a core file.
    Dumped(i32),
}

impl Exit {
    /// The status, if it ended by itself.
    pub fn code(self) -> Option<i32> {
        match self {
            Exit::Code(code) => Some(code),
            Exit::Signal(_) | Exit::Dumped(_) => None,
        }
    }

    /// The signal's name, such as `SIGKILL`, if it ended by one.
    pub fn signal(self) -> Option<String> {
        match self {
            Exit::Code(_) => None,
            Exit::Signal(signal) | Exit::Dumped(signal) => Some(signal_name(signal)),
        }
    }
}

/// As in `exited with status 3`, `killed by SIGKILL`, `killed by SIGSEGV (core dumped)`.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exited with status {code}"),
            Exit::Signal(signal) => write!(f, "killed by {}", signal_name(*signal)),
            Exit::Dumped(signal) => write!(f, "killed by {} (core dumped)", signal_name(*signal)),
        }
    }
}

/// A signal by its name, as `SIGSEGV`.
pub fn signal_name(signal: i32) -> String {
    match nix::sys::signal::Signal::try_from(signal) {
        Ok(signal) => signal.as_str().to_owned(),
        Err(_) => match signal - libc::SIGRTMIN() {
            0 => "SIGRTMIN".to_owned(),
            n if n > 0 => format!("SIGRTMIN+{n}"),
            _ => format!("signal {signal}"),
        },
    }
}

/// The number of a signal given as `TERM`, `SIGTERM`, `sigterm` or `15`.
///
/// Raises `argument` for what is none.
pub fn signal_number(name: &str) -> Result<i32> {
    let upper = name.to_ascii_uppercase();
    let long = if upper.starts_with("SIG") { upper.clone() } else { format!("SIG{upper}") };
    if let Ok(signal) = long.parse::<nix::sys::signal::Signal>() {
        return Ok(signal as i32);
    }
    match name.parse::<i32>() {
        Ok(n) if (1..=libc::SIGRTMAX()).contains(&n) => Ok(n),
        _ => {
            Err(Error::argument(format!("no signal is named {name:?}")).hint("such as TERM, KILL, HUP, USR1"))
        }
    }
}

/// Takes the status of the process behind `pidfd`. With `poll`, `None` while it runs; else waits for its end.
pub(super) fn reap(pidfd: BorrowedFd<'_>, poll: bool) -> Result<Option<Exit>> {
    let flags = libc::WEXITED | if poll { libc::WNOHANG } else { 0 };
    loop {
        // SAFETY: an all-zero siginfo_t is valid, and waitid writes only into it.
        let (result, info) = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let id = pidfd.as_raw_fd() as libc::id_t;
            (libc::waitid(libc::P_PIDFD, id, &raw mut info, flags), info)
        };
        match Errno::result(result) {
            Err(Errno::EINTR) => continue,
            Err(e) => return Err(Error::from(e).detail("taking the process's status")),
            Ok(_) => {}
        }
        // SAFETY: waitid filled in the fields of SIGCHLD, or left all zero.
        let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
        return Ok(match (pid, info.si_code) {
            (0, _) => None,
            (_, libc::CLD_EXITED) => Some(Exit::Code(status)),
            (_, libc::CLD_DUMPED) => Some(Exit::Dumped(status)),
            _ => Some(Exit::Signal(status)),
        });
    }
}

/// Whether the process has stopped since the last call.
pub(super) fn stopped(pidfd: BorrowedFd<'_>) -> bool {
    // SAFETY: an all-zero siginfo_t is valid, and waitid writes only into it.
    let info = unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let id = pidfd.as_raw_fd() as libc::id_t;
        libc::waitid(libc::P_PIDFD, id, &raw mut info, libc::WSTOPPED | libc::WNOHANG);
        info
    };
    info.si_code == libc::CLD_STOPPED
}

/// How many processes the kernel has killed for want of memory since the machine started.
pub fn killed_for_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/vmstat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")).and_then(|count| count.trim().parse().ok())
}
