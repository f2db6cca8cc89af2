//! `ip netns exec` within `ip netns exec`.
//!
//! `ip` takes `/sys` away and mounts that of the namespace. Where `/sys` can't be taken away, it looks whether that one is
//! read-only, and mounts a read-only one over it. The lab's own can't be taken away, since it is mounted by another user
//! namespace; that of an outer `ip` can, and then the inner one asks for a writable one, which the kernel refuses in a user
//! namespace whose own is read-only. So nothing takes `/sys` away. A filter of system calls can't read a path, but a
//! thread can; see seccomp_unotify(2).
//!
//! Nor does the kernel mount the same `/sys` over itself, as an inner `ip` for the same namespace asks it to. So the thread
//! puts something else between the two.

use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{self, Receiver};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::{SigSet, SigmaskHow, pthread_sigmask};

use super::filter::{self, ALLOW, NUMBER, give, jump, load};
use crate::base::error::{Error, Result};

const SYS: &[u8] = b"/sys\0";

nix::ioctl_readwrite!(receive, b'!', 0, libc::seccomp_notif);
nix::ioctl_readwrite!(answer, b'!', 1, libc::seccomp_notif_resp);

/// Keeps `/sys` for what this thread starts from now on. Not to be called where this thread itself takes mounts away.
pub fn keep() -> Result<()> {
    let (found, listener) = mpsc::channel();
    // All signals are for the main thread.
    let mut before = SigSet::empty();
    pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), Some(&mut before))?;
    // Before the filter, which is not for the thread.
    let started = std::thread::Builder::new().name("nsh-sys".to_owned()).spawn(move || watch(&listener));
    pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&before), None)?;
    started.map_err(|e| Error::from(e).op("starting a thread"))?;
    let _ = found.send(filter::listen(program())?);
    Ok(())
}

/// Asks about mounts that are taken away while in use.
fn program() -> Vec<libc::sock_filter> {
    let mut p = vec![load(NUMBER)];
    let detached = [
        jump(libc::BPF_JSET, libc::MNT_DETACH as u32, 0, 1),
        give(libc::SECCOMP_RET_USER_NOTIF),
        give(ALLOW),
    ];
    p.extend(filter::on_argument(libc::SYS_umount2, 1, &detached));
    p.push(give(ALLOW));
    p
}

fn watch(listener: &Receiver<OwnedFd>) {
    let Ok(listener) = listener.recv() else { return };
    // A thread that shares its root with others stays in its mount namespace.
    let own = unshare(CloneFlags::CLONE_FS).ok().and_then(|()| File::open("/proc/thread-self/ns/mnt").ok());
    loop {
        // SAFETY: plain numbers, of which all zero are some.
        let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel writes one struct of this type.
        match unsafe { receive(listener.as_raw_fd(), &raw mut call) } {
            Ok(_) => {}
            // Its process has ended.
            Err(Errno::EINTR | Errno::ENOENT) => continue,
            Err(_) => return,
        }
        let kept = is_sys(call.pid, call.data.args[0]);
        if let Some(own) = own.as_ref().filter(|_| kept && is_nested(call.pid)) {
            let _ = part(call.pid, own);
        }
        let flags = if kept { 0 } else { libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32 };
        // As where nothing is mounted.
        let error = if kept { -(Errno::EINVAL as i32) } else { 0 };
        let mut verdict = libc::seccomp_notif_resp { id: call.id, val: 0, error, flags };
        // SAFETY: the kernel reads one struct of this type. A process that has ended needs no answer.
        let _ = unsafe { answer(listener.as_raw_fd(), &raw mut verdict) };
    }
}

fn is_sys(pid: u32, address: u64) -> bool {
    let mut path = [0; SYS.len()];
    let memory = File::open(format!("/proc/{pid}/mem"));
    memory.is_ok_and(|memory| memory.read_exact_at(&mut path, address).is_ok()) && path == SYS
}

/// Whether `ip` has mounted a namespace's `/sys` for a process already: its name is that of the namespace.
fn is_nested(pid: u32) -> bool {
    let mounts = fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default();
    let last = mounts.lines().rfind(|line| line.split(' ').nth(4) == Some("/sys"));
    let source =
        last.and_then(|line| line.split_once(" - sysfs ")).and_then(|(_, rest)| rest.split(' ').next());
    source.is_some_and(|source| source != "sysfs")
}

/// Puts an empty, read-only file system over a process's `/sys`.
fn part(pid: u32, own: &File) -> nix::Result<()> {
    let theirs = File::open(format!("/proc/{pid}/ns/mnt")).map_err(|_| Errno::ESRCH)?;
    setns(theirs, CloneFlags::CLONE_NEWNS)?;
    let done = mount(Some("nsh"), "/sys", Some("tmpfs"), MsFlags::MS_RDONLY, Some("size=0"));
    setns(own, CloneFlags::CLONE_NEWNS)?;
    done
}
