//! The commands of a few lines.

use std::time::{Duration, Instant};

use super::mininet::reaches_far;
use super::{Flow, help_of, overview};
use crate::base::error::Error;
use crate::base::wait::{self, Deadline};
use crate::lua::runtime::bind;
use crate::net::addr;
use crate::net::link;
use crate::net::namespace::HOST;
use crate::net::order::of_namespaces;
use crate::repl::Session;
use crate::repl::{names, screen, typed};

pub fn help(session: &mut Session<'_>, name: &str) -> mlua::Result<Flow> {
    let text = if name.is_empty() { overview() } else { help_of(name) };
    session.page(&text);
    Ok(Flow::GoOn)
}

pub fn use_namespace(session: &mut Session<'_>, name: &str) -> mlua::Result<Flow> {
    let name = if name.is_empty() { HOST } else { name };
    match session.lab.namespaces.require(name) {
        Ok(ns) => {
            bind::act_on(session.lua, &ns)?;
            let prefix = match ns.name() {
                HOST => None,
                name => {
                    names::bind_namespaces(session, name)?;
                    let variable = (names::globals(session).namespace)(name);
                    Some(variable.unwrap_or_else(|| format!("namespace.get({name:?})")))
                }
            };
            session.keep_use(prefix);
            *session.current.borrow_mut() = ns;
        }
        Err(e) => session.complain(&e.to_string()),
    }
    Ok(Flow::GoOn)
}

pub fn namespaces(session: &mut Session<'_>, _: &str) -> mlua::Result<Flow> {
    let all = match session.lab.namespaces.all() {
        Ok(all) => all,
        Err(e) => return session.refuse(&e.to_string()),
    };
    let mut rows = Vec::new();
    for ns in &all {
        let links = link::find::all_names(ns).unwrap_or_default();
        let links: Vec<&str> = links.iter().map(String::as_str).filter(|l| *l != "lo").collect();
        let addresses = addr::list(ns, &addr::Addr::default()).unwrap_or_default();
        let addresses: Vec<String> = addresses
            .iter()
            .map(addr::Addr::prefix)
            .filter(|p| reaches_far(p.ip()))
            .map(|p| p.to_string())
            .collect();
        rows.push([ns.name().to_owned(), screen::fit(&links.join(" "), 40), addresses.join(" ")]);
    }
    rows.sort_by(|[a, ..], [b, ..]| of_namespaces(a, b));
    let line = |line: &String| screen::fit(&screen::harmless(line), screen::size().0) + "\n";
    session.page(&screen::columns(&rows).iter().map(line).collect::<String>());
    Ok(Flow::GoOn)
}

/// Splits `EXPR SECONDS`; a number alone at the end is the seconds, unless all of it is one, or what is before it goes
/// on with it. `Err` for a number that is no interval.
fn interval(arguments: &str) -> Result<(&str, Duration), &str> {
    const USUAL: Duration = Duration::from_secs(2);
    const LEAST: Duration = Duration::from_millis(50);
    let Some((expr, last)) = arguments.rsplit_once(char::is_whitespace) else {
        return Ok((arguments, USUAL));
    };
    let Ok(seconds) = last.parse::<f64>() else { return Ok((arguments, USUAL)) };
    match Duration::try_from_secs_f64(seconds) {
        Ok(interval) if interval >= LEAST => Ok((expr.trim(), interval)),
        _ => Err(last),
    }
}

pub fn watch(session: &mut Session<'_>, arguments: &str) -> mlua::Result<Flow> {
    let (expression, every) = match interval(arguments) {
        Ok(both) => both,
        Err(wrong) => {
            return session
                .refuse(&format!("the seconds between two looks are a number from 0.05, not {wrong}"));
        }
    };
    let Some(lua) = typed::meant(session, expression) else { return Ok(Flow::GoOn) };
    if expression.is_empty() {
        return session.refuse("usage: :watch EXPR [SECONDS], such as :watch link.stats(\"eth0\") 1");
    }
    loop {
        if session.colours.on() {
            print!("\x1b[H\x1b[2J");
        }
        let head = format!("every {} s: {expression}  (Ctrl-C ends it)", every.as_secs_f64());
        session.hint(&screen::fit(&head, screen::size().0));
        if !session.evaluate(&lua)? {
            return Ok(Flow::GoOn);
        }
        if wait::wait(&[], Deadline::after(every)).is_err() {
            return Ok(Flow::GoOn);
        }
    }
}

