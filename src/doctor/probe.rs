//! Some of what `nsh doctor` tries, for tests that need it: only what is asked for, in a sandbox of its own.

use std::fs::File;
use std::io::{Read, Write};

use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use nix::unistd::ForkResult;
use serde::{Deserialize, Serialize};

use super::{TIMEOUT, lab};
use crate::base::error::{Error, Kind, Result};
use crate::net::namespace::Namespaces;
use crate::sandbox::{self, Policy};

/// What was asked for, and whether it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    pub name: String,
    pub ok: bool,
    pub detail: String,
}

/// Whether [`probe`] can say if this is there.
pub fn knows(name: &str) -> bool {
    names().any(|n| n == name)
}

/// All that [`probe`] knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    lab::sandbox_names().chain(lab::names())
}

/// Tries these, in a process of its own. The caller has one thread. Fails where no sandbox can be had.
pub fn probe(names: &[String]) -> Result<Vec<Need>> {
    let (read, write) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    let caller = nix::unistd::getpid();
    // SAFETY: this process has one thread, so the child may do anything.
    let child = match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            drop(read);
            let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
            if nix::unistd::getppid() == caller {
                look(names, write.into());
            }
            // SAFETY: _exit takes no pointers. The caller's exit handlers are not ours to run.
            unsafe { libc::_exit(0) }
        }
    };
    drop(write);
    let mut answer = Vec::new();
    let read = File::from(read).read_to_end(&mut answer);
    let _ = nix::sys::wait::waitpid(child, None);
    read?;
    let none = || Error::new(Kind::Io, "the process that tries what tests need ended too early");
    let answer: Answer = serde_json::from_slice(&answer).map_err(|_| none())?;
    match answer {
        Answer::Found(needs) => Ok(needs),
        Answer::Cannot(text, hint) => {
            let e = Error::new(Kind::Unsupported, text);
            Err(hint.into_iter().fold(e, Error::hint))
        }
    }
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Found(Vec<Need>),
    Cannot(String, Option<String>),
}

fn look(names: &[String], mut answer: File) {
    let mut tell = |found: &Answer| {
        let _ = answer.write_all(&serde_json::to_vec(found).unwrap_or_default());
    };
    let cannot = |e: &Error| Answer::Cannot(e.message(), e.fields().hint.clone());
    let options = Policy { timeout: Some(TIMEOUT), ..Policy::default() };
    let entered = sandbox::run(&options, |inside| {
        let mut checks = lab::sandbox_checks(inside);
        let ns = Namespaces::new(&inside.pins).and_then(|n| n.add("doctor"));
        match ns {
            Ok(ns) => checks.extend(names.iter().filter_map(|name| lab::one(&ns, name))),
            Err(e) => {
                tell(&cannot(&e));
                return 1;
            }
        }
        checks.retain(|check| names.iter().any(|name| name == check.name));
        let needs = checks.into_iter().map(|c| Need { name: c.name.to_owned(), ok: c.ok, detail: c.detail });
        tell(&Answer::Found(needs.collect()));
        0
    });
    if let Err(e) = entered {
        tell(&cannot(&e));
    }
}
