//! Waits for what isn't the kernel's tables: connections, functions, namespaces.

use std::time::{Duration, Instant};

use mlua::Value;

use super::options::{Common, ConnectOptions, CounterOptions};
use crate::error::{Error, Kind};
use crate::lua::schema::{self, Cx, Failure, Wrong};
use crate::lua::traffic::{self, Names};
use crate::net::until::{Look, poll};
use crate::probe::{socket, tcp};
use crate::wait::{self, Deadline};

const INTERVAL: Duration = Duration::from_millis(10);
/// How long one try to connect may take: a lost request is repeated only after a second.
const TRY: Duration = Duration::from_secs(1);

/// Connects until it works.
pub fn connect(cx: &Cx<'_>, address: &str, options: &ConnectOptions) -> Result<f64, Failure> {
    let endpoint = traffic::endpoint(address, None)?;
    traffic::settled(cx)?;
    let (start, deadline) = (Instant::now(), Deadline::after(options.timeout));
    loop {
        // A name may get its address meanwhile.
        let targets = endpoint.targets(cx.ns, &Names(cx), options.family);
        let connected = targets.and_then(|targets| {
            tcp::connect(cx.ns, &targets, &socket::Options::default(), deadline.min(Deadline::after(TRY)))
        });
        match connected {
            Ok(connection) => {
                let took = start.elapsed().as_secs_f64();
                connection.close();
                return Ok(took);
            }
            Err(e) if matches!(e.kind(), Kind::Argument | Kind::Interrupted) => return Err(e.into()),
            Err(e) if wait::interrupted().is_some() => return Err(e.into()),
            Err(e) if deadline.passed() => {
                let text = format!("not within {} s: {}", options.timeout.as_secs_f64(), e.message());
                return Err(Error::new(Kind::Timeout, text).into());
            }
            Err(_) => {
                wait::wait(&[], deadline.min(Deadline::after(INTERVAL)))?;
            }
        }
    }
}

/// Calls `f` until it returns at least the value.
pub fn function(cx: &Cx<'_>, f: &mlua::Function, options: &CounterOptions) -> Result<f64, Failure> {
    let Some(goal) = options.value else {
        return Err(Wrong::new("the option \"value\" is missing (a number)").within("opts").into());
    };
    if options.fresh {
        return Err(Wrong::new("a function counts for itself").within("opts.fresh").into());
    }
    let _ = cx;
    let (start, deadline) = (Instant::now(), Deadline::after(options.timeout));
    loop {
        let got: Value = f.call(())?;
        let is = match got {
            Value::Integer(i) => i as f64,
            Value::Number(n) => n,
            other => {
                let text =
                    format!("the function must return a number, it returned {}", schema::describe(&other));
                return Err(Wrong::new(text).into());
            }
        };
        if is >= goal {
            return Ok(start.elapsed().as_secs_f64());
        }
        if deadline.passed() {
            let text = format!("not within {} s: it is {is} of {goal}", options.timeout.as_secs_f64());
            return Err(Error::new(Kind::Timeout, text).into());
        }
        wait::wait(&[], deadline.min(Deadline::after(INTERVAL)))?;
    }
}

/// Waits until the namespace is there, or gone.
pub fn namespace(cx: &Cx<'_>, name: &str, options: &Common) -> Result<f64, Failure> {
    let all = &cx.lab.namespaces;
    let took = poll(options.timeout, INTERVAL, || {
        let there = all.get(name)?.is_some();
        Ok(match (there, options.gone) {
            (true, false) | (false, true) => Look::Done,
            (true, true) => Look::NotYet(format!("there is a namespace {name}")),
            (false, false) => Look::NotYet(format!("there is no namespace {name}")),
        })
    })?;
    Ok(took.as_secs_f64())
}
