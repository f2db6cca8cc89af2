//! The system calls that no namespace confines: typing into the user's terminal, and sockets to the machine's
//! hypervisor and radios. The rest is left to the namespaces.

use nix::errno::Errno;

use crate::error::{Error, Result};

const AF_BLUETOOTH: u32 = libc::AF_BLUETOOTH as u32;
const AF_NFC: u32 = libc::AF_NFC as u32;
const AF_VSOCK: u32 = libc::AF_VSOCK as u32;
const AF_QIPCRTR: u32 = 42;

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
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const ARGUMENT_0: u32 = 16;
const ARGUMENT_1: u32 = 24;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;

fn refuse(errno: Errno) -> u32 {
    libc::SECCOMP_RET_ERRNO | errno as u32
}

fn statement(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

fn load(offset: u32) -> libc::sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
}

fn give(verdict: u32) -> libc::sock_filter {
    statement(libc::BPF_RET | libc::BPF_K, verdict)
}

/// Skips `over` instructions unless the loaded value is `value`.
fn unless(value: u32, over: u8) -> libc::sock_filter {
    libc::sock_filter {
        code: (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16,
        jt: 0,
        jf: over,
        k: value,
    }
}

fn program() -> Vec<libc::sock_filter> {
    let mut p = vec![
        load(ARCH),
        // Programs of another architecture (32-bit ones) number their calls differently, and can hide a socket's
        // family behind a pointer (socketcall): they don't run in a sandbox.
        libc::sock_filter {
            code: (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16,
            jt: 1,
            jf: 0,
            k: NATIVE,
        },
        give(refuse(Errno::ENOSYS)),
        load(NUMBER),
    ];
    if cfg!(target_arch = "x86_64") {
        // x32: the same calls by other numbers.
        p.push(libc::sock_filter {
            code: (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16,
            jt: 0,
            jf: 1,
            k: 0x4000_0000,
        });
        p.push(give(refuse(Errno::ENOSYS)));
    }
    p.extend([
        unless(libc::SYS_ioctl as u32, 6),
        load(ARGUMENT_1),
        unless(libc::TIOCSTI as u32, 1),
        give(refuse(Errno::EPERM)),
        unless(libc::TIOCLINUX as u32, 1),
        give(refuse(Errno::EPERM)),
        give(ALLOW),
    ]);
    p.extend([unless(libc::SYS_socket as u32, 10), load(ARGUMENT_0)]);
    for family in [AF_BLUETOOTH, AF_NFC, AF_VSOCK, AF_QIPCRTR] {
        p.extend([unless(family, 1), give(refuse(Errno::EAFNOSUPPORT))]);
    }
    p.extend([give(ALLOW), give(ALLOW)]);
    p
}

/// Filters this process and all that it starts, as `seccomp(2)` does.
pub fn install() -> Result<()> {
    if NATIVE == 0 {
        return Ok(());
    }
    let mut filter = program();
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // Root of its user namespace needs no no_new_privs, so setuid programs keep working in the lab. SPEC_ALLOW: no
    // mitigation that would slow the lab down comes with the filter.
    // SAFETY: program points to len instructions that outlive the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW,
            &raw const program,
        )
    };
    Errno::result(done).map_err(|e| Error::from(e).detail("filtering system calls"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the program on one call, as the kernel would.
    fn verdict(arch: u32, number: i64, arguments: [u32; 2]) -> u32 {
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
                        ARGUMENT_0 => arguments[0],
                        ARGUMENT_1 => arguments[1],
                        _ => panic!("load {}", i.k),
                    }
                }
                libc::BPF_RET => return i.k,
                _ => {
                    let holds =
                        if i.code as u32 & 0xf0 == libc::BPF_JGE { value >= i.k } else { value == i.k };
                    at += if holds { i.jt } else { i.jf } as usize;
                }
            }
        }
    }

    #[test]
    fn refuses_what_it_should_and_nothing_else() {
        let call = |number, a, b| verdict(NATIVE, number, [a, b]);
        assert_eq!(call(libc::SYS_ioctl, 0, libc::TIOCSTI as u32), refuse(Errno::EPERM));
        assert_eq!(call(libc::SYS_ioctl, 0, libc::TIOCLINUX as u32), refuse(Errno::EPERM));
        assert_eq!(call(libc::SYS_ioctl, 0, libc::TIOCGWINSZ as u32), ALLOW);
        for family in [AF_BLUETOOTH, AF_NFC, AF_VSOCK, AF_QIPCRTR] {
            assert_eq!(call(libc::SYS_socket, family, 0), refuse(Errno::EAFNOSUPPORT));
        }
        for family in [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK, libc::AF_PACKET, libc::AF_UNIX] {
            assert_eq!(call(libc::SYS_socket, family as u32, 0), ALLOW);
        }
        assert_eq!(call(libc::SYS_read, AF_VSOCK, libc::TIOCSTI as u32), ALLOW);
        assert_eq!(verdict(0x4000_0003, 102, [1, 0]), refuse(Errno::ENOSYS));
    }
}
