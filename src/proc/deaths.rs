//! Processes that ended although the script goes on.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::BorrowedFd;
use std::rc::{Rc, Weak};
use std::time::Instant;

use nix::poll::PollFlags;

use super::{Exit, Process};
use crate::base::error::Result;
use crate::base::wait::{self, Deadline};

/// What ended in a lab that is up, a line for each: for prompts that are attached to it.
const FILE: &str = "/run/nsh/deaths";

thread_local! {
    /// Those whose end was not seen yet, and whether each was to stay until the script ends it.
    static STARTED: RefCell<Vec<(Weak<Process>, bool)>> = const { RefCell::new(Vec::new()) };
    /// What [`deaths`] has found so far, and when it happened.
    static DEATHS: RefCell<Vec<(Instant, String)>> = const { RefCell::new(Vec::new()) };
    /// Whether this is the process that writes [`FILE`].
    static WRITES: Cell<bool> = const { Cell::new(false) };
}

/// Watches over a process; `stays`: it is not to end before the script ends it.
pub fn watch(process: &Rc<Process>, stays: bool) {
    STARTED.with_borrow_mut(|all| all.push((Rc::downgrade(process), stays)));
}

/// Processes that ended by themselves although the script goes on, each as in
/// `bird -f in r1: killed by SIGSEGV; stderr ended in "..."`, and when, oldest first. Told of are those that were
/// spawned with `ready`, and others that failed; not those that the script sent a signal, or whose end it has seen
/// in the result of `wait`.
pub fn deaths() -> Vec<(Instant, String)> {
    let all = STARTED.with_borrow(|all| all.clone());
    let mut alive = Vec::new();
    let mut found = DEATHS.take();
    for (weak, stays) in all {
        let Some(process) = weak.upgrade() else { continue };
        match process.exit() {
            Ok(None) => alive.push((weak, stays)),
            Ok(Some(exit)) if !process.signalled() && (stays || exit != Exit::Code(0)) => {
                let (what, place, why) = (process.shown(), process.place(), process.reason());
                let text = printable(&format!("{what} in {place}: {why}{}", process.said()));
                found.push((process.ended_at().unwrap_or_else(Instant::now), text));
            }
            _ => {}
        }
    }
    found.sort();
    STARTED.set(alive);
    DEATHS.set(found.clone());
    found
}

/// As [`deaths`], and before them those that the lab's own script has seen, where this is a prompt attached to it.
pub fn of_lab(sandboxed: bool) -> Vec<String> {
    let others = (sandboxed && !WRITES.get()).then(|| fs::read_to_string(FILE).ok()).flatten();
    let others: Vec<String> = others.unwrap_or_default().lines().map(str::to_owned).collect();
    others.into_iter().chain(deaths().into_iter().map(|(_, text)| text)).collect()
}

/// Waits until the lab is to end; meanwhile `tell`s each death, on stderr too, and leaves no zombies.
pub fn watch_over(mut tell: impl FnMut(&str)) {
    WRITES.set(true);
    let mut file = File::options().create(true).append(true).open(FILE).ok();
    let mut told = 0;
    loop {
        let deaths = deaths();
        for (_, text) in deaths.iter().skip(told) {
            let _ = writeln!(std::io::stderr(), "nsh: {text}");
            let _ = file.as_mut().map(|file| writeln!(file, "{text}"));
            tell(text);
        }
        told = deaths.len();
        if next().is_err() {
            return;
        }
    }
}

/// Waits until one ends that nobody has seen yet.
fn next() -> Result<Vec<bool>> {
    let all: Vec<Rc<Process>> =
        STARTED.with_borrow(|all| all.iter().filter_map(|(p, _)| p.upgrade()).collect());
    let fds: Vec<(BorrowedFd<'_>, PollFlags)> = all.iter().map(|p| (p.pidfd(), PollFlags::POLLIN)).collect();
    wait::wait(&fds, Deadline::NEVER)
}

/// A command may have line ends and what else a terminal heeds in it.
fn printable(text: &str) -> String {
    let escaped = |c: char| match c.is_control() {
        true => c.escape_default().collect(),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// Its end is known to the script.
pub fn seen(process: &Rc<Process>) {
    STARTED.with_borrow_mut(|all| all.retain(|(other, _)| !other.ptr_eq(&Rc::downgrade(process))));
}
