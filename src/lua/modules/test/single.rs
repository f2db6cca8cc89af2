//! One test, or one group of them: what runs it and what is told of it.

use std::rc::Rc;
use std::time::{Duration, Instant};

use mlua::{Function, MultiValue};

use super::event::{Event, Failure, Id, Outcome};
use super::scope::{self, Inherited, Scope, Sort};
use super::state::{Tests, stopped};
use crate::base::error::{Error, Kind};
use crate::base::wait;
use crate::lua::lab::Lab;
use crate::lua::runtime::bind;
use crate::lua::runtime::explain;
use crate::lua::schema::{self, Cx};
use crate::proc;

/// The options of a test.
#[derive(Clone, Default)]
pub struct TestOptions {
    pub timeout: Option<Duration>,
    pub skip: Option<String>,
    pub xfail: Option<String>,
    pub needs: Vec<String>,
    pub own_lab: bool,
}

/// Refuses what has no place in a test, or in what was deferred.
pub fn refuse_inside(tests: &Tests, what: &str) -> Result<(), Error> {
    if tests.tidying.get() {
        return Err(Error::argument(format!("{what} has no place in a deferred function")));
    }
    match tests.inside() {
        Sort::Test => {
            let name = tests.with_top(|top| top.name.clone()).unwrap_or_default();
            Err(Error::argument(format!("{what} has no place inside the test {name:?}"))
                .hint("tests stand side by side; group(name, fn) puts some of them together"))
        }
        _ => Ok(()),
    }
}

/// Runs a test where it stands, if this run is to run it.
pub fn test(
    cx: &Cx<'_>,
    name: &str,
    options: &TestOptions,
    body: Function,
    args: MultiValue,
) -> Result<(), schema::Failure> {
    let (lua, lab, tests) = (cx.lua, cx.lab, Tests::of(cx.lab));
    let id = Id { path: tests.path(name), at: bind::position(lua) };
    tests.enter(&id)?;
    let given = given(&tests);
    let missing = missing(&tests, given.needs.iter().chain(&options.needs))?;
    let skip = options.skip.clone().or(missing);
    // What can't run needs no lab of its own to say so.
    let own_lab = options.own_lab && skip.is_none();
    if !tests.selects(&id.name(), own_lab) {
        tests.tell(Event::Found { test: id, own_lab });
        return Ok(());
    }
    let ending = Ending::begin(lab, id);
    if let Some(reason) = skip {
        ending.tell(Outcome::Skipped { reason });
        return Ok(());
    }
    let time = options.timeout.or(given.timeout).or(tests.settings.borrow().test_timeout);
    let before: Vec<Function> =
        tests.scopes.borrow().iter().flat_map(|s| s.before_each.iter().cloned()).collect();
    let mut scope = Scope::new(Sort::Test, name, lab.mark());
    scope.xfail = options.xfail.clone().or(given.xfail);
    let left = scope::within(lua, lab, scope, &ending.id, time, || {
        for function in before {
            if let Err(raised) = explain::call(lua, lab, function, MultiValue::new())? {
                return Ok(Err(raised));
            }
        }
        Ok(explain::call(lua, lab, body, args)?.map(|_| ()))
    })?;
    let failed = ending.tell(left.outcome());
    go_on(lab, failed)
}

/// Runs a group's body where it stands.
pub fn group(cx: &Cx<'_>, name: &str, options: TestOptions, body: Function) -> Result<(), schema::Failure> {
    let (lua, lab, tests) = (cx.lua, cx.lab, Tests::of(cx.lab));
    let id = Id { path: tests.path(name), at: bind::position(lua) };
    let mut given = given(&tests);
    given.timeout = options.timeout.or(given.timeout);
    given.xfail = options.xfail.or(given.xfail);
    given.needs.extend(options.needs);
    if let Some(reason) = options.skip.or(missing(&tests, given.needs.iter())?) {
        if tests.selects(&id.name(), false) {
            Ending::begin(lab, id).tell(Outcome::Skipped { reason });
        } else {
            tests.tell(Event::Found { test: id, own_lab: false });
        }
        return Ok(());
    }
    let start = Instant::now();
    let mut scope = Scope::new(Sort::Group, name, lab.mark());
    scope.given = given;
    let left = scope::within(lua, lab, scope, &id, None, || {
        Ok(explain::call(lua, lab, body, MultiValue::new())?.map(|_| ()))
    })?;
    let outcome = left.outcome();
    // A group of which nothing is to be told but its tests tells nothing of itself.
    let failed = outcome != Outcome::Passed && {
        tests.tell(Event::Started { test: id.clone() });
        Ending { lab, id, start, checks: lab.checks.get() }.tell(outcome)
    };
    go_on(lab, failed)
}

/// What ends the file ends it here, too.
fn go_on(lab: &Lab, failed: bool) -> Result<(), schema::Failure> {
    if wait::interrupted().is_some() {
        return Err(wait::interrupted_error().into());
    }
    if Tests::of(lab).stopping.get() || failed && Tests::of(lab).settings.borrow().fail_fast {
        Tests::of(lab).stopping.set(true);
        return Err(stopped().into());
    }
    Ok(())
}

/// What the groups around give to a test.
fn given(tests: &Tests) -> Inherited {
    tests.with_top(|top| top.given.clone()).unwrap_or_default()
}

/// Why a test can't run here.
fn missing<'a>(
    tests: &Tests,
    needs: impl Iterator<Item = &'a String>,
) -> Result<Option<String>, schema::Wrong> {
    let missing = tests.settings.borrow().missing.clone();
    for need in needs {
        let found = match &missing {
            Some(missing) => missing(need),
            None => Ok(program_missing(need)),
        };
        if let Some(reason) = found.map_err(|e| schema::Wrong::from(e).within("needs").within("opts"))? {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

/// What can be told without asking the kernel.
fn program_missing(need: &str) -> Option<String> {
    (!proc::installed(need)).then(|| format!("{need} is not installed"))
}

/// A test that has begun, and is to be told of when it ends.
struct Ending<'a> {
    lab: &'a Rc<Lab>,
    id: Id,
    start: Instant,
    checks: u64,
}

impl<'a> Ending<'a> {
    fn begin(lab: &'a Rc<Lab>, id: Id) -> Self {
        Tests::of(lab).tell(Event::Started { test: id.clone() });
        Tests::of(lab).running.replace(Some((id.clone(), Instant::now(), lab.checks.get())));
        Ending { lab, id, start: Instant::now(), checks: lab.checks.get() }
    }

    /// Whether it failed.
    fn tell(self, outcome: Outcome) -> bool {
        let tests = Tests::of(self.lab);
        tests.running.replace(None);
        let failed = outcome.is_failure();
        if failed {
            tests.failed.set(tests.failed.get() + 1);
        }
        let checks = self.lab.checks.get().saturating_sub(self.checks);
        tests.checks.set(tests.checks.get() + checks);
        let seconds = self.start.elapsed().as_secs_f64();
        tests.tell(Event::Ended { test: self.id, outcome, seconds, checks });
        failed
    }
}

/// Tells of the test that `os.exit` ended.
pub fn ended_by_exit(lab: &Rc<Lab>, failures: Vec<Failure>) {
    if let Some((id, start, checks)) = Tests::of(lab).running.take() {
        Ending { lab, id, start, checks }.tell(Outcome::Failed { failures });
    }
}

/// An error of a word that has its place in a test only.
pub fn misplaced(what: &str, where_: &str) -> Error {
    Error::new(Kind::Argument, format!("{what} has its place in {where_}"))
}
