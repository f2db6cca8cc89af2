//! The sandbox: a private world for a script, that leaves nothing behind however it ends.
//!
//! Three processes. The one that the user started stays outside: it passes signals in, waits, and exits with the
//! script's status ([`supervise`]). Its child is process 1 of the lab, in a user, mount and PID namespace: it
//! builds the file system's view ([`view`]), reaps, and takes every process of the lab with it when it ends
//! ([`init`]). *Its* child, in a second user namespace below the first, runs the script ([`script`]): root over the
//! lab's networks, but without power over the mounts that it sees, nor over process 1.
//!
//! `--host` has none of that: see [`host`].

mod dev;
mod environment;
mod etc;
mod exe;
mod exit;
mod filter;
mod host;
mod ids;
mod init;
mod job;
mod join;
mod keep;
mod netns;
mod places;
mod procfs;
mod refused;
mod script;
mod shade;
mod signals;
mod streams;
mod supervise;
mod sys;
mod sysfs;
mod terminal;
mod view;

use std::ffi::OsString;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use nix::fcntl::OFlag;
use nix::sched::CloneFlags;
use nix::sys::signal::SigSet;
use nix::sys::stat::Mode;
use nix::unistd::Pid;

use crate::base::error::Error;
use ids::Maps;
use places::Places;
use sys::{Channel, Message};

pub use environment::{Environment, unset};
pub use exe::copy_if_needed;
pub use exit::{Exit, exit_status};
pub use filter::tell_writes;
pub use ids::{Lack, Users};
pub use init::exit;
pub use job::{Who, stop};
pub use join::{Target, join};
pub use keep::Keeper;
pub use places::{is_private, writable};
pub use procfs::MAX_PROCESSES;
pub use refused::{User, user_namespaces};
pub use signals::{Signals, heed_keys, ignored as ignored_signals, is_ignored, reset as reset_signals};
pub use sys::{close_inherited, kernel_version};
pub use sysfs::keep as keep_sys;
pub use terminal::claim as claim_terminal;
pub use view::{HOSTS, PINS};

/// A second Ctrl-C counts from this long after the first (`timeout` and some terminals send it twice).
const SECOND_INTERRUPT: Duration = Duration::from_millis(100);
/// How long a script may take to end after SIGTERM, or after its time limit, before it is killed.
pub const GRACE: Duration = Duration::from_secs(2);
/// The same for a lab that stays up: daemons and what was deferred end in their order.
const KEPT_GRACE: Duration = Duration::from_secs(10);

/// What to run a script in.
#[derive(Debug, Default)]
pub struct Policy {
    /// No sandbox: the machine's own network.
    pub host: bool,
    /// What is writable besides the working directory.
    pub write: Vec<PathBuf>,
    /// Where the script lies, with what it `require`s; stays readable wherever it is.
    pub script_dir: Option<PathBuf>,
    /// The script is ended after this time.
    pub timeout: Option<Duration>,
    /// What of the environment a lab gets besides what programs need: NAME, or NAME=VALUE.
    pub env: Vec<OsString>,
    /// `/etc` is a copy that the script can write to.
    pub own_etc: bool,
    /// What is written in the working directory goes with the lab.
    pub own_cwd: bool,
}

/// What the script runs in.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// False under `--host`.
    pub sandboxed: bool,
    /// Whether the script's root has no rights outside. False under `--host`, and in root's sandbox on a machine without
    /// user namespaces.
    pub confined: bool,
    /// Whether `/proc` shows the lab's processes, numbered as the script sees them.
    pub own_proc: bool,
    /// Whether `/sys` shows the lab's links.
    pub own_sys: bool,
    /// Where namespaces are pinned.
    pub pins: PathBuf,
    /// The file behind the lab's own `/etc/hosts`.
    pub hosts: Option<PathBuf>,
    pub cwd: PathBuf,
    pub cwd_writable: bool,
    pub script_dir: Option<PathBuf>,
    pub users: Users,
    /// RLIMIT_NOFILE, soft and hard, before it was raised.
    pub nofile: (u64, u64),
    /// What could not be had here, and what that costs: for `--trace` and `nsh doctor`.
    pub notes: Vec<String>,
}

type Runner<'a> = Box<dyn FnOnce(&Sandbox) -> i32 + 'a>;

/// What the first process passes on to the others.
struct Plan {
    places: Places,
    environment: Environment,
    /// `None` where root goes without user namespaces.
    maps: Option<Maps>,
    timeout: Option<Duration>,
    /// How long the script may take to end after SIGTERM, or after its time limit, before it is killed.
    grace: Duration,
    /// Descriptors of this process's that are not for the lab.
    outer: Vec<RawFd>,
    /// The controlling terminal.
    terminal: Option<OwnedFd>,
    /// The signals that were ignored (`nohup`, `&` in a script): they stay so.
    ignored: SigSet,
    /// See [`exe::is_out_of_reach`].
    program_out_of_reach: bool,
}

