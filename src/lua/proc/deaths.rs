//! Processes that ended although the script goes on.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::time::Instant;

use crate::proc::{Exit, Process};

thread_local! {
    /// Those whose end was not seen yet, and whether each was to stay until the script ends it.
    static STARTED: RefCell<Vec<(Weak<Process>, bool)>> = const { RefCell::new(Vec::new()) };
    /// What [`deaths`] has found so far, and when it happened.
    static DEATHS: RefCell<Vec<(Instant, String)>> = const { RefCell::new(Vec::new()) };
}

/// Watches over a process; `stays`: it is not to end before the script ends it.
pub(super) fn watch(process: &Rc<Process>, stays: bool) {
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
                let text = format!("{what} in {place}: {why}{}", process.said());
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

/// Its end is known to the script.
pub(super) fn seen(process: &Rc<Process>) {
    STARTED.with_borrow_mut(|all| all.retain(|(other, _)| !other.ptr_eq(&Rc::downgrade(process))));
}
