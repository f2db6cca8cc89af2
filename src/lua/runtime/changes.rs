//! What changed in the lab since the last passed check, told with a failed one.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use crate::lua::lab::Lab;
use crate::net::events;
use crate::proc;

/// How many lines a failure shows.
const SHOWN: usize = 20;
/// While calls change the lab, events are taken this often, so that the kernel needn't keep many.
const EVERY: u32 = 4;

/// In a lab of more namespaces the first look would take seconds: the kernel numbers each for each event's sake, and looks
/// along all numbers to do so.
const FOLLOWED: usize = 1000;

/// Follows the lab from the first passed check on; until then it costs nothing.
#[derive(Default)]
pub struct Changes {
    followed: RefCell<Option<events::Changes>>,
    /// When the last check passed; `None`: not yet.
    passed: Cell<Option<Instant>>,
    calls: Cell<u32>,
    /// More than [`FOLLOWED`] namespaces.
    many: Cell<bool>,
}

impl Changes {
    /// A check passed: from now on changes are told with the next one that fails. Microseconds; the first time, when the
    /// lab is read once, 0.1 ms for
    /// each namespace.
    pub fn check_passed(&self, lab: &Lab) {
        let first = self.passed.replace(Some(Instant::now())).is_none();
        let mut followed = self.followed.borrow_mut();
        if first && lab.namespaces.names().is_ok_and(|names| names.len() > FOLLOWED) {
            self.many.set(true);
        } else if first {
            // Where the kernel doesn't tell, a failure goes without it.
            *followed = events::Changes::follow(&lab.namespaces, lab.place.sandboxed).ok();
        } else if let Some(changes) = followed.as_mut() {
            // What fails here is told as lost with the next failure.
            let _ = changes.reset(&lab.namespaces);
        }
    }

    /// Takes in, now and then, what happened.
    pub fn take(&self, lab: &Lab) {
        if self.passed.get().is_none() {
            return;
        }
        let calls = self.calls.get().wrapping_add(1);
        self.calls.set(calls);
        if calls.is_multiple_of(EVERY)
            && let Some(changes) = self.followed.borrow_mut().as_mut()
        {
            // As above.
            let _ = changes.take(&lab.namespaces);
        }
    }

    /// What changed since the last passed check, in short lines: `ns1: eth0 went down`. Only what is different now;
    /// empty before the first passed check. The first 20, and how many more there are.
    pub fn since_check(&self, lab: &Lab) -> Vec<String> {
        let Some(passed) = self.passed.get() else { return Vec::new() };
        let deaths = proc::deaths().into_iter().filter(|(when, _)| *when > passed);
        let mut lines: Vec<String> = deaths.map(|(_, text)| format!("process {text}")).collect();
        if let Some(changes) = self.followed.borrow_mut().as_mut() {
            let told = changes.lines(&lab.namespaces);
            lines.extend(
                told.unwrap_or_else(|e| vec![format!("what changed can't be told: {}", e.message())]),
            );
        }
        if self.many.get() {
            lines.push(format!("changes are not followed in a lab of more than {FOLLOWED} namespaces"));
        }
        let more = lines.len().saturating_sub(SHOWN);
        lines.truncate(SHOWN);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }
}
