//! The commands of a few lines.

use std::time::{Duration, Instant};

use super::{Flow, overview};
use crate::lua::bind;
use crate::net::addr;
use crate::net::link;
use crate::repl::Session;
use crate::repl::colour::Paint;
use crate::repl::screen;
use crate::wait::{self, Deadline};

pub fn help(session: &mut Session<'_>, _: &str) -> mlua::Result<Flow> {
    session.page(&overview());
    Ok(Flow::GoOn)
}

pub fn use_namespace(session: &mut Session<'_>, name: &str) -> mlua::Result<Flow> {
    let name = if name.is_empty() { crate::net::namespace::HOST } else { name };
    match session.lab.namespaces.require(name) {
        Ok(ns) => {
            bind::act_on(session.lua, &ns)?;
            session.keep_use(ns.name());
            *session.current.borrow_mut() = ns;
        }
        Err(e) => session.complain(&e.to_string()),
    }
    Ok(Flow::GoOn)
}

pub fn namespaces(session: &mut Session<'_>, _: &str) -> mlua::Result<Flow> {
    let all = match session.lab.namespaces.all() {
        Ok(all) => all,
        Err(e) => {
            session.complain(&e.to_string());
            return Ok(Flow::GoOn);
        }
    };
    let mut rows = Vec::new();
    for ns in &all {
        let links = link::find::all_names(ns).unwrap_or_default();
        let links: Vec<&str> = links.iter().map(String::as_str).filter(|l| *l != "lo").collect();
        let addresses = addr::list(ns, &addr::Filter::default()).unwrap_or_default();
        let addresses: Vec<String> = addresses
            .iter()
            .map(addr::Addr::prefix)
            .filter(|p| !p.ip().is_loopback() && !is_link_local(p.ip()))
            .map(|p| p.to_string())
            .collect();
        rows.push((ns.name().to_owned(), links.join(" "), addresses.join(" ")));
    }
    rows.sort_by_key(|(name, ..)| (name != crate::net::namespace::HOST, name.clone()));
    let wide = |f: fn(&(String, String, String)) -> &String| {
        rows.iter().map(|r| screen::width(f(r))).max().unwrap_or(0).min(40)
    };
    let (first, second) = (wide(|r| &r.0), wide(|r| &r.1));
    let mut text = String::new();
    for (name, links, addresses) in &rows {
        let line = format!(
            "{}  {}  {addresses}",
            screen::padded(name, first),
            screen::padded(&screen::fit(links, second), second)
        );
        text.push_str(&screen::fit(line.trim_end(), screen::size().0));
        text.push('\n');
    }
    session.page(&text);
    Ok(Flow::GoOn)
}

fn is_link_local(ip: std::net::IpAddr) -> bool {
    matches!(ip, std::net::IpAddr::V6(ip) if ip.is_unicast_link_local())
}

/// Splits `EXPR SECONDS`; a number alone at the end is the seconds, unless all of it is one.
fn interval(arguments: &str) -> (&str, Duration) {
    const USUAL: Duration = Duration::from_secs(2);
    let seconds = |text: &str| text.parse().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
    match arguments.rsplit_once(char::is_whitespace).map(|(expr, last)| (expr.trim(), seconds(last))) {
        Some((expr, Some(interval))) if interval >= Duration::from_millis(50) => (expr, interval),
        _ => (arguments, USUAL),
    }
}

pub fn watch(session: &mut Session<'_>, arguments: &str) -> mlua::Result<Flow> {
    let (expression, every) = interval(arguments);
    if expression.is_empty() {
        session.complain("usage: :watch EXPR [SECONDS], such as :watch link.stats(\"eth0\") 1");
        return Ok(Flow::GoOn);
    }
    loop {
        if session.colours.on() {
            print!("\x1b[H\x1b[2J");
        }
        let head = format!("every {} s: {expression}  (Ctrl-C ends it)", every.as_secs_f64());
        println!("{}", session.colours.paint(Paint::Hint, &screen::fit(&head, screen::size().0)));
        if !session.evaluate(expression)? {
            return Ok(Flow::GoOn);
        }
        if wait::wait(&[], Deadline::after(every)).is_err() {
            return Ok(Flow::GoOn);
        }
    }
}

pub fn time(session: &mut Session<'_>, expression: &str) -> mlua::Result<Flow> {
    if expression.is_empty() {
        session.complain("usage: :time EXPR, such as :time ping(\"127.0.0.1\")");
        return Ok(Flow::GoOn);
    }
    let started = Instant::now();
    session.evaluate(expression)?;
    let took = started.elapsed();
    println!("{}", session.colours.paint(Paint::Hint, &format!("took {took:.3?}")));
    Ok(Flow::GoOn)
}

/// Without an argument the other way than it was.
pub fn echo(session: &mut Session<'_>, argument: &str) -> mlua::Result<Flow> {
    let on = match argument {
        "" => !session.lab.namespaces.echo.listens(),
        "on" => true,
        "off" => false,
        _ => {
            session.complain("usage: :echo [on|off]");
            return Ok(Flow::GoOn);
        }
    };
    session.echo(on);
    let text = match on {
        true => "from now on each call is followed by the commands that do the same",
        false => "the commands that do the same are no longer shown",
    };
    println!("{}", session.colours.paint(Paint::Hint, text));
    Ok(Flow::GoOn)
}

pub fn load(session: &mut Session<'_>, path: &str) -> mlua::Result<Flow> {
    if path.is_empty() {
        session.complain("usage: :load FILE");
        return Ok(Flow::GoOn);
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
        false => {
            session.complain(
                "there is no fresh lab to be had here: this is the machine's own network, or an attached lab",
            );
            Ok(Flow::GoOn)
        }
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
        assert_eq!(interval("link.list()"), ("link.list()", two));
        assert_eq!(interval("link.list() 0.5"), ("link.list()", Duration::from_millis(500)));
        assert_eq!(interval("1 + 1"), ("1 +", Duration::from_secs(1)));
        assert_eq!(interval("f(1, 2)"), ("f(1, 2)", two));
        assert_eq!(interval("x -1"), ("x -1", two));
    }
}
