//! The system calls that no namespace confines: the keys of whoever runs nsh, the user's terminal, sockets to the
//! machine's hypervisor and radios, files that give their owner's rights to whoever runs them. The rest is left to the
//! namespaces.

use std::os::fd::{FromRawFd, OwnedFd};

use anyhow::{Context, Result};
use nix::errno::Errno;

const AF_MCTP: i32 = 45;

/// Families of sockets that belong to a network namespace. The others reach what the machine has one of (vsock,
/// bluetooth, nfc, qipcrtr, alg, rds, ...).
const FAMILIES: &[i32] = &[
    libc::AF_UNIX,
    libc::AF_INET,
    libc::AF_INET6,
    libc::AF_NETLINK,
    libc::AF_PACKET,
    libc::AF_KEY,
    libc::AF_PPPOX,
    libc::AF_CAN,
    libc::AF_TIPC,
    libc::AF_XDP,
    AF_MCTP,
];

// Newer than libc's tables; every architecture has the same number.
const SYS_FCHMODAT2: libc::c_long = 452;
const SYS_SETXATTRAT: libc::c_long = 463;

/// Calls that fail whatever their arguments are, as if the kernel were built without them.
const ABSENT: &[libc::c_long] = &[
    // Keyrings belong to the user, not to a namespace.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // A ring does what its caller's filter refuses.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Its mode stands in memory, where a filter can't read it: see MODES. Programs go on with openat.
    libc::SYS_openat2,
    // A way to hold the kernel up in the midst of its work, of use to exploits alone.
    libc::SYS_userfaultfd,
];

/// Calls that are refused as the kernel refuses them to those who lack a right.
const FORBIDDEN: &[libc::c_long] = &[
    // The machine's own: its log, clock, disks, kernel, and what runs on its processors. Where root goes without user
    // namespaces, nothing else stands in their way.
    libc::SYS_syslog,
    libc::SYS_perf_event_open,
    libc::SYS_bpf,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    // Files by number, past the directories that lead to them.
    libc::SYS_open_by_handle_at,
];

/// A file's capabilities that root's lab sets count on the machine, too. Access lists and labels go with them: a filter
/// can't read the attribute's name.
const ATTRIBUTES: &[libc::c_long] =
    &[libc::SYS_setxattr, libc::SYS_lsetxattr, libc::SYS_fsetxattr, SYS_SETXATTRAT];

/// The calls that give a file its mode, each with the place of the mode among its arguments. A file that is made with
/// these bits loses them when a lab writes to it, but not when the machine's root does.
const MODES: &[(libc::c_long, u32)] = &[
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_chmod, 1),
    (libc::SYS_fchmod, 1),
    (libc::SYS_fchmodat, 2),
    (SYS_FCHMODAT2, 2),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_creat, 1),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_mknod, 1),
    (libc::SYS_mknodat, 2),
];

/// The calls that open files, each with the place of the flags; the mode stands behind them, and counts where a file is
/// made.
const OPENING: &[(libc::c_long, u32)] = &[
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, 1),
    (libc::SYS_openat, 2),
];

/// `__O_TMPFILE` of asm-generic/fcntl.h: O_TMPFILE without O_DIRECTORY.
const TMPFILE: u32 = (libc::O_TMPFILE & !libc::O_DIRECTORY) as u32;

// linux/audit.h
#[cfg(target_arch = "x86_64")]
const NATIVE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const NATIVE: u32 = 0xc000_00b7;
#[cfg(target_arch = "riscv64")]
const NATIVE: u32 = 0xc000_00f3;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
const NATIVE: u32 = 0;

// struct seccomp_data: nr, arch, instruction_pointer, args[6]. The low half of an argument on little-endian.
pub(super) const NUMBER: u32 = 0;
const ARCH: u32 = 4;
pub(super) const ARGUMENTS: u32 = 16;

pub(super) const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;

fn refuse(errno: Errno) -> u32 {
    libc::SECCOMP_RET_ERRNO | errno as u32
}

fn statement(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

pub(super) fn load(offset: u32) -> libc::sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
}

pub(super) fn give(verdict: u32) -> libc::sock_filter {
    statement(libc::BPF_RET | libc::BPF_K, verdict)
}

pub(super) fn jump(test: u32, k: u32, holds: u8, fails: u8) -> libc::sock_filter {
    libc::sock_filter { code: (libc::BPF_JMP | test | libc::BPF_K) as u16, jt: holds, jf: fails, k }
}

/// Skips `over` instructions unless the loaded value is `value`.
pub(super) fn unless(value: u32, over: u8) -> libc::sock_filter {
    jump(libc::BPF_JEQ, value, 0, over)
}

