//! The lab's first process. It builds the file system's view, starts the script's process in a user namespace
//! below its own (so that the script's root can't undo the view), reaps, passes signals on, and ends with the
//! script. When it ends, the kernel ends every process of the lab.

use std::os::fd::{AsRawFd, OwnedFd};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::PollFlags;
use nix::sched::CloneFlags;
use nix::sys::signal::{self, Signal};
use nix::sys::signalfd::{SfdFlags, SigSet, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus};
use nix::unistd::{ForkResult, Pid};

use super::exe::Sealed;
use super::sys::{Channel, Message};
use super::{Plan, Runner, ids, procfs, script, view};
use crate::base::error::{Error, Kind};
use crate::base::wait::{self, Deadline};

/// Ends this process at once, without the exit handlers of the one that it was forked from.
pub fn exit(status: i32) -> ! {
    // SAFETY: _exit takes no pointers and does not return.
    unsafe { libc::_exit(status) }
}

/// This process's id as `/proc` numbers it. Not getpid: `/proc` may be that of an outer PID namespace.
pub fn own_number() -> Result<i32> {
    let number = std::fs::read_link("/proc/self").context("reading /proc/self")?;
    Ok(number.to_string_lossy().parse().unwrap_or(0))
}

/// Runs as process 1 of the lab until the script ends.
pub fn run(plan: Plan, nsh: Channel, runner: Runner<'_>) -> ! {
    plan.close_outer();
    match start(&plan, &nsh, runner) {
        Ok((script, asks)) => {
            let status = supervise(script, &nsh, asks, plan.terminal.as_ref());
            exit(status.unwrap_or(1))
        }
        Err(e) => {
            nsh.fail(&e);
            exit(3)
        }
    }
}

fn start(plan: &Plan, nsh: &Channel, runner: Runner<'_>) -> Result<(Pid, Channel)> {
    nsh.send(&Message::Pid(own_number()?))?;
    // While the id maps are written.
    Sealed::take(plan.program_out_of_reach)?.enter(&plan.environment)?;
    if nsh.receive()? != Message::Go {
        exit(1);
    }
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    // It may have ended before it could have taken us along.
    if nsh.try_receive()? == Some(Message::Gone) {
        exit(1);
    }
    let devices = view::begin()?;
    let (ours, theirs) = Channel::pair()?;
    // Makes the lab's network while the view is built here.
    // SAFETY: this process has one thread, so the child may do anything.
    let script = match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => {
            // Nothing of the outer world reaches the script.
            plan.close_outer_descriptors(nsh);
            drop((ours, devices));
            script::run(plan, theirs, runner)
        }
        ForkResult::Parent { child } => child,
    };
    drop(theirs);
    let (mut view, proc) = view::build(&plan.places, devices)?;
    let pid = match ours.receive()? {
        // It saw whichever `/proc` there was at that moment.
        Message::Pid(_) if view.own_proc => script.as_raw(),
        Message::Pid(pid) => pid,
        other => return Err(failed(other).into()),
    };
    if plan.maps.is_some() {
        // The same ids once more; setgroups is as it was in the outer one.
        for map in ["uid_map", "gid_map"] {
            proc.write(&format!("{pid}/{map}"), &ids::identity(map)?)?;
        }
    }
    // For good: the machine's network is not needed here, and we could not go back.
    let network = proc.open(&format!("{pid}/ns/net"), OFlag::O_RDONLY)?;
    nix::sched::setns(network, CloneFlags::CLONE_NEWNET).context("entering the lab's network")?;
    view::mount_sys(&mut view);
    for note in &view.notes {
        ours.send(&Message::Note(note.chars().take(1500).collect()))?;
    }
    ours.send(&Message::Built([view.own_proc, view.own_sys, view.cwd_writable]))?;
    match ours.receive()? {
        Message::Ready => {}
        other => return Err(failed(other).into()),
    }
    nsh.send(&Message::Ready)?;
    Ok((script, ours))
}

/// The error for a message that says that the other side gives up.
pub fn failed(message: Message) -> Error {
    match message {
        Message::Failed(text, hint) => {
            hint.into_iter().fold(Error::new(Kind::Unsupported, text), Error::hint)
        }
        other => Error::new(Kind::Io, format!("a process of the sandbox ended too early ({other:?})")),
    }
}

/// Reaps, passes on, and answers what the script's process `asks`, until that ends; returns its exit status.
fn supervise(script: Pid, nsh: &Channel, asks: Channel, terminal: Option<&OwnedFd>) -> Result<i32> {
    use std::os::fd::AsFd;
    let mut asks = Some(asks);
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    mask.thread_block()?;
    let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    loop {
        if let Some(status) = reap(script, nsh)? {
            return Ok(status);
        }
        let mut watched = vec![(signals.as_fd(), PollFlags::POLLIN), (nsh.fd(), PollFlags::POLLIN)];
        watched.extend(asks.as_ref().map(|asks| (asks.fd(), PollFlags::POLLIN)));
        wait::wait_background(&watched, Deadline::NEVER)?;
        while signals.read_signal()?.is_some() {}
        // Whoever asks for anything else, or goes, gets no answer any more.
        asks = asks.filter(|asks| answer(asks).is_ok());
        match nsh.try_receive()? {
            None => {}
            Some(Message::Signal(number)) => pass_on(script, number),
            Some(Message::TakeTerminal) => {
                if let Some(terminal) = terminal {
                    let _ = nix::unistd::tcsetpgrp(terminal, script);
                }
                let _ = signal::killpg(script, Signal::SIGCONT);
            }
            Some(_) => return Ok(1),
        }
    }
}

/// Answers the script's process, if it asks. Without a mount (the lab has no `/proc` of its own) it goes on without.
fn answer(asks: &Channel) -> Result<()> {
    match asks.try_receive()? {
        None => Ok(()),
        Some(Message::Sysctls) => asks.send_descriptors(&[procfs::sysctls()?.fd().as_raw_fd()]),
        Some(other) => Err(failed(other).into()),
    }
}

/// SIGTERM and SIGHUP are for the script alone, which ends its processes itself; what a terminal sends is for its
/// group, as a terminal would send it.
fn pass_on(script: Pid, number: i32) {
    let Ok(signal) = Signal::try_from(number) else { return };
    let _ = match signal {
        Signal::SIGINT | Signal::SIGTSTP | Signal::SIGCONT => signal::killpg(script, signal),
        _ => signal::kill(script, signal),
    };
}

/// Reaps every child that has ended. Returns the script's status once it is among them.
fn reap(script: Pid, nsh: &Channel) -> Result<Option<i32>> {
    loop {
        match nix::sys::wait::waitpid(None, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Exited(pid, status)) if pid == script => return Ok(Some(status)),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == script => {
                nsh.send(&Message::Killed(signal as i32))?;
                return Ok(Some(128 + signal as i32));
            }
            Ok(WaitStatus::Stopped(pid, signal)) if pid == script => {
                nsh.send(&Message::Stopped(signal as i32))?;
            }
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return Ok(None),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}