/// `-n COUNT EXPR`: how often, and what.
fn repeated(arguments: &str) -> Result<(usize, &str), &str> {
    let Some(rest) = arguments.strip_prefix("-n").filter(|rest| rest.starts_with(char::is_whitespace)) else {
        return Ok((1, arguments));
    };
    let (count, expression) = rest.trim_start().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    match count.parse() {
        Ok(count) if count > 0 => Ok((count, expression.trim())),
        _ => Err(count),
    }
}

pub fn time(session: &mut Session<'_>, arguments: &str) -> mlua::Result<Flow> {
    let (count, expression) = match repeated(arguments) {
        Ok(both) => both,
        Err(wrong) => {
            return session.refuse(&format!(":time -n: expected a number from 1, got {wrong:?}"));
        }
    };
    if expression.is_empty() {
        return session.refuse("usage: :time [-n COUNT] EXPR, such as :time ping(\"127.0.0.1\")");
    }
    let Some(lua) = typed::meant(session, expression) else { return Ok(Flow::GoOn) };
    let mut took = Vec::new();
    for _ in 0..count {
        let started = Instant::now();
        let well = if count == 1 { session.evaluate(&lua)? } else { session.run_unseen(&lua)? };
        took.push(started.elapsed());
        if !well || wait::interrupted().is_some() {
            break;
        }
    }
    took.sort();
    let text = match took[..] {
        [first, .., last] => {
            let median = took[took.len() / 2];
            format!("{} times: least {first:.3?}, median {median:.3?}, most {last:.3?}", took.len())
        }
        _ => format!("took {:.3?}", took.first().copied().unwrap_or_default()),
    };
    session.hint(&text);
    Ok(Flow::GoOn)
}

/// Without an argument the other way than it was.
pub fn echo(session: &mut Session<'_>, argument: &str) -> mlua::Result<Flow> {
    let on = match argument {
        "" => !session.lab.namespaces.reports.listens(),
        "on" => true,
        "off" => false,
        _ => {
            return session.refuse("usage: :echo [on|off]");
        }
    };
    session.echo(on);
    let text = match on {
        true => "from now on each call is followed by the commands that do the same",
        false => "the commands that do the same are no longer shown",
    };
    session.hint(text);
    Ok(Flow::GoOn)
}

pub fn load(session: &mut Session<'_>, path: &str) -> mlua::Result<Flow> {
    if path.is_empty() {
        return session.refuse("usage: :load FILE");
    }
    let path = super::save::home(path);
    if let Err(e) = std::fs::File::open(&path) {
        return session.refuse(&Error::from(e).op(path).to_string());
    }
    let source = format!("dofile({path:?})");
    if session.evaluate(&source)? {
        session.keep(&source);
    }
    Ok(Flow::GoOn)
}

pub fn trace(session: &mut Session<'_>, _: &str) -> mlua::Result<Flow> {
    match session.last_trace.clone() {
        Some(trace) => session.page(&trace),
        None => println!("there was no error"),
    }
    Ok(Flow::GoOn)
}

pub fn reset(session: &mut Session<'_>, _: &str) -> mlua::Result<Flow> {
    match session.can_reset {
        true => Ok(Flow::Reset),
        false => session.refuse(
            "there is no fresh lab to be had here: this is the machine's own network, or an attached lab",
        ),
    }
}

pub fn quit(_: &mut Session<'_>, _: &str) -> mlua::Result<Flow> {
    Ok(Flow::Quit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_at_the_end_is_the_interval() {
        let two = Duration::from_secs(2);
        assert_eq!(interval("link.list()"), Ok(("link.list()", two)));
        assert_eq!(interval("link.list() 0.5"), Ok(("link.list()", Duration::from_millis(500))));
        assert_eq!(interval("ip -br addr 1"), Ok(("ip -br addr", Duration::from_secs(1))));
        assert_eq!(interval("f(1, 2)"), Ok(("f(1, 2)", two)));
        assert_eq!(interval("7"), Ok(("7", two)));
        assert_eq!(interval("x 0"), Err("0"));
        assert_eq!(interval("x -1"), Err("-1"));
    }

    #[test]
    fn how_often_stands_in_front() {
        assert_eq!(repeated("f(1)"), Ok((1, "f(1)")));
        assert_eq!(repeated("-n 10 f(1, 2)"), Ok((10, "f(1, 2)")));
        assert_eq!(repeated("-n"), Ok((1, "-n")));
        assert_eq!(repeated("-n 3"), Ok((3, "")));
        assert_eq!(repeated("-n 0 x"), Err("0"));
        assert_eq!(repeated("-n x y"), Err("x"));
    }
}
