//! Scopes: the file, its groups and its tests. Each has what was deferred in it and what was started in it, and ends
//! with both, however it ends.

use std::rc::Rc;
use std::time::{Duration, Instant};

use mlua::{Function, Lua, MultiValue};

use super::event::{Failure, Id, Outcome};
use super::hooks;
use super::state::Tests;
use crate::base::error::Kind;
use crate::base::wait::{self, limit};
use crate::lua::lab::Lab;
use crate::lua::runtime::explain::{self, Explained, Raised};
use crate::lua::{status, watch};

/// How long each deferred function may take.
pub const EACH: Duration = Duration::from_secs(10);
/// How long all of them may take together once the script is interrupted: less than it is given until it is killed.
pub const AFTER_INTERRUPT: Duration = Duration::from_millis(1500);

/// Limits are kept in milliseconds.
const MOMENT: Duration = Duration::from_millis(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    File,
    Group,
    Test,
}

/// What `defer` was given.
pub struct Deferred {
    pub function: Function,
    pub args: MultiValue,
}

/// What the tests within take over from their group.
#[derive(Clone, Default)]
pub struct Inherited {
    pub timeout: Option<Duration>,
    pub needs: Vec<String>,
    pub xfail: Option<String>,
}

/// The file, a group or a test that runs.
pub struct Scope {
    pub sort: Sort,
    pub name: String,
    pub given: Inherited,
    pub deferred: Vec<Deferred>,
    pub before_each: Vec<Function>,
    pub after_each: Vec<Function>,
    pub soft: Vec<Failure>,
    pub skip: Option<String>,
    pub xfail: Option<String>,
    /// What was started later is ended with the scope; see [`Lab::mark`].
    handles: usize,
}

impl Scope {
    pub fn new(sort: Sort, name: &str, handles: usize) -> Self {
        Scope {
            sort,
            name: name.to_owned(),
            given: Inherited::default(),
            deferred: Vec::new(),
            before_each: Vec::new(),
            after_each: Vec::new(),
            soft: Vec::new(),
            skip: None,
            xfail: None,
            handles,
        }
    }
}

/// How a scope ended.
pub struct Left {
    pub failures: Vec<Failure>,
    pub skip: Option<String>,
    pub xfail: Option<String>,
    /// nsh's exit status, if the scope is the whole script.
    pub status: i32,
}

impl Left {
    pub fn outcome(self) -> Outcome {
        let interrupted = wait::interrupted().is_some();
        match (self.xfail, self.skip) {
            (Some(reason), None) if self.failures.is_empty() => Outcome::UnexpectedPass { reason },
            (Some(reason), _) if !interrupted && !self.failures.is_empty() => {
                Outcome::ExpectedFailure { reason, failures: self.failures }
            }
            (_, Some(reason)) if self.failures.is_empty() => Outcome::Skipped { reason },
            _ if self.failures.is_empty() => Outcome::Passed,
            _ => Outcome::Failed { failures: self.failures },
        }
    }
}

/// Runs `body` in a scope of its own that ends with it.
pub fn within(
    lua: &Lua,
    lab: &Rc<Lab>,
    scope: Scope,
    id: &Id,
    time: Option<Duration>,
    body: impl FnOnce() -> mlua::Result<Result<(), Raised>>,
) -> mlua::Result<Left> {
    hooks::enters(lua, lab);
    Tests::of(lab).scopes.borrow_mut().push(scope);
    let (result, late) = limited(lua, time, body);
    let raised = match result {
        Ok(Ok(())) => None,
        Ok(Err(raised)) => Some(explain::explain(lua, &raised)),
        Err(e) => {
            // Lua itself could not go on; what was deferred still may.
            let failure = Failure { message: e.to_string(), ..Failure::default() };
            Some(Explained { failure, status: status::FAILED })
        }
    };
    let raised = match (raised, late) {
        (Some(e), true) => Some(Explained { failure: timed_out(e.failure, time), ..e }),
        (raised, _) => raised,
    };
    let left = leave(lua, lab, raised, id);
    Tests::of(lab).scopes.borrow_mut().pop();
    hooks::left(lab);
    Ok(left)
}