/// The instructions after the call's number is loaded: `verdict`s on its argument `at`.
pub(super) fn on_argument(
    call: libc::c_long,
    at: u32,
    verdicts: &[libc::sock_filter],
) -> Vec<libc::sock_filter> {
    let mut p = vec![unless(call as u32, verdicts.len() as u8 + 1), load(ARGUMENTS + 8 * at)];
    p.extend_from_slice(verdicts);
    p
}

fn program() -> Vec<libc::sock_filter> {
    let mut p = vec![
        load(ARCH),
        // Programs of another architecture (32-bit ones) number their calls differently, and can hide a socket's
        // family behind a pointer (socketcall): they don't run in a sandbox.
        jump(libc::BPF_JEQ, NATIVE, 1, 0),
        give(refuse(Errno::ENOSYS)),
        load(NUMBER),
    ];
    if cfg!(target_arch = "x86_64") {
        // x32: the same calls by other numbers.
        p.extend([jump(libc::BPF_JGE, 0x4000_0000, 0, 1), give(refuse(Errno::ENOSYS))]);
    }
    for (calls, errno) in
        [(ABSENT, Errno::ENOSYS), (FORBIDDEN, Errno::EPERM), (ATTRIBUTES, Errno::EOPNOTSUPP)]
    {
        p.extend(calls.iter().flat_map(|call| [unless(*call as u32, 1), give(refuse(errno))]));
    }
    let set_id = libc::S_ISUID | libc::S_ISGID;
    let on_mode = [jump(libc::BPF_JSET, set_id, 0, 1), give(refuse(Errno::EPERM)), give(ALLOW)];
    for (call, at) in MODES {
        p.extend(on_argument(*call, *at, &on_mode));
    }
    for (call, at) in OPENING {
        // Without these flags the mode is whatever the register holds.
        let makes = libc::O_CREAT as u32 | TMPFILE;
        let mut verdicts = vec![jump(libc::BPF_JSET, makes, 0, 3), load(ARGUMENTS + 8 * (at + 1))];
        verdicts.extend(on_mode);
        p.extend(on_argument(*call, *at, &verdicts));
    }
    let typing = [libc::TIOCSTI, libc::TIOCLINUX].map(|request| request as u32);
    let mut verdicts: Vec<_> =
        typing.iter().flat_map(|request| [unless(*request, 1), give(refuse(Errno::EPERM))]).collect();
    verdicts.push(give(ALLOW));
    p.extend(on_argument(libc::SYS_ioctl, 1, &verdicts));
    let mut verdicts: Vec<_> =
        FAMILIES.iter().flat_map(|family| [unless(*family as u32, 1), give(ALLOW)]).collect();
    verdicts.push(give(refuse(Errno::EAFNOSUPPORT)));
    for call in [libc::SYS_socket, libc::SYS_socketpair] {
        p.extend(on_argument(call, 0, &verdicts));
    }
    p.push(give(ALLOW));
    p
}

/// Filters this process and all that it starts, as `seccomp(2)` does.
pub fn install() -> Result<()> {
    apply(program())
}

/// Has whoever traces this process, and all that it starts, stop them when they open a file to write to it. A call of
/// async-signal-safe functions alone would do: made before the fork, applied behind it.
pub fn tell_writes() -> Result<()> {
    let writes = libc::O_WRONLY as u32 | libc::O_RDWR as u32;
    let verdicts = [jump(libc::BPF_JSET, writes, 0, 1), give(libc::SECCOMP_RET_TRACE), give(ALLOW)];
    let mut p = vec![load(NUMBER)];
    p.extend(OPENING.iter().flat_map(|(call, at)| on_argument(*call, *at, &verdicts)));
    #[cfg(target_arch = "x86_64")]
    p.extend([unless(libc::SYS_creat as u32, 1), give(libc::SECCOMP_RET_TRACE)]);
    p.push(give(ALLOW));
    apply(p)
}

/// Adds a further filter. It need not check the architecture: the first one does.
pub(super) fn apply(filter: Vec<libc::sock_filter>) -> Result<()> {
    if NATIVE == 0 {
        return Ok(());
    }
    add(filter, 0).context("filtering system calls")?;
    Ok(())
}

