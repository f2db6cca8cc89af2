//! `:jobs` and `:stop`: what runs beside the prompt.

use mlua::{AnyUserData, Function, Value};

use super::Flow;
use crate::lua::runtime::bind;
use crate::net::order::natural;
use crate::repl::Session;
use crate::repl::screen;

/// Whether a value runs until it is stopped.
fn is_job(session: &Session<'_>, value: &Value) -> bool {
    let class = bind::name_of(session.lua, value).ok().flatten();
    class.is_some() && value.as_userdata().is_some_and(|handle| method(handle, "stop").is_some())
}

fn method(handle: &AnyUserData, name: &str) -> Option<Function> {
    use mlua::ObjectLike;
    handle.get::<Option<Function>>(name).ok().flatten()
}

/// Whether it has come to its end, where that can be asked.
fn has_ended(handle: &AnyUserData) -> bool {
    method(handle, "running").is_some_and(|running| running.call::<bool>(handle).is_ok_and(|runs| !runs))
}

/// The globals that are jobs, but for `_` and `__`.
fn jobs(session: &Session<'_>) -> Vec<(String, AnyUserData)> {
    let globals = session.lua.globals();
    let pairs = globals.pairs::<String, Value>().flatten();
    let named = pairs.filter(|(name, value)| !matches!(name.as_str(), "_" | "__") && is_job(session, value));
    let mut jobs: Vec<(String, AnyUserData)> =
        named.filter_map(|(name, value)| Some((name, value.as_userdata()?.clone()))).collect();
    jobs.sort_by(|(a, _), (b, _)| natural(a, b));
    jobs
}

/// Gives what an expression began a name, unless it has one: without, it would end when Lua next collects garbage.
pub fn name(session: &Session<'_>, value: &Value) -> mlua::Result<Option<String>> {
    let ended = value.as_userdata().is_none_or(has_ended);
    if ended
        || !is_job(session, value)
        || jobs(session).iter().any(|(_, job)| value == &Value::UserData(job.clone()))
    {
        return Ok(None);
    }
    let globals = session.lua.globals();
    let mut names = (1..).map(|number| format!("job{number}"));
    let free = names.find(|name| globals.raw_get::<Value>(name.as_str()).is_ok_and(|value| value.is_nil()));
    if let Some(name) = &free {
        globals.raw_set(name.as_str(), value)?;
    }
    Ok(free)
}

pub fn list(session: &mut Session<'_>, _: &str) -> mlua::Result<Flow> {
    let jobs = jobs(session);
    let row = |(name, job): &(String, AnyUserData)| -> mlua::Result<[String; 2]> {
        let ended = if has_ended(job) { ", ended" } else { "" };
        let what = Value::UserData(job.clone()).to_string()?;
        Ok([name.clone(), screen::harmless(&what) + ended])
    };
    let rows = jobs.iter().map(row).collect::<mlua::Result<Vec<_>>>()?;
    let line = |line: &String| screen::fit(line, screen::size().0) + "\n";
    match rows.is_empty() {
        true => session.hint("nothing runs beside the prompt"),
        false => session.page(&screen::columns(&rows).iter().map(line).collect::<String>()),
    }
    Ok(Flow::GoOn)
}

/// Ends a job; what it gives is shown.
pub fn stop(session: &mut Session<'_>, name: &str) -> mlua::Result<Flow> {
    let names: Vec<String> = jobs(session).into_iter().map(|(name, _)| name).collect();
    if !names.iter().any(|job| job == name) {
        let known = match names.is_empty() {
            true => "nothing runs".to_owned(),
            false => format!("there is {}", names.join(", ")),
        };
        return session.refuse(&match name {
            "" => format!("usage: :stop NAME; {known}"),
            name => format!("there is no job {name}; {known}"),
        });
    }
    let source = format!("{name}:stop()");
    if session.evaluate(&source)? {
        session.keep(&source);
    }
    session.lua.globals().raw_set(name, Value::Nil)?;
    Ok(Flow::GoOn)
}
