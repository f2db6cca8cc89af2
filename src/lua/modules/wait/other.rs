//! Waits for what isn't the kernel's tables: connections, functions, namespaces.

use std::time::Duration;

use mlua::Value;

use super::options::{Common, ConnectOptions, CounterOptions};
use super::seconds;
use crate::base::error::{Error, Kind};
use crate::base::wait::{self, Deadline};
use crate::lua::modules::traffic::{self, Names};
use crate::lua::modules::why;
use crate::lua::schema::{self, Cx, Failure, Wrong};
use crate::net::until::{Look, poll};
use crate::probe::endpoint::Endpoint;
use crate::probe::tcp;

const INTERVAL: Duration = Duration::from_millis(10);
/// How long the first try to connect may take; each one that isn't answered makes it double, for ways that are longer.
const TRY: Duration = Duration::from_secs(1);

/// Connects until it works.
pub fn connect(cx: &Cx<'_>, address: &str, options: &ConnectOptions) -> Result<f64, Failure> {
    let endpoint = traffic::endpoint(address, None)?;
    traffic::settled(cx)?;
    let (deadline, mut patience) = (Deadline::after(options.timeout), TRY);
    let connected = seconds::<Failure>(poll(options.timeout, INTERVAL, || {
        let soon = deadline.min(Deadline::after(patience));
        // A name may get its address meanwhile.
        let targets =
            endpoint.targets(cx.ns, &Names(cx), options.socket.family(&endpoint.host, options.family));
        match targets.and_then(|targets| tcp::connect(cx.ns, &targets, &options.socket, soon)) {
            Ok(connection) => {
                connection.close();
                Ok(Look::Done)
            }
            Err(e) if matches!(e.kind(), Kind::Argument | Kind::Interrupted) => Err(e.into()),
            Err(e) if wait::interrupted().is_some() => Err(e.into()),
            Err(e) => {
                if e.kind() == Kind::Timeout {
                    patience = patience.saturating_mul(2);
                }
                Ok(Look::NotYet(e.message()))
            }
        }
    }));
    connected.map_err(|failure| match failure {
        Failure::User(e) if e.kind() == Kind::Timeout && wait::interrupted().is_none() => {
            explained(cx, e, endpoint, options).into()
        }
        other => other,
    })
}

/// Says why no connection was made, if `why` finds it.
fn explained(cx: &Cx<'_>, e: Error, to: Endpoint, options: &ConnectOptions) -> Error {
    let (ns, family, socket) = (cx.ns.clone(), options.family, options.socket.clone());
    let hint = why::at_last(cx, move |cx| why::connection(&Cx { ns: &ns, ..*cx }, &to, family, &socket));
    match hint {
        Some(hint) => e.hint(hint),
        None => e,
    }
}

/// Calls `f` until it returns at least the value.
pub fn function(f: &mlua::Function, options: &CounterOptions) -> Result<f64, Failure> {
    let Some(goal) = options.value else {
        return Err(Wrong::new("the option \"value\" is missing (a number)").within("opts").into());
    };
    if options.fresh {
        return Err(Wrong::new("a function counts for itself").within("opts.fresh").into());
    }
    seconds::<Failure>(poll(options.timeout, INTERVAL, || {
        let is = match f.call(()).map_err(Failure::from)? {
            Value::Integer(i) => i as f64,
            Value::Number(n) => n,
            other => {
                let text =
                    format!("the function must return a number, it returned {}", schema::describe(&other));
                return Err(Wrong::new(text).into());
            }
        };
        Ok(if is >= goal { Look::Done } else { Look::NotYet(format!("it is {is} of {goal}")) })
    }))
}

/// Waits until the namespace is there, or gone.
pub fn namespace(cx: &Cx<'_>, name: &str, options: &Common) -> Result<f64, Failure> {
    let all = &cx.lab.namespaces;
    seconds::<Failure>(poll(options.timeout, INTERVAL, || {
        let there = all.get(name)?.is_some();
        Ok(match (there, options.gone) {
            (true, false) | (false, true) => Look::Done,
            (true, true) => Look::NotYet(format!("there is a namespace {name}")),
            (false, false) => Look::NotYet(format!("there is no namespace {name}")),
        })
    }))
}
