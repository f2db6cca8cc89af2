//! `eventually`: tries until it works, with a deadline.

use std::time::{Duration, Instant};

use mlua::{Function, MultiValue, Value};

use super::test::{event, limited_within, unwinding};
use crate::base::error::{Error, Kind};
use crate::base::wait::{self, Deadline};
use crate::lua::modules::test::Tests;
use crate::lua::registry::Module;
use crate::lua::runtime::bind;
use crate::lua::runtime::changes::Changes;
use crate::lua::runtime::explain;
use crate::lua::schema::{self, Cx, Failure, Shape, opts, param, ret, ty};

struct Retry {
    timeout: Duration,
    interval: Duration,
    message: Option<String>,
}

impl Default for Retry {
    fn default() -> Self {
        Retry { timeout: Duration::from_secs(5), interval: Duration::from_millis(50), message: None }
    }
}

/// What one try came to.
enum Try {
    Done(MultiValue),
    NotYet(Reason),
}

/// Why a try did not work: on one line, with the values side by side where a check in it has them.
struct Reason {
    text: String,
    diff: Option<String>,
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Reason { text, diff: None }
    }
}

/// How long a try may go on once the time is up: enough for one that has a limit of its own.
const GRACE: Duration = Duration::from_secs(2);

fn attempt(cx: &Cx<'_>, f: &Function, deadline: Deadline) -> Result<Try, Failure> {
    let tests = Tests::of(cx.lab);
    let (checks, soft) = (cx.lab.checks.get(), tests.soft_count());
    tests.trying.set(tests.trying.get() + 1);
    tests.doubt.take();
    let call = || explain::call(cx.lua, cx.lab, f.clone(), MultiValue::new());
    let (called, late) = match deadline.left() {
        Some(left) => limited_within(cx.lua, left.saturating_add(GRACE), call),
        None => (call(), false),
    };
    tests.trying.set(tests.trying.get() - 1);
    let called = called?;
    if let Some(e) = unwinding(cx.lab) {
        return Err(e.into());
    }
    let soft = tests.soft_since(soft);
    let came = match called {
        Err(raised) if late => {
            let at = raised.at.map(|at| format!("{at}: ")).unwrap_or_default();
            Try::NotYet(format!("{at}it did not end, and was broken off").into())
        }
        called => outcome(cx, called.map_err(|raised| raised.value), soft)?,
    };
    if matches!(came, Try::NotYet(_)) {
        // What a failing try found counts neither way.
        cx.lab.checks.set(checks);
    } else if cx.lab.checks.get() > checks && tests.trying.get() == 0 {
        cx.lab.part::<Changes>().check_passed(cx.lab);
    }
    Ok(came)
}

fn outcome(
    cx: &Cx<'_>,
    called: Result<MultiValue, Value>,
    soft: Vec<event::Failure>,
) -> Result<Try, Failure> {
    if let (Ok(_), Some(failure)) = (&called, soft.into_iter().next()) {
        let at = failure.at.map(|at| format!("{at}: ")).unwrap_or_default();
        return Ok(Try::NotYet(Reason { text: format!("{at}{}", failure.message), diff: failure.diff }));
    }
    Ok(match called {
        Err(raised) => Try::NotYet(reason(cx, raised)?),
        Ok(results) => match results.front() {
            Some(v @ (Value::Nil | Value::Boolean(false))) => {
                Try::NotYet(format!("it returned {}", schema::describe(v)).into())
            }
            _ => Try::Done(results),
        },
    })
}

fn reason(cx: &Cx<'_>, raised: Value) -> mlua::Result<Reason> {
    let Value::Table(e) = &raised else { return Ok(raised.to_string()?.replace('\n', " ").into()) };
    if !bind::is_error(cx.lua, &raised) {
        return Ok(raised.to_string()?.replace('\n', " ").into());
    }
    let field = |name: &str| e.raw_get::<Option<String>>(name);
    let at = field("at")?.map(|at| format!("{at}: ")).unwrap_or_default();
    // What changed is told with the timeout, once.
    let hint = field("hint")?.map(|hint| format!(" hint: {hint}")).unwrap_or_default();
    let text = format!("{at}{}{hint}", field("message")?.unwrap_or_default()).replace('\n', " ");
    Ok(Reason { text, diff: field("diff")? })
}

fn eventually(cx: &Cx<'_>, f: &Function, options: &Retry) -> Result<MultiValue, Failure> {
    let (start, deadline) = (Instant::now(), Deadline::after(options.timeout));
    let mut tries = 0u64;
    loop {
        tries += 1;
        match attempt(cx, f, deadline)? {
            Try::Done(results) if results.is_empty() => {
                return Ok(MultiValue::from_iter([Value::Number(start.elapsed().as_secs_f64())]));
            }
            Try::Done(results) => return Ok(results),
            Try::NotYet(reason) if deadline.passed() => {
                let what = options.message.as_deref().map(|m| format!("{m}: ")).unwrap_or_default();
                let took = start.elapsed().as_secs_f64();
                let plural = if tries == 1 { "try" } else { "tries" };
                let mut e = Error::new(
                    Kind::Timeout,
                    format!("{what}not within {took:.2} s ({tries} {plural}); the last one: {}", reason.text),
                )
                .changed(cx.lab.part::<Changes>().since_check(cx.lab));
                e.fields_mut().diff = reason.diff;
                e.fields_mut().hint = hint(cx);
                return Err(e.into());
            }
            Try::NotYet(_) => {
                wait::wait(&[], Deadline::after(options.interval).min(deadline))?;
            }
        }
    }
}

/// What explains the last try's failure. Within another `eventually` that is left to that one.
fn hint(cx: &Cx<'_>) -> Option<String> {
    let tests = Tests::of(cx.lab);
    let doubt = if tests.trying.get() == 0 { tests.doubt.take() } else { None };
    doubt.and_then(|explain| explain(cx))
}

pub fn module() -> Module {
    Module::new("eventually", "Calls a function until it works, with a deadline.").callable(
        schema::Function::new(
            "eventually",
            (
                param("fn", ty::function(), "what to try"),
                opts(
                    Shape::<Retry>::new("nsh.eventually.Options")
                        .field("timeout", ty::seconds(), "seconds to go on trying; default 5", |o, v| o.timeout = v)
                        .field("interval", ty::seconds(), "seconds between two tries; default 0.05", |o, v| {
                            o.interval = v
                        })
                        .field("message", ty::string(), "what is waited for, told when it does not come", |o, v| {
                            o.message = Some(v)
                        }),
                ),
            ),
            ret::values::<MultiValue>("any ...", "what `fn` returned; if that is nothing, the seconds that it took"),
            |cx, (f, options)| eventually(cx, &f, &options),
        )
        .doc(
            "Calls `fn` until it works: until it returns nothing, or something other than nil and false, without \
             raising. Returns what `fn` returned; if that is nothing, the seconds that it took. `fn` is called at \
             least once. A check that fails in it, a soft one too, means \"not yet\", and doesn't count. A call that \
             still runs 2 s after the deadline is interrupted.\n\n\
             Raises `timeout` with the last try's reason when the time is up; if a check in it has two values side \
             by side (`diff`), so has this error.",
        ),
    )
}
