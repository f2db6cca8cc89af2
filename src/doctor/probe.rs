//! Some of what `nsh doctor` tries, for tests that need it: only what is asked for, in a sandbox of its own.

use std::fs::File;
use std::io::{Read, Write};

use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use nix::unistd::ForkResult;
use serde::{Deserialize, Serialize};

use super::{Check, TIMEOUT, features};
use crate::base::error::{Error, Kind};
use crate::net::namespace::Namespaces;
use crate::sandbox::{self, Policy, Sandbox};

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
    features::sandbox_names().chain(features::names())
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
            sandbox::exit(0)
        }
    };
    drop(write);
    let mut answer = Vec::new();
    let read = File::from(read).read_to_end(&mut answer);
    let _ = nix::sys::wait::waitpid(child, None);
    read?;
    match serde_json::from_slice(&answer).context("the process that tries what tests need ended too early")? {
        Answer::Found(needs) => Ok(needs),
        Answer::Cannot(text, hint) => {
            Err(hint.into_iter().fold(Error::new(Kind::Unsupported, text), Error::hint).into())
        }
    }
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Found(Vec<Need>),
    Cannot(String, Option<String>),
}

impl Answer {
    fn cannot(e: &anyhow::Error) -> Answer {
        let e = Error::of(&**e);
        Answer::Cannot(e.message(), e.fields().hint.clone())
    }
}

fn look(names: &[String], mut answer: File) {
    let mut tell = |found: &Answer| {
        let _ = answer.write_all(&serde_json::to_vec(found).unwrap_or_default());
        0
    };
    let options = Policy { timeout: Some(TIMEOUT), ..Policy::default() };
    let entered = sandbox::run(&options, |inside| match look_inside(names, inside) {
        Ok(needs) => tell(&Answer::Found(needs)),
        Err(e) => tell(&Answer::cannot(&e)),
    });
    if let Err(e) = entered {
        tell(&Answer::cannot(&e));
    }
}

fn look_inside(names: &[String], inside: &Sandbox) -> Result<Vec<Need>> {
    let mut checks = features::sandbox_checks(inside);
    let ns = Namespaces::new(&inside.pins)?.add("doctor")?;
    checks.extend(names.iter().filter_map(|name| features::one(&ns, name)));
    checks.retain(|check| names.iter().any(|name| name == check.name));
    let need = |c: Check| Need { name: c.name.to_owned(), ok: c.ok, detail: c.detail };
    Ok(checks.into_iter().map(need).collect())
}
