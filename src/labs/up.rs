//! `nsh up`: two processes outside of the lab. The one that the user started waits until the lab is up, or has
//! failed, and passes signals on meanwhile. The other one keeps the lab, as nsh's first process does for any script (see
//! [`crate::sandbox`]), but in a session of its own, so that no terminal ends it.
//!
//! While the script runs, the two end together: killing the first ends the second, which ends the lab.

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::PollFlags;
use nix::sys::prctl;
use nix::sys::signal::{self, SigSet, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus};
use nix::unistd::{ForkResult, Pid};

use super::entry::{Labs, check_name};
use super::inside;
use super::keep;
use crate::base::error::{Error, complain};
use crate::base::status;
use crate::base::wait::{self, Deadline};
use crate::lua::Script;
use crate::sandbox::{self, Exit, Signals, Who};

/// What `nsh up` is asked for.
pub struct Request<'a> {
    pub name: Option<String>,
    pub script: &'a Script,
    pub options: sandbox::Policy,
}

/// Makes a lab, runs the script in it by `runner`, and returns nsh's exit status once the lab is up or has failed.
///
/// `runner` runs in the script's process. It calls its second argument when the script has succeeded; that call returns
/// when the lab is to end.
pub fn up(request: Request<'_>, runner: impl FnOnce(&sandbox::Sandbox, Rc<dyn Fn()>) -> i32) -> Result<i32> {
    let name = name(&request).context(Exit(status::USAGE))?;
    start(&Labs::open()?, &name, request, runner)
}

/// The name that was given, or else the script's file name without its ending.
fn name(request: &Request<'_>) -> Result<String> {
    if let Some(name) = &request.name {
        check_name(name).context("--name")?;
        return Ok(name.clone());
    }
    let script = request.script.name.as_str();
    let base = script.rsplit('/').next().unwrap_or(script);
    let ending = [".lua", ".sh", ".bash", ".markdown", ".md"].into_iter().find(|end| base.ends_with(end));
    let base = ending.and_then(|end| base.strip_suffix(end)).unwrap_or(base);
    check_name(base)
        .map_err(|e| Error::of(&*e).op("up").hint("give the lab a name: nsh up --name NAME ..."))?;
    Ok(base.to_owned())
}

fn start(
    labs: &Labs,
    name: &str,
    request: Request<'_>,
    runner: impl FnOnce(&sandbox::Sandbox, Rc<dyn Fn()>) -> i32,
) -> Result<i32> {
    let signals = Signals::of(&sandbox::ignored_signals())?;
    let (news, teller) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    let user = nix::unistd::getpid();
    // SAFETY: this process has one thread, so the child may do anything.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => {
            drop((news, signals));
            let kept = alone(user).and_then(|()| keep::keep(labs, name, request, teller, runner));
            sandbox::exit(sandbox::exit_status(kept))
        }
        ForkResult::Parent { child } => {
            drop((runner, teller));
            let status = follow(child, &signals, &news)?;
            if status == status::SUCCESS {
                tell(labs, name).context(Exit(status::FAILED))?;
                return Ok(status);
            }
            // It removes the entry itself, unless it was killed.
            if let Err(e) = labs.sweep(name) {
                complain(&*e, status);
            }
            Ok(status)
        }
    }
}

/// Makes a session of its own, which ends with the process that the user started.
fn alone(user: Pid) -> Result<()> {
    prctl::set_pdeathsig(Signal::SIGTERM)?;
    if nix::unistd::getppid() != user {
        sandbox::exit(1);
    }
    nix::unistd::setsid()?;
    // `nsh down` must reach it, whatever nsh up was started with.
    // SAFETY: the default action is no handler.
    unsafe { signal::signal(Signal::SIGTERM, signal::SigHandler::SigDfl) }?;
    SigSet::empty().thread_set_mask()?;
    Ok(())
}

/// Waits until the lab is up, or its supervisor has ended.
fn follow(supervisor: Pid, signals: &Signals, news: &OwnedFd) -> Result<i32> {
    let mut open = true;
    loop {
        let mut watched = vec![(signals.fd(), PollFlags::POLLIN)];
        if open {
            watched.push((news.as_fd(), PollFlags::POLLIN));
        }
        let ready = wait::wait_background(&watched, Deadline::NEVER)?;
        if ready.get(1) == Some(&true) {
            match nix::unistd::read(news, &mut [0]) {
                Ok(1) => return Ok(status::SUCCESS),
                Err(Errno::EINTR) => {}
                _ => open = false,
            }
        }
        while let Some((signal, _)) = signals.next()? {
            match signal {
                Signal::SIGCHLD => {}
                Signal::SIGTSTP => {
                    let _ = signal::kill(supervisor, signal);
                    // It must have stopped before anybody can continue us: its stop takes away a SIGCONT that waits.
                    let stopped = WaitPidFlag::WSTOPPED | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
                    let _ = nix::sys::wait::waitid(nix::sys::wait::Id::Pid(supervisor), stopped);
                    sandbox::stop(Who::Us);
                    let _ = signal::kill(supervisor, Signal::SIGCONT);
                }
                signal => {
                    let _ = signal::kill(supervisor, signal);
                }
            }
        }
        match nix::sys::wait::waitpid(supervisor, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(_, status::SUCCESS)) => {
                let _ = writeln!(
                    std::io::stderr(),
                    "nsh: the script called os.exit or skip, so its lab has ended"
                );
                return Ok(status::FAILED);
            }
            Ok(WaitStatus::Exited(_, status)) => return Ok(status),
            Ok(WaitStatus::Signaled(_, signal, _)) => {
                if signal == Signal::SIGKILL {
                    let _ = writeln!(std::io::stderr(), "nsh: the process that keeps the lab was killed");
                }
                return Ok(128 + signal as i32);
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

/// Says what is there, and what to do with it.
fn tell(labs: &Labs, name: &str) -> Result<()> {
    let namespaces = inside::Inside::of(&labs.find(name)?)?.namespaces()?;
    let one = namespaces.get(1).map_or("host", String::as_str);
    let text = format!(
        "the lab {name} is up: {}\n  \
         nsh exec {name} {one} -- COMMAND\n  \
         nsh attach {name}\n  \
         nsh logs {name}\n  \
         nsh down {name}",
        shortened(&namespaces)
    );
    // Nobody may read it.
    let _ = writeln!(std::io::stdout(), "{text}");
    Ok(())
}

/// The first names of many.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 10;
    match names.len() {
        0..=SHOWN => names.join(", "),
        count => format!("{} and {} more", names[..SHOWN].join(", "), count - SHOWN),
    }
}
