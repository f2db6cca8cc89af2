//! The script's process: the root of the lab, in a user namespace below that of the lab's first process.

use std::fs;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal};
use nix::unistd::Pid;

use super::sys::{self, Channel, Message};
use super::terminal;
use super::{Plan, Runner, Sandbox, Users, filter, ids, init, procfs, view};
use crate::base::error::{Error, complain};
use crate::base::status;
use crate::base::wait::{self, limit};
use crate::net::inherited::Inherited;
use crate::net::procsys;

/// Enters the lab, runs the script, and ends with its status.
pub fn run(plan: &Plan, init: Channel, runner: Runner<'_>) -> ! {
    let lab = match enter(plan, &init) {
        Ok(lab) => lab,
        Err(e) => {
            init.fail(&e);
            init::exit(status::CANNOT)
        }
    };
    procsys::provide(move || {
        init.send(&Message::Sysctls).ok()?;
        init.receive_descriptors().ok()?.pop()
    });
    finish(&lab, runner)
}

/// Runs the script and ends this process with its status.
pub fn finish(lab: &Sandbox, runner: Runner<'_>) -> ! {
    end(|| runner(lab))
}

/// Ends this process with the status that `f` returns.
pub fn end(f: impl FnOnce() -> i32) -> ! {
    // The unwinding itself was told by the panic hook.
    let status = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_or(1);
    let status = match crate::base::terminal::flush() {
        // That nobody reads it any more is no failure.
        Err(e) if e != Errno::EPIPE => {
            complain(&Error::from(e).op("writing the script's output"), status.max(1))
        }
        _ => status,
    };
    init::exit(match wait::interrupted() {
        Some(signal) if signal > 0 => 128 + signal,
        Some(_) => status.max(1),
        None => status,
    })
}

impl Sandbox {
    /// Takes the terminal at once, so that Ctrl-C reaches the script alone. For prompts; a script gets the terminal when it
    /// first reads from it.
    pub fn claim_terminal(&self) {
        if self.sandboxed {
            terminal::claim();
        }
    }
}

fn enter(plan: &Plan, init: &Channel) -> Result<Sandbox> {
    let mut namespaces = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC;
    if plan.maps.is_some() {
        namespaces |= CloneFlags::CLONE_NEWUSER;
    }
    nix::sched::unshare(namespaces).context("making the lab's network")?;
    init.send(&Message::Pid(init::own_number()?))?;
    // While the view is being built. Where it fails, it is tried again and told.
    let mut inherited = Inherited::default();
    let _ = inherited.look();
    sys::new_session_keyring();
    let filtered = filter::install();

    let mut lab = seen(plan, init)?;
    view::enter_cwd(&lab.cwd)?;
    if let Some(maps) = &plan.maps {
        lab.users = maps.users();
        // A copy of all mounts that belongs to the inner user namespace: the kernel locks them together, and
        // read-only ones read-only.
        nix::sched::unshare(CloneFlags::CLONE_NEWNS).context("locking the lab's mounts")?;
    }
    // A group of its own: `kill 0` in the script reaches the lab alone. The terminal is handed over when the
    // script first asks for it, see the supervisor.
    nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
    let _ = nix::unistd::sethostname(view::HOSTNAME);
    if let Err(e) = inherited.reset() {
        lab.notes.push(format!(
            "{}: namespaces have the machine's network settings, not the kernel's",
            e.message()
        ));
    }
    raise_loopback()?;
    bound(&lab);
    if let Err(e) = filtered.and_then(|()| ids::answer()) {
        lab.notes.push(format!("{}; system calls are not filtered", Error::of(&*e).message()));
    }
    prepare_signals(plan)?;
    init.send(&Message::Ready)?;
    Ok(lab)
}

/// The lab as its first process has built it.
fn seen(plan: &Plan, init: &Channel) -> Result<Sandbox> {
    let mut notes = Vec::new();
    let [own_proc, own_sys, cwd_writable] = loop {
        match init.receive()? {
            Message::Built(all) => break all,
            Message::Note(note) => notes.push(note),
            _ => bail!("the lab's first process ended"),
        }
    };
    Ok(Sandbox {
        sandboxed: true,
        confined: plan.maps.is_some(),
        own_proc,
        own_sys,
        pins: view::PINS.into(),
        hosts: Some(view::HOSTS.into()),
        cwd: plan.places.cwd.clone(),
        cwd_writable,
        script_dir: plan.places.script_dir.clone(),
        users: Users::All,
        nofile: getrlimit(Resource::RLIMIT_NOFILE)?,
        notes,
    })
}

/// `ip link set lo up`, by the oldest of ways: one ioctl.
fn raise_loopback() -> Result<()> {
    use std::os::fd::AsRawFd;
    let socket = std::net::UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: an all-zero ifreq is a valid one.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: request is an ifreq, as the ioctl expects.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw const request) };
    nix::errno::Errno::result(done).context("setting lo up")?;
    Ok(())
}

/// Sets limits: as many descriptors as possible, for many namespaces; a number of processes, counted in this user
/// namespace alone. When memory runs out, the kernel ends the lab first.
fn bound(lab: &Sandbox) {
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    let (soft, hard) = lab.nofile;
    if soft < hard {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
    if lab.confined
        && let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NPROC)
    {
        let bound = hard.min(procfs::MAX_PROCESSES);
        let _ = setrlimit(Resource::RLIMIT_NPROC, bound, bound);
    }
}

/// When the first signal came.
static FIRST: AtomicI64 = AtomicI64::new(0);

/// The first signal interrupts the script; a Ctrl-C after it, a moment later, ends it at once.
extern "C" fn on_signal(number: libc::c_int) {
    if number == libc::SIGALRM {
        return limit::tick();
    }
    let now = limit::milliseconds();
    if number == libc::SIGINT
        && let Some(first) = wait::ending().filter(|signal| *signal > 0)
    {
        if now - FIRST.load(Ordering::SeqCst) < super::SECOND_INTERRUPT.as_millis() as i64 {
            return;
        }
        if !wait::endures() {
            init::exit(128 + first);
        }
        // A function of Lua's own in C, such as string.find with a pattern that goes back and forth, heeds nothing.
        let text = b"nsh: still busy; Ctrl-\\ ends nsh and its lab\n";
        // SAFETY: writes constant bytes to stderr; async-signal-safe.
        unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
        return;
    }
    FIRST.store(now, Ordering::SeqCst);
    wait::interrupt(number);
    limit::arm();
}

/// Installs the handlers that end waits and the script, starts the time limit, and unblocks what nsh had blocked.
pub fn prepare_signals(plan: &Plan) -> Result<()> {
    catch_signals(&plan.ignored, plan.timeout)?;
    SigSet::empty().thread_set_mask()?;
    Ok(())
}

/// Installs the handlers that end waits, and starts the time limits that come by one of them.
pub fn catch_signals(ignored: &SigSet, timeout: Option<Duration>) -> Result<()> {
    wait::init();
    // Without SA_RESTART: a read from the terminal ends, too.
    let action = SigAction::new(SigHandler::Handler(on_signal), SaFlags::empty(), SigSet::empty());
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGALRM] {
        if ignored.contains(signal) {
            continue;
        }
        // SAFETY: the handler calls nothing but async-signal-safe functions.
        unsafe { nix::sys::signal::sigaction(signal, &action) }?;
    }
    limit::begin(timeout);
    Ok(())
}
