//! A script's file from beginning to end.

use std::rc::Rc;

use mlua::{Function, Lua, MultiValue, Value};

use super::event::{Event, Failure, Id, Outcome, Sink};
use super::hooks;
use super::scope::{self, Left, Sort};
use super::state::{Settings, Tests};
use crate::base::error::Kind;
use crate::base::wait;
use crate::lua::lab::{Lab, Place};
use crate::lua::modules::with_interpreter;
use crate::lua::runtime::explain;
use crate::lua::runtime::interpreter::{self, Script};
use crate::lua::status;
use crate::net::namespace::expect_bridges;
use crate::net::settle;

/// Runs a script's file in the lab of the calling thread's namespace, tells `sink` what happens, and returns nsh's
/// exit status. `setup` adds what the floors above have (`help`).
///
/// The last event is [`Event::Finished`], unless the lab can't be made: then a reason goes to stderr, and the status
/// is [`status::CANNOT`].
pub fn run(
    place: Place,
    script: &Script,
    trace: bool,
    settings: Settings,
    sink: Rc<dyn Sink>,
    setup: fn(&Lua) -> mlua::Result<()>,
) -> i32 {
    with_interpreter(place, trace, setup, |lua, lab| {
        Tests::of(lab).begin(settings, sink);
        lab.part::<explain::Running>().begin(&script.name, &script.source);
        Tests::of(lab).tell(Event::Began);
        hooks::enters(lua, lab);
        match interpreter::prepare(lua, script)? {
            Ok(chunk) => Ok(execute(lua, lab, chunk, script)),
            Err(syntax) => {
                let failure = explain::of_syntax(lua, &syntax);
                finish(lab, Outcome::Failed { failures: vec![failure] });
                Ok(status::USAGE)
            }
        }
    })
}

fn id(script: &str) -> Id {
    Id { path: vec![script.to_owned()], at: None }
}

/// Runs the file's code, then what it deferred.
fn execute(lua: &Lua, lab: &Rc<Lab>, chunk: Function, script: &Script) -> i32 {
    let args: MultiValue =
        script.args.iter().filter_map(|a| lua.create_string(a).ok().map(Value::String)).collect();
    let raised = match explain::call(lua, lab, chunk, args) {
        // The signal may come so late, or hit a process in its place, that the script ended without noticing.
        Ok(Ok(_)) => wait::interrupted().map(|_| explain::interrupted()),
        Ok(Err(raised)) => Some(explain::explain(lua, &raised)),
        Err(e) => Some(explain::Explained {
            failure: Failure { message: format!("nsh: {e}"), ..Failure::default() },
            status: status::FAILED,
        }),
    };
    let stay = Tests::of(lab).settings.borrow().stay.clone();
    if let Some(stay) = stay.filter(|_| raised.is_none() && Tests::of(lab).well()) {
        // Those who come now send packets that nsh does not see.
        let _ = settle::settle(&lab.namespaces);
        // Programs come from elsewhere from now on.
        expect_bridges();
        stay();
        // That it is to end is no interrupt: what was deferred has its time.
        if let Err(e) = interpreter::resume(lua) {
            eprintln!("nsh: {e}");
        }
    }
    let left = scope::leave(lua, lab, raised, &id(&script.name));
    let status = left.status;
    let outcome = left.outcome();
    let failed = outcome.is_failure();
    finish(lab, outcome);
    match status {
        status::SUCCESS if failed || Tests::of(lab).failed.get() > 0 => status::FAILED,
        status => status,
    }
}

fn finish(lab: &Lab, outcome: Outcome) {
    let checks = lab.checks.get().saturating_sub(Tests::of(lab).checks.get());
    let seconds = Tests::of(lab).began.get().elapsed().as_secs_f64();
    Tests::of(lab).tell(Event::Finished { outcome, seconds, checks });
}

/// `os.exit` ends the script: runs what was deferred and tells what ended. Returns the exit status.
pub fn leave_by_exit(lua: &Lua, lab: &Rc<Lab>, code: i32) -> i32 {
    let tests = Tests::of(lab);
    // What was deferred calls it, too.
    if tests.exiting.replace(true) {
        return code;
    }
    let failure = Failure {
        kind: Some(Kind::Exit.name().to_owned()),
        message: format!("os.exit({code}) ended the script"),
        at: crate::lua::schema::raise::position(lua),
        ..Failure::default()
    };
    let in_test = tests.inside() == Sort::Test;
    let tidy = scope::tidy_up(lua, lab);
    let plain = tests.settings.borrow().plain;
    let mut failures = Vec::new();
    if in_test {
        let soft = tests.soft_since(0);
        super::single::ended_by_exit(lab, soft.into_iter().chain([failure]).collect());
    } else if code != 0 && !plain {
        failures.push(failure);
    }
    // Of the file and the groups that it ended, too, what was kept for their end counts.
    let mut xfail = None;
    for scope in tests.scopes.borrow_mut().iter_mut().rev() {
        failures.splice(0..0, scope.soft.drain(..));
        xfail = scope.xfail.take();
    }
    let outcome = Left { failures, skip: None, xfail, status: code }.outcome();
    let failed = outcome.is_failure() || tests.failed.get() > 0;
    finish(lab, outcome);
    match code {
        0 if !tidy || failed => status::FAILED,
        code => code,
    }
}