impl Plan {
    fn new(options: &Policy) -> Result<Plan> {
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        Ok(Plan {
            places: Places {
                own_etc: options.own_etc,
                own_cwd: options.own_cwd,
                ..Places::of(&options.write, options.script_dir.as_deref())?
            },
            environment: Environment::passed(&options.env)?,
            maps: Some(Maps::of_this_process()?),
            timeout: options.timeout,
            grace: GRACE,
            outer: Vec::new(),
            terminal: nix::fcntl::open("/dev/tty", flags, Mode::empty()).ok(),
            ignored: signals::ignored(),
            program_out_of_reach: exe::is_out_of_reach(),
        })
    }

    /// For the lab's first process, before anything else.
    fn close_outer(&self) {
        for &fd in &self.outer {
            // SAFETY: their owners are neither used nor dropped in this process.
            unsafe { libc::close(fd) };
        }
    }

    /// For the script's process, which never returns to where they would be dropped.
    fn close_outer_descriptors(&self, nsh: &Channel) {
        let terminal = self.terminal.as_ref().map(AsRawFd::as_raw_fd);
        for fd in terminal.into_iter().chain([nsh.fd().as_raw_fd()]) {
            // SAFETY: their owners are neither used nor dropped in this process any more.
            unsafe { libc::close(fd) };
        }
    }
}

/// Runs `runner` in a new sandbox (or, with `options.host`, on the machine's own network), in a process of its
/// own, and returns nsh's exit status.
///
/// Call it while nsh has one thread and nothing is buffered for stdout. Errors of `--write` and `--env` carry the [`Exit`]
/// of wrong usage; all others say that this machine can't do it, and what to do about it.
pub fn run<'a>(options: &Policy, runner: impl FnOnce(&Sandbox) -> i32 + 'a) -> Result<i32> {
    begin(options, None, Box::new(runner))
}

/// As [`run`], with someone who keeps the lab from outside. Not with `options.host`.
pub fn keep<'a>(
    options: &Policy,
    keeper: &mut dyn Keeper,
    runner: impl FnOnce(&Sandbox) -> i32 + 'a,
) -> Result<i32> {
    begin(options, Some(keeper), Box::new(runner))
}

fn begin(options: &Policy, mut keeper: Option<&mut dyn Keeper>, runner: Runner<'_>) -> Result<i32> {
    let mut plan = Plan::new(options)?;
    if let Some(keeper) = &keeper {
        plan.outer = keeper.outer();
        plan.grace = keeper.grace();
    }
    if options.host {
        return host::run(plan, runner);
    }
    let signals = Signals::of(&plan.ignored)?;
    let (ours, theirs) = Channel::pair()?;
    let first = match start(&mut plan)? {
        Some(pid) => pid,
        None => {
            drop(ours);
            init::run(plan, theirs, runner)
        }
    };
    drop(theirs);
    drop(runner);
    let pid = first;
    let first = supervise::Child::new(first);
    if let Some(keeper) = keeper.as_deref_mut() {
        keeper.started(pid)?;
    }
    let number = match ours.receive()? {
        Message::Pid(number) => number,
        other => return Err(init::failed(other).into()),
    };
    if let Some(maps) = &plan.maps {
        maps.write(number).map_err(|e| Error::of(&*e).hint(refused::remedy(User::of_this_process())))?;
    }
    ours.send(&Message::Go)?;
    supervise::watch(&plan, first, Some(ours), signals, keeper)
}

/// Makes process 1 of the lab: its id, or `None` in itself. Without user namespaces, root goes without.
fn start(plan: &mut Plan) -> Result<Option<Pid>> {
    let namespaces = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC;
    let refusal = match sys::clone_into(namespaces | CloneFlags::CLONE_NEWUSER) {
        Ok(pid) => return Ok(pid),
        Err(e) => e,
    };
    let user = User::of_this_process();
    let explained = refused::explain(refusal, user);
    if user == User::Ordinary {
        return Err(explained.into());
    }
    plan.maps = None;
    match sys::clone_into(namespaces) {
        Ok(Some(pid)) => {
            let _ = writeln!(
                std::io::stderr(),
                "nsh: {}; the lab goes without, so its root is this machine's: run only scripts that you trust",
                explained.message()
            );
            Ok(Some(pid))
        }
        Ok(None) => Ok(None),
        Err(_) => Err(explained.into()),
    }
}
