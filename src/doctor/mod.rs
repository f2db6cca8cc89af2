//! `nsh doctor`: what works on this machine, and what to do about the rest.
//!
//! [`machine`] looks at the machine from outside; [`features`] tries each kernel feature in a sandbox of its own, since
//! what counts is what works there.

mod features;
mod machine;
mod modules;
mod probe;
mod report;

use std::time::Duration;

use crate::base::error::Error;
use crate::base::status;
use crate::sandbox::{self, Policy};

pub use probe::{Need, knows, names, probe};

/// How long everything may take; a kernel loads modules on the way.
const TIMEOUT: Duration = Duration::from_secs(120);

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub group: Group,
    /// As it stands in a test's `-- needs:` line: the kernel's word where there is one.
    pub name: &'static str,
    pub ok: bool,
    /// What was found; empty where "ok" says it all.
    pub detail: String,
    /// What to do about it, or what goes without it.
    pub remedy: String,
}

/// In the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Without these no script runs in a sandbox.
    Needed,
    Sandbox,
    Links,
    Qdiscs,
    Filters,
    Firewall,
    Host,
    Tools,
}

impl Group {
    pub fn name(self) -> &'static str {
        match self {
            Group::Needed => "needed",
            Group::Sandbox => "sandbox",
            Group::Links => "links",
            Group::Qdiscs => "qdiscs",
            Group::Filters => "filters",
            Group::Firewall => "firewall",
            Group::Host => "--host",
            Group::Tools => "tools",
        }
    }
}

impl Check {
    pub fn new(group: Group, name: &'static str, ok: bool) -> Check {
        Check { group, name, ok, detail: String::new(), remedy: String::new() }
    }

    /// What was tried: an error says what was found instead, and its hint what to do about it.
    pub fn of(group: Group, name: &'static str, tried: anyhow::Result<()>) -> Check {
        let check = Check::new(group, name, tried.is_ok());
        let Err(e) = tried else { return check };
        let e = Error::of(&*e);
        check.detail(e.message()).remedy(e.fields().hint.clone().unwrap_or_default())
    }

    pub fn detail(mut self, detail: impl Into<String>) -> Check {
        self.detail = detail.into();
        self
    }

    pub fn remedy(mut self, remedy: impl Into<String>) -> Check {
        self.remedy = remedy.into();
        self
    }
}

/// Whether scripts can run here.
fn works(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.ok || check.group != Group::Needed)
}

/// Looks, prints, and returns the exit status: 0 if scripts can run here, 3 if not.
pub fn run(json: bool) -> i32 {
    let mut checks = machine::checks();
    let options = Policy { timeout: Some(TIMEOUT), ..Policy::default() };
    let inside = checks.clone();
    let entered = sandbox::run(&options, move |lab| {
        let mut checks = inside;
        checks.push(Check::new(Group::Needed, "sandbox", true));
        features::add(lab, &mut checks);
        show(checks, json)
    });
    match entered {
        Ok(status) => status,
        Err(e) => {
            checks.push(Check::of(Group::Needed, "sandbox", Err(e)));
            show(checks, json)
        }
    }
}

fn show(mut checks: Vec<Check>, json: bool) -> i32 {
    use std::io::Write;
    // Stable: within a group as they were found.
    checks.sort_by_key(|check| check.group);
    let text = if json { report::json(&checks) } else { report::table(&checks) };
    // A closed stdout is no error.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if works(&checks) { status::SUCCESS } else { status::CANNOT }
}
