//! Which namespaces' links changed, and when, for [`crate::net::settle`].

use std::rc::Rc;
use std::time::Instant;

use super::{Namespace, Namespaces};

impl Namespace {
    /// Says that links changed, so that the next probe waits for them to settle.
    pub fn unsettle(&self) {
        self.unsettled.set(Some(Instant::now()));
    }

    /// As [`Namespace::unsettle`], of a link whose other end may be elsewhere.
    pub fn unsettle_link(&self, index: u32) {
        self.unsettle();
        let mut changed = self.changed.borrow_mut();
        if changed.last() != Some(&index) {
            changed.push(index);
        }
    }

    /// The links of which [`Namespace::unsettle_link`] told since the last call.
    pub fn take_changed(&self) -> Vec<u32> {
        let mut changed = self.changed.take();
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// When links last changed, if they did since the last call.
    pub fn take_unsettled(&self) -> Option<Instant> {
        self.unsettled.take()
    }
}

impl Namespaces {
    /// Whether links changed since the last call of [`Namespaces::take_unsettled`].
    pub fn is_unsettled(&self) -> bool {
        let known = self.known.borrow();
        known.values().chain([&self.host]).any(|ns| ns.unsettled.get().is_some())
    }

    /// The namespaces in which links changed since the last call, and when, the last changed ones first; see
    /// [`crate::net::settle`].
    pub fn take_unsettled(&self) -> Vec<(Rc<Namespace>, Instant)> {
        let known = self.known.borrow();
        let all = known.values().chain([&self.host]);
        let mut changed: Vec<_> = all.filter_map(|ns| Some((ns.clone(), ns.take_unsettled()?))).collect();
        changed.sort_by_key(|(_, when)| std::cmp::Reverse(*when));
        changed
    }
}