/// Ends the innermost scope, whose code has ended: runs what was deferred there, and ends what it started. The scope
/// stays in its place, empty.
pub fn leave(lua: &Lua, lab: &Rc<Lab>, raised: Option<Explained>, id: &Id) -> Left {
    let tests = Tests::of(lab);
    let (sort, skip, xfail, handles) = tests
        .with_top(|top| (top.sort, top.skip.clone(), top.xfail.clone(), top.handles))
        .unwrap_or((Sort::File, None, None, 0));
    // What unwinds the script is no failure of the scope.
    let raised = raised.filter(|e| {
        let kind = e.failure.kind.as_deref();
        let skipped = skip.is_some() && kind == Some(Kind::Skipped.name());
        let stopped = tests.stopping.get() && kind == Some(Kind::Interrupted.name());
        !skipped && !stopped
    });
    let mut status = raised.as_ref().map_or(status::SUCCESS, |e| e.status);
    let mut failures = tests.soft_since(0);
    failures.extend(raised.map(|e| e.failure));
    let told = !failures.is_empty() && xfail.is_none() && wait::interrupted().is_none();
    if told {
        hooks::failed(lua, lab, sort, id, &mut failures);
    }
    if sort == Sort::Test {
        let scopes = tests.scopes.borrow();
        let after: Vec<Function> =
            scopes.iter().rev().flat_map(|s| s.after_each.iter().rev().cloned()).collect();
        drop(scopes);
        for function in after {
            tidy(lua, lab, Deferred { function, args: MultiValue::new() }, &mut failures);
        }
    }
    while let Some(deferred) = tests.with_top(|top| top.deferred.pop()).flatten() {
        tidy(lua, lab, deferred, &mut failures);
    }
    wait::put_back();
    failures.extend(tests.soft_since(0));
    if !told && wait::interrupted().is_none() {
        // What only the end has shown; what it started still runs.
        match &xfail {
            None if !failures.is_empty() => hooks::failed(lua, lab, sort, id, &mut failures),
            Some(reason) if failures.is_empty() && skip.is_none() => {
                let failure = Failure { message: Outcome::unexpected(reason), ..Failure::default() };
                hooks::failed(lua, lab, sort, id, &mut [failure]);
            }
            _ => {}
        }
    }
    lab.close_since(handles);
    if status == status::SUCCESS && !failures.is_empty() && xfail.is_none() {
        status = status::FAILED;
    }
    Left { failures, skip, xfail, status }
}

/// Runs what was deferred in any scope, and tells on stderr what went wrong: for what ends without ending its scopes
/// one by one.
pub fn tidy_up(lua: &Lua, lab: &Rc<Lab>) -> bool {
    let mut failures = Vec::new();
    let scopes = Tests::of(lab).scopes.borrow().len();
    for scope in (0..scopes).rev() {
        let next = || Tests::of(lab).scopes.borrow_mut().get_mut(scope).and_then(|s| s.deferred.pop());
        while let Some(deferred) = next() {
            tidy(lua, lab, deferred, &mut failures);
        }
    }
    wait::put_back();
    failures.iter().for_each(|failure| eprintln!("{}", explain::text(failure)));
    failures.is_empty()
}

/// Runs one deferred function, within its bound and in spite of an interrupt.
fn tidy(lua: &Lua, lab: &Rc<Lab>, deferred: Deferred, failures: &mut Vec<Failure>) {
    let tests = Tests::of(lab);
    if wait::set_aside() {
        tests.until.set(tests.until.get().or(Some(Instant::now() + AFTER_INTERRUPT)));
        let _ = watch(lua);
    }
    let bound = match tests.until.get() {
        None => EACH,
        // Less than a limit can tell is nothing.
        Some(until) => match until.saturating_duration_since(Instant::now()) {
            left if left < MOMENT => Duration::ZERO,
            left => left,
        },
    };
    let was_tidying = tests.tidying.replace(true);
    let (result, late) = if bound.is_zero() {
        (Ok(Ok(())), true)
    } else {
        limited(lua, Some(bound), || {
            explain::call(lua, lab, deferred.function.clone(), deferred.args).map(|r| r.map(|_| ()))
        })
    };
    tests.tidying.set(was_tidying);
    let mut failure = match result {
        Ok(Ok(())) if late && bound.is_zero() => Failure {
            message: format!("was not run: {AFTER_INTERRUPT:?} after an interrupt the time was over"),
            at: line_of(&deferred.function),
            ..Failure::default()
        },
        Ok(Ok(())) => return,
        Ok(Err(raised)) if late => timed_out(explain::explain(lua, &raised).failure, Some(bound)),
        Ok(Err(raised)) => explain::explain(lua, &raised).failure,
        Err(e) => Failure { message: e.to_string(), ..Failure::default() },
    };
    failure.message = format!("deferred: {}", failure.message);
    failures.push(failure);
}

/// What is told of a limit that ran out, at the line where it did.
fn timed_out(failure: Failure, time: Option<Duration>) -> Failure {
    let message = format!("the time limit of {} s ran out", time.unwrap_or_default().as_secs_f64());
    Failure { kind: Some(Kind::Timeout.name().to_owned()), message, hint: None, diff: None, ..failure }
}

/// Where a Lua function begins.
fn line_of(function: &Function) -> Option<String> {
    let info = function.info();
    Some(format!("{}:{}", info.short_src?, info.line_defined?))
}

/// Calls `f`, which is interrupted when its time is over; whether it was.
fn limited<R>(lua: &Lua, time: Option<Duration>, f: impl FnOnce() -> R) -> (R, bool) {
    let outer = limit::set(time);
    let result = f();
    limit::restore(outer);
    (result, forget_limit(lua))
}

/// As [`limited`], but no longer than what is around it may take: that limit ends more than `f`.
pub fn limited_within<R>(lua: &Lua, time: Duration, f: impl FnOnce() -> R) -> (R, bool) {
    let outer = limit::shorten(time);
    let result = f();
    limit::restore(outer);
    (result, !outer.is_over() && forget_limit(lua))
}

/// Goes on after a limit that ran out; whether one had.
fn forget_limit(lua: &Lua) -> bool {
    let late = wait::forget(wait::OUT_OF_TIME);
    if late {
        let _ = watch(lua);
    }
    late
}