/// Adds a further filter that asks about calls; returns where it asks.
pub(super) fn listen(filter: Vec<libc::sock_filter>) -> nix::Result<OwnedFd> {
    if NATIVE == 0 {
        return Err(Errno::ENOSYS);
    }
    let fd = add(filter, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER)?;
    // SAFETY: the kernel has just opened it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

fn add(mut filter: Vec<libc::sock_filter>, flags: libc::c_ulong) -> nix::Result<libc::c_long> {
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // Root of its user namespace needs no no_new_privs, so setuid programs keep working in the lab. SPEC_ALLOW: no
    // mitigation that would slow the lab down comes with the filter.
    // SAFETY: program points to len instructions that outlive the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW | flags,
            &raw const program,
        )
    };
    Errno::result(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the program on one call, as the kernel would.
    fn verdict(arch: u32, number: i64, arguments: [u32; 4]) -> u32 {
        let (mut at, mut value) = (0, 0);
        let program = program();
        loop {
            let i = program[at];
            at += 1;
            match i.code as u32 & 7 {
                libc::BPF_LD => {
                    value = match i.k {
                        NUMBER => number as u32,
                        ARCH => arch,
                        k => arguments[(k - ARGUMENTS) as usize / 8],
                    }
                }
                libc::BPF_RET => return i.k,
                _ => {
                    let holds = match i.code as u32 & 0xf0 {
                        libc::BPF_JGE => value >= i.k,
                        libc::BPF_JSET => value & i.k != 0,
                        _ => value == i.k,
                    };
                    at += if holds { i.jt } else { i.jf } as usize;
                }
            }
        }
    }

    fn call(number: i64, arguments: [u32; 4]) -> u32 {
        verdict(NATIVE, number, arguments)
    }

    #[test]
    fn refuses_what_it_should_and_nothing_else() {
        assert_eq!(call(libc::SYS_ioctl, [0, libc::TIOCSTI as u32, 0, 0]), refuse(Errno::EPERM));
        assert_eq!(call(libc::SYS_ioctl, [0, libc::TIOCLINUX as u32, 0, 0]), refuse(Errno::EPERM));
        assert_eq!(call(libc::SYS_ioctl, [0, libc::TIOCGWINSZ as u32, 0, 0]), ALLOW);
        let others = [libc::AF_BLUETOOTH, libc::AF_NFC, libc::AF_VSOCK, libc::AF_ALG, libc::AF_RDS, 200];
        for family in others {
            for number in [libc::SYS_socket, libc::SYS_socketpair] {
                assert_eq!(call(number, [family as u32, 0, 0, 0]), refuse(Errno::EAFNOSUPPORT));
            }
        }
        for family in FAMILIES {
            assert_eq!(call(libc::SYS_socket, [*family as u32, 0, 0, 0]), ALLOW);
        }
        let odd = libc::AF_VSOCK as u32;
        assert_eq!(call(libc::SYS_read, [odd, libc::TIOCSTI as u32, libc::S_ISUID, 0]), ALLOW);
        assert_eq!(call(libc::SYS_keyctl, [0; 4]), refuse(Errno::ENOSYS));
        assert_eq!(call(libc::SYS_bpf, [0; 4]), refuse(Errno::EPERM));
        assert_eq!(call(libc::SYS_fsetxattr, [0; 4]), refuse(Errno::EOPNOTSUPP));
        assert_eq!(verdict(0x4000_0003, 102, [1, 0, 0, 0]), refuse(Errno::ENOSYS));
    }

    #[test]
    fn a_mode_can_not_give_rights_away() {
        for (number, at) in MODES {
            let mut arguments = [0; 4];
            for (mode, expected) in [
                (0o1777, ALLOW),
                (0o4755, refuse(Errno::EPERM)),
                (0o2755, refuse(Errno::EPERM)),
                (0o6000, refuse(Errno::EPERM)),
            ] {
                arguments[*at as usize] = mode;
                assert_eq!(call(*number, arguments), expected, "{number} {mode:o}");
            }
        }
    }

    #[test]
    fn a_new_file_can_not_give_rights_away() {
        for (number, at) in OPENING {
            let verdict = |flags: i32, mode: u32| {
                let mut arguments = [0; 4];
                (arguments[*at as usize], arguments[*at as usize + 1]) = (flags as u32, mode);
                call(*number, arguments)
            };
            assert_eq!(verdict(libc::O_CREAT | libc::O_WRONLY, 0o644), ALLOW);
            assert_eq!(verdict(libc::O_CREAT, 0o4755), refuse(Errno::EPERM));
            assert_eq!(verdict(libc::O_TMPFILE | libc::O_RDWR, 0o2755), refuse(Errno::EPERM));
            assert_eq!(verdict(libc::O_RDONLY | libc::O_DIRECTORY, 0o7777), ALLOW);
        }
    }
}
