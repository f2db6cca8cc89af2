//! `--echo`: what a call that changes nothing looks at.

use std::rc::Rc;

use mlua::{Lua, MultiValue, Value};

use crate::base::command::quoted;
use crate::lua::schema::{Cx, FunctionDoc};
use crate::net::done::Done;
use crate::net::namespace::Namespace;

/// A call that may turn out to have changed nothing; it is told as a look then.
pub(super) struct Look {
    told: usize,
    commands: Vec<String>,
    /// Where it looks from, unless it is where it is called.
    from: Option<Rc<Namespace>>,
}

impl Look {
    /// `None` if nobody listens, the function has no command, or nsh's own library calls it.
    pub(super) fn before(cx: &Cx<'_>, doc: &FunctionDoc, args: &MultiValue) -> Option<Self> {
        let reports = &cx.lab.namespaces.reports;
        // An empty list does nothing.
        let lists = doc.listed.is_some() && args.front().is_some_and(Value::is_table);
        let template = doc.command.filter(|_| reports.listens() && !lists && !from_library(cx.lua))?;
        let given = |name: &str| given(doc, args, name);
        // A check says itself where it looks from.
        let from = given("from").filter(|_| doc.name.starts_with("check."));
        let from = from.and_then(|name| cx.lab.namespaces.get(&name).ok().flatten());
        let mut commands: Vec<String> = template.split("; ").map(|part| filled(part, &given)).collect();
        if let Some(last) = commands.last_mut() {
            last.push_str(&unsaid(template, args));
        }
        Some(Look { told: reports.told(), commands, from })
    }

    pub(super) fn tell(&self, cx: &Cx<'_>) {
        if cx.lab.namespaces.reports.told() == self.told {
            self.from.as_deref().unwrap_or(cx.ns).report(Done::Looked(&self.commands));
        }
    }
}

/// Whether the caller is Lua of nsh's own. Below it on the stack are the binding and the line that raises its errors.
fn from_library(lua: &Lua) -> bool {
    let source = lua.inspect_stack(2, |frame| frame.source().short_src.map(|s| s.starts_with("[nsh.")));
    source.flatten().unwrap_or(false)
}

/// What a call says for a word of the command: a parameter of that name, or an option.
fn given(doc: &FunctionDoc, args: &MultiValue, name: &str) -> Option<String> {
    let plain = |value: &Value| match value {
        Value::String(s) => Some(s.to_string_lossy()),
        Value::Integer(_) | Value::Number(_) => value.to_string().ok(),
        Value::UserData(_) => value.to_string().ok(),
        _ => None,
    };
    let named = doc.params.iter().position(|p| p.name == name).and_then(|at| args.get(at));
    let option = || match args.iter().last() {
        Some(Value::Table(options)) => options.raw_get::<Value>(name).ok(),
        _ => None,
    };
    let told = named.and_then(plain).or_else(|| option().as_ref().and_then(plain));
    match name {
        // What clients and servers are given is both in one.
        "host" | "port" if told.is_none() => {
            let address = given(doc, args, "address")?;
            let (host, port) = address.rsplit_once(':')?;
            Some(if name == "host" { host } else { port }.to_owned())
        }
        // Without it, the command has no end.
        "count" if doc.name == "ping" && told.is_none() => Some("1".to_owned()),
        _ => told,
    }
}

/// The options that the command has no words for: ` (with state = "ESTABLISHED")`.
fn unsaid(template: &str, args: &MultiValue) -> String {
    let Some(Value::Table(options)) = args.iter().last() else { return String::new() };
    let said = |name: &str| {
        template.split([' ', ':']).any(|word| word.eq_ignore_ascii_case(name))
            || template.ends_with("show") && matches!(name, "dev" | "table")
    };
    let mut more: Vec<String> = options
        .pairs::<Value, Value>()
        .filter_map(|pair| {
            let (name, value) = pair.ok()?;
            let name = name.as_string()?.to_string_lossy();
            let value = match &value {
                Value::String(text) => format!("{:?}", text.to_string_lossy()),
                Value::Integer(_) | Value::Number(_) | Value::Boolean(_) => value.to_string().ok()?,
                Value::Table(_) => "{...}".to_owned(),
                _ => return None,
            };
            (!said(&name)).then(|| format!("{name} = {value}"))
        })
        .collect();
    more.sort();
    if more.is_empty() { String::new() } else { format!(" (with {})", more.join(", ")) }
}

/// The command with its words in capitals filled in. One that isn't given goes, with the option before it.
fn filled(template: &str, given: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out: Vec<String> = Vec::new();
    for word in template.split(' ') {
        if word.is_empty() || !word.bytes().all(|b| b.is_ascii_uppercase()) {
            let port = given("port").filter(|_| word.contains(":PORT"));
            out.push(port.map_or(word.to_owned(), |port| word.replace("PORT", &port)));
            continue;
        }
        match given(&word.to_lowercase()) {
            Some(value) => out.push(quoted(&value)),
            None if out.last().is_some_and(|before| before.starts_with('-') || before == "dev") => {
                out.pop();
            }
            None => {}
        }
    }
    if out.last().is_some_and(|last| last == "show") {
        for keyword in ["dev", "table"] {
            given(keyword).iter().for_each(|value| out.extend([keyword.to_owned(), quoted(value)]));
        }
    }
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_command_are_filled_in() {
        let given = |name: &str| match name {
            "dst" => Some("10.0.0.1".to_owned()),
            "count" => Some("3".to_owned()),
            "dev" => Some("eth 0".to_owned()),
            _ => None,
        };
        let ping = "ping -c COUNT -i INTERVAL -W TIMEOUT -I FROM DST";
        assert_eq!(filled(ping, &given), "ping -c 3 10.0.0.1");
        assert_eq!(filled("ip neigh get DST dev DEV", &given), "ip neigh get 10.0.0.1 dev 'eth 0'");
        assert_eq!(filled("ip addr show", &given), "ip addr show dev 'eth 0'");
        assert_eq!(filled("nft list ruleset", &given), "nft list ruleset");
        assert_eq!(filled("ip -d link show NAME", &|_| None), "ip -d link show");
    }
}
