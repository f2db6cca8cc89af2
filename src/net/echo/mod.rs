//! The other way round: the command lines of ip(8), bridge(8), sysctl(8), nft(8) that do what a call just did, told
//! to whoever listens (`nsh --echo`, `:echo on`).
//!
//! Each operation that changes something tells after it worked, so that a shell that is given all that was told, as
//! root in an empty network namespace, builds the same network. What nsh leaves to the kernel is left out there, too.
//! Two things differ: nsh makes links with one queue in each direction, and commands take the kernel's default.

mod addr;
mod command;
mod link;
mod neigh;
mod route;
mod rule;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub use command::{Command, quoted};
pub(super) use {addr::*, link::*, neigh::*, route::*, rule::*};

use super::namespace::Namespace;

/// Who is told; the namespaces of a lab share one.
#[derive(Default)]
pub struct Echo {
    listener: RefCell<Option<Listener>>,
    told: Cell<usize>,
}

/// Is called with each line as a shell takes it; a few lines where a command has a here-document.
pub type Listener = Rc<dyn Fn(&str)>;

impl Echo {
    /// From now on tells `listener`, or nobody.
    pub fn listen(&self, listener: Option<Listener>) {
        self.listener.replace(listener);
    }

    pub fn listens(&self) -> bool {
        self.listener.borrow().is_some()
    }

    /// Tells what `commands` returns, which is asked only if somebody listens.
    pub fn tell<C: IntoIterator<Item = Command>>(&self, commands: impl FnOnce() -> C) {
        let Some(listener) = self.listener.borrow().clone() else { return };
        for command in commands() {
            self.told.set(self.told.get() + 1);
            listener(&command.to_string());
        }
    }

    /// How many commands were told so far.
    pub fn told(&self) -> usize {
        self.told.get()
    }

    /// Tells of a command that only looks, as a shell's comment: what the others build doesn't need it.
    pub fn look(&self, command: &str) {
        let Some(listener) = self.listener.borrow().clone() else { return };
        // Each of its lines: a shell would run what follows the first.
        listener(&format!("# {}", command.replace(['\n', '\r'], "\n# ")));
    }
}

/// `sysctl -w NAME=VALUE`.
pub(super) fn sysctl_set(ns: &Namespace, name: &str, value: &str) -> Command {
    Command::within(ns, &["sysctl", "-w"]).word(format!("{name}={value}"))
}

/// `ip netns VERB NAME`.
pub(super) fn namespace(verb: &str, name: &str) -> Command {
    Command::new(&["ip", "netns", verb]).word(name)
}

/// One transaction of nft, its commands behind one another.
pub(super) fn nft(ns: &Namespace, commands: &[String]) -> Command {
    Command::within(ns, &["nft"]).word(commands.join("; "))
}

#[cfg(test)]
mod tests;
