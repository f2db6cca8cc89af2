//! The process that keeps a lab: its entry, its log, and word of it for `nsh up`.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::rc::Rc;

use anyhow::{Context, Result};
use nix::fcntl::{FcntlArg, OFlag};
use nix::sys::prctl;
use nix::sys::signal::SigSet;
use nix::unistd::Pid;

use super::entry::{Entry, Labs};
use super::log::Mover;
use super::record::{MOST_DEATHS, Process, Record, State};
use super::report::{DIED, HERE, Report, Reports, UP, say, tell};
use super::up::Request;
use crate::base::status;
use crate::base::terminal;
use crate::base::wait::{self, limit};
use crate::sandbox::{self, Exit, Keeper, Sandbox};

/// Keeps a lab until it has ended; returns the status for nsh to exit with. `teller` gets a byte when it is up.
pub fn keep(
    labs: &Labs,
    name: &str,
    request: Request<'_>,
    teller: OwnedFd,
    runner: impl FnOnce(&Sandbox, Rc<dyn Fn()>) -> i32,
) -> Result<i32> {
    let record = Record::new(&request.script.name, &request.script.args);
    labs.apart_from(&request.options)?;
    let entry = labs.enter(name, &record).context(Exit(status::FAILED))?;
    let (supervisor, report) = Supervisor::new(entry, record, teller)?;
    supervisor.run(&request.options, move |lab| {
        say(&report, HERE);
        runner(lab, Rc::new(move || stay(&report)))
    })
}

/// The script has ended well: tells so, and waits until the lab is to end.
fn stay(report: &OwnedFd) {
    let _ = terminal::flush();
    limit::begin(None);
    if wait::interrupted().is_none() {
        say(report, UP);
    }
    crate::proc::deaths::watch_over(|death| tell(report, DIED, death));
}

struct Supervisor {
    entry: Entry,
    record: Record,
    /// Where the script's process reports.
    reports: Reports,
    teller: Option<OwnedFd>,
    /// The user's stdout and stderr, and the ends of the lab's that are read from; given to the mover.
    outputs: Option<([OwnedFd; 2], [OwnedFd; 2])>,
    mover: Option<Mover>,
}

impl Supervisor {
    /// Puts pipes in place of stdout and stderr, for the lab to inherit, and `/dev/null` in that of stdin. Also
    /// returns the end of the script's process to report by.
    fn new(entry: Entry, record: Record, teller: OwnedFd) -> Result<(Supervisor, OwnedFd)> {
        let (reports, report) = Reports::new()?;
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let terminals = [cloned(stdout.as_fd())?, cloned(stderr.as_fd())?];
        let (out, their_out) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let (err, their_err) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        for fd in [&out, &err] {
            nix::fcntl::fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        nix::unistd::dup2_stdin(null()?)?;
        nix::unistd::dup2_stdout(their_out)?;
        nix::unistd::dup2_stderr(their_err)?;
        let supervisor = Supervisor {
            entry,
            record,
            reports,
            teller: Some(teller),
            outputs: Some(([out, err], terminals)),
            mover: None,
        };
        Ok((supervisor, report))
    }

    fn run(mut self, options: &sandbox::Policy, runner: impl FnOnce(&Sandbox) -> i32) -> Result<i32> {
        let result = sandbox::keep(options, &mut self, runner);
        if let Some(mover) = &self.mover {
            mover.leave();
        }
        let left = self.entry.leave();
        // A signal ends this process from here on, should the user's terminal be stopped.
        let _ = SigSet::all().thread_unblock();
        if let Some((_, terminals)) = &self.outputs {
            // There was no lab.
            let _ = nix::unistd::dup2_stderr(&terminals[1]);
        }
        if let Some(mover) = self.mover.take() {
            mover.finish();
        }
        let status = result?;
        left.map(|()| status)
    }

    fn write(&self) -> Result<()> {
        self.record.write(&self.entry.directory)
    }

    /// The user's process need not wait any longer, and this one needs neither it nor its terminal.
    fn come_up(&mut self) -> Result<()> {
        self.record.state = State::Up;
        self.write()?;
        prctl::set_pdeathsig(None)?;
        nix::unistd::dup2_stderr(null()?)?;
        if let Some(mover) = &self.mover {
            mover.let_go();
        }
        Ok(())
    }
}

impl Keeper for Supervisor {
    fn outer(&self) -> Vec<RawFd> {
        let (pipes, terminals) = self.outputs.as_ref().map_or((&[][..], &[][..]), |(p, t)| (p, t));
        let outputs = pipes.iter().chain(terminals).map(AsRawFd::as_raw_fd);
        let teller = self.teller.iter().map(AsRawFd::as_raw_fd);
        outputs.chain(teller).chain([self.entry.raw_fd(), self.reports.raw_fd()]).collect()
    }

    fn started(&mut self, first: Pid) -> Result<()> {
        self.record.first = Process::of(first.as_raw());
        self.write()?;
        nix::unistd::dup2_stdout(null()?)?;
        let (Some((pipes, terminals)), Some(teller)) = (self.outputs.take(), self.teller.take()) else {
            return Ok(());
        };
        // What this process itself has to say.
        nix::unistd::dup2_stderr(&terminals[1])?;
        let shown = move || {
            let _ = nix::unistd::write(&teller, &[UP]);
        };
        self.mover = Some(Mover::start(&self.entry.directory, pipes, terminals, shown)?);
        Ok(())
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.reports.fd()
    }

    fn ready(&mut self) -> Result<bool> {
        let Some(Report { what, text, pid }) = self.reports.next()? else { return Ok(false) };
        match (what, pid) {
            (HERE, Some(pid)) if self.record.process.is_none() => self.record.process = Process::of(pid),
            (UP, _) if self.record.state == State::Starting => return self.come_up().map(|()| true),
            (DIED, _) if self.record.deaths.len() < MOST_DEATHS => self.record.deaths.push(text),
            _ => return Ok(false),
        }
        self.write().map(|()| false)
    }
}

fn cloned(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    Ok(fd.try_clone_to_owned()?)
}

fn null() -> Result<File> {
    File::options().read(true).write(true).open("/dev/null").context("opening /dev/null")
}
