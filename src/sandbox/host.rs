//! `--host`: a script on the machine's own network, as `ip` works there. What it makes stays; the processes that it
//! leaves behind are ended.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{self, Signal};
use nix::unistd::{ForkResult, Pid};

use super::signals::Signals;
use super::supervise::{self, Child};
use super::{Plan, Runner, Sandbox, Users, init, script, view};
use crate::base::error::{Error, Kind, complain};
use crate::base::status;
use crate::base::wait;

const CAP_NET_ADMIN: u32 = 12;
const CAP_SYS_ADMIN: u32 = 21;

pub fn run(plan: Plan, runner: Runner<'_>) -> Result<i32> {
    if !has_capabilities() {
        return Err(Error::new(
            Kind::Permission,
            "--host works on the machine's own network and needs root (CAP_NET_ADMIN and CAP_SYS_ADMIN)",
        )
        .hint("use sudo; or leave --host out: a sandbox needs no root")
        .into());
    }
    let signals = Signals::of(&plan.ignored)?;
    // Orphans of the script become our children, so that we find them.
    nix::sys::prctl::set_child_subreaper(true)?;
    let nsh = nix::unistd::getpid();
    // SAFETY: this process has one thread, so the child may do anything.
    let script = match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => {
            drop(signals);
            match enter(&plan, nsh) {
                Ok(lab) => script::finish(&lab, runner),
                Err(e) => init::exit(complain(&*e, status::CANNOT)),
            }
        }
        ForkResult::Parent { child } => child,
    };
    drop(runner);
    let status = supervise::watch(&plan, Child::new(script), None, signals, None);
    end_leftovers();
    status
}

fn enter(plan: &Plan, nsh: Pid) -> Result<Sandbox> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    if nix::unistd::getppid() != nsh {
        init::exit(1);
    }
    let nofile = getrlimit(Resource::RLIMIT_NOFILE)?;
    let _ = setrlimit(Resource::RLIMIT_NOFILE, nofile.1, nofile.1);
    script::prepare_signals(plan)?;
    Ok(Sandbox {
        sandboxed: false,
        confined: false,
        own_proc: true,
        own_sys: true,
        pins: PathBuf::from(view::PINS),
        hosts: None,
        cwd: plan.places.cwd.clone(),
        cwd_writable: true,
        script_dir: plan.places.script_dir.clone(),
        users: Users::All,
        nofile,
        notes: Vec::new(),
    })
}

fn has_capabilities() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or(0);
    [CAP_NET_ADMIN, CAP_SYS_ADMIN].iter().all(|cap| effective & (1 << cap) != 0)
}

/// Kills our children until none is left; those of a killed one become ours in turn.
fn end_leftovers() {
    for _ in 0..100 {
        for child in children() {
            let _ = signal::kill(child, Signal::SIGKILL);
        }
        if matches!(supervise::reap_all(Duration::from_millis(20)), Ok(true)) {
            return;
        }
    }
}

/// Our children, by `/proc`: the kernel's own list of them is optional (CONFIG_PROC_CHILDREN).
fn children() -> Vec<Pid> {
    let us = nix::unistd::getpid().as_raw();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| wait::stat(*pid).is_some_and(|s| s.parent == us))
        .map(Pid::from_raw)
        .collect()
}
