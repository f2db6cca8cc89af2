//! `nsh exec --all`: one command in every namespace of a lab, side by side.

use std::ffi::OsString;
use std::io::Write;

use anyhow::Result;

use super::enter::{spec, status};
use crate::base::error::{Kind, complain};
use crate::net::hosts;
use crate::net::namespace::Namespaces;
use crate::proc::{self, Context, Exit, Process, Spec};
use crate::sandbox::{HOSTS, PINS};

/// In the lab: runs it, with each line of output behind the namespace's name. Returns the status of the first that
/// failed, in the order of the namespaces.
pub fn run(environment: &[(OsString, OsString)], command: &[OsString]) -> Result<i32> {
    let all = Namespaces::new(PINS)?;
    let mut running: Vec<Process> = Vec::new();
    for ns in all.all()? {
        let hosts = hosts::refresh(&all, &ns, HOSTS.as_ref())?;
        let spec =
            Spec { show: Some(ns.name().to_owned()), limit: 0, ..spec(&ns, hosts, environment, command) };
        match proc::spawn(proc::Place::of(&ns)?, &spec, &Context::default()) {
            Ok(process) => running.push(process),
            // It is so in each of them.
            Err(e) if e.kind() == Kind::NotFound => return Ok(complain(&e, status::NO_PROGRAM)),
            Err(e) => return Ok(complain(&e, status::CANNOT_RUN)),
        }
    }
    let mut first = 0;
    for process in &running {
        let output = process.wait(None)?;
        let status = match output.exit {
            Exit::Code(code) => code,
            Exit::Signal(signal) | Exit::Dumped(signal) => 128 + signal,
        };
        if status != 0 {
            first = if first == 0 { status } else { first };
            let _ = writeln!(std::io::stderr(), "nsh: {}: {}", process.place(), output.reason());
        }
    }
    Ok(first)
}
