//! The lab of a prompt, which is written down like one that `nsh up` made: a second window enters it.

use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use anyhow::{Result, bail};
use nix::unistd::Pid;

use super::entry::{Entry, Labs};
use super::record::{Process, Record, State};
use super::report::{HERE, Report, Reports, say};
use crate::base::error::{Error, Kind};
use crate::sandbox::{self, Keeper, Policy, Sandbox};

/// Names that are tried before a prompt goes without.
const MOST: usize = 1000;

/// Runs a prompt in a lab that is found by a name. Where it can't be written down (without a directory for labs, say),
/// it is a prompt all the same. `script` is what it runs first, with its arguments.
pub fn prompt(
    options: &Policy,
    script: Option<(String, Vec<String>)>,
    runner: impl FnOnce(&Sandbox) -> i32,
) -> Result<i32> {
    if options.host {
        return sandbox::run(options, runner);
    }
    let Ok((mut keeper, report)) = Window::open(options, script) else {
        return sandbox::run(options, runner);
    };
    let result = sandbox::keep(options, &mut keeper, move |lab| {
        say(&report, HERE);
        runner(lab)
    });
    // What can't be removed is removed by whoever looks next.
    let _ = keeper.entry.leave();
    result
}

/// The prompt's lab, seen from outside.
struct Window {
    entry: Entry,
    record: Record,
    reports: Reports,
}

impl Window {
    fn open(options: &Policy, script: Option<(String, Vec<String>)>) -> Result<(Window, OwnedFd)> {
        let labs = Labs::open()?;
        labs.apart_from(options)?;
        let (name, args) = script.unwrap_or_else(|| ("(prompt)".to_owned(), Vec::new()));
        let record = Record::new(&name, &args);
        let entry = enter(&labs, &record)?;
        let (reports, report) = Reports::new()?;
        Ok((Window { entry, record, reports }, report))
    }
}

/// By the first name that is free: `prompt`, `prompt2`, ...
fn enter(labs: &Labs, record: &Record) -> Result<Entry> {
    for number in 1..MOST {
        let name = if number == 1 { "prompt".to_owned() } else { format!("prompt{number}") };
        match labs.enter(&name, record) {
            Err(e) if Error::of(&*e).kind() == Kind::Exists => {}
            entered => return entered,
        }
    }
    bail!("there are too many prompts")
}

impl Keeper for Window {
    fn outer(&self) -> Vec<RawFd> {
        vec![self.entry.raw_fd(), self.reports.raw_fd()]
    }

    fn grace(&self) -> Duration {
        sandbox::GRACE
    }

    fn started(&mut self, first: Pid) -> Result<()> {
        self.record.first = Process::of(first.as_raw());
        self.record.write(&self.entry.directory)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.reports.fd()
    }

    fn ready(&mut self) -> Result<bool> {
        if let Some(Report { what: HERE, pid: Some(pid), .. }) = self.reports.next()? {
            self.reports.close();
            self.record.process = Process::of(pid);
            self.record.state = State::Up;
            self.record.write(&self.entry.directory)?;
        }
        Ok(false)
    }
}
