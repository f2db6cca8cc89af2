//! What changed in the lab since the last passed check, told with a failed one.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use super::lab::Lab;
use crate::lua::modules::proc;
use crate::net::events;

/// How many lines a failure shows.
const SHOWN: usize = 20;
/// While calls change the lab, events are taken this often, so that the kernel needn't keep many.
const EVERY: u32 = 4;

/// Follows the lab from the first passed check on; until then it costs nothing.
#[derive(Default)]
pub struct Changes {
    followed: RefCell<Option<events::Changes>>,
    /// When the last check passed; `None`: not yet.
    passed: Cell<Option<Instant>>,
    calls: Cell<u32>,
}

impl Lab {
    /// A check passed: from now on changes are told with the next one that fails. Microseconds; the first time, when the
    /// lab is read once, 0.1 ms for
    /// each namespace.
    pub fn check_passed(&self) {
        let first = self.changes.passed.replace(Some(Instant::now())).is_none();
        let mut followed = self.changes.followed.borrow_mut();
        if first {
            // Where the kernel doesn't tell, a failure goes without it.
            *followed = events::Changes::follow(&self.namespaces, self.place.sandboxed).ok();
        } else if let Some(changes) = followed.as_mut() {
            // What fails here is told as lost with the next failure.
            let _ = changes.reset(&self.namespaces);
        }
    }

    /// Takes in, now and then, what happened.
    pub fn take_changes(&self) {
        if self.changes.passed.get().is_none() {
            return;
        }
        let calls = self.changes.calls.get().wrapping_add(1);
        self.changes.calls.set(calls);
        if calls.is_multiple_of(EVERY)
            && let Some(changes) = self.changes.followed.borrow_mut().as_mut()
        {
            // As above.
            let _ = changes.take(&self.namespaces);
        }
    }

    /// What changed since the last passed check, in short lines: `ns1: eth0 went down`. Only what is different now;
    /// empty before the first passed check. The first 20, and how many more there are.
    pub fn changed_since_check(&self) -> Vec<String> {
        let Some(passed) = self.changes.passed.get() else { return Vec::new() };
        let deaths = proc::deaths().into_iter().filter(|(when, _)| *when > passed);
        let mut lines: Vec<String> = deaths.map(|(_, text)| format!("process {text}")).collect();
        if let Some(changes) = self.changes.followed.borrow_mut().as_mut() {
            let told = changes.lines(&self.namespaces);
            lines.extend(
                told.unwrap_or_else(|e| vec![format!("what changed can't be told: {}", e.message())]),
            );
        }
        let more = lines.len().saturating_sub(SHOWN);
        lines.truncate(SHOWN);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }
}
