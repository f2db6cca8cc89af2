//! The lab's state as text, and what differs between two states.

use std::collections::HashMap;

use mlua::{Lua, Table, Value};

use super::{compare, steady};

/// The parts of a namespace, in the order in which they are shown.
const PARTS: [&str; 23] = [
    "links",
    "addresses",
    "routes",
    "mpls",
    "rules",
    "neighbours",
    "fdb",
    "mdb",
    "vlans",
    "qdiscs",
    "classes",
    "filters",
    "nat",
    "xfrm_states",
    "xfrm_policies",
    "wireguard",
    "nexthops",
    "mptcp",
    "mroute",
    "nft",
    "sockets",
    "sysctls",
    "problems",
];

/// One part's lines.
struct Part {
    name: &'static str,
    lines: Vec<String>,
}

fn lines(value: Value) -> mlua::Result<Vec<String>> {
    let mut out = Vec::new();
    match value {
        Value::Nil => {}
        Value::Table(list) => {
            for item in list.sequence_values::<Value>() {
                out.extend(item?.to_string()?.lines().map(str::to_owned));
            }
        }
        other => out.extend(other.to_string()?.lines().map(str::to_owned)),
    }
    Ok(out)
}

/// The lines that stay while nobody changes anything.
fn steady(lua: &Lua, part: &str, value: Value) -> mlua::Result<Vec<String>> {
    let Value::Table(list) = value else { return lines(value) };
    let mut out = Vec::new();
    for item in list.sequence_values::<Value>() {
        out.extend(steady::line(lua, part, &item?)?);
    }
    Ok(out)
}

fn steady_parts(lua: &Lua, space: &Table) -> mlua::Result<Vec<Part>> {
    PARTS.into_iter().map(|name| Ok(Part { name, lines: steady(lua, name, space.raw_get(name)?)? })).collect()
}

fn parts(space: &Table) -> mlua::Result<Vec<Part>> {
    PARTS.into_iter().map(|name| Ok(Part { name, lines: lines(space.raw_get(name)?)? })).collect()
}

/// The namespaces with their names, `host` first.
fn spaces(state: &Table) -> mlua::Result<Vec<(String, Table)>> {
    let mut out = Vec::new();
    for pair in state.raw_get::<Table>("namespaces")?.pairs::<String, Table>() {
        out.push(pair?);
    }
    out.sort_by(|(a, _), (b, _)| (a != "host", a).cmp(&(b != "host", b)));
    Ok(out)
}

fn show_part(part: &Part, out: &mut String) {
    if part.lines.is_empty() {
        return;
    }
    out.push_str(&format!("{}\n", part.name));
    for line in &part.lines {
        out.push_str(&format!("  {line}\n"));
    }
}

/// A namespace: each part that has anything, with its name above.
pub fn of_space(space: &Table) -> mlua::Result<String> {
    let mut out = String::new();
    parts(space)?.iter().for_each(|part| show_part(part, &mut out));
    Ok(out.trim_end().to_owned())
}

/// The whole lab.
pub fn text(state: &Table) -> mlua::Result<String> {
    let mut out = String::new();
    for (name, space) in spaces(state)? {
        out.push_str(&format!("namespace {name}\n\n{}\n\n", of_space(&space)?));
    }
    show_part(&Part { name: "processes", lines: lines(state.raw_get("processes")?)? }, &mut out);
    Ok(out.trim_end().to_owned())
}

/// What two labs that were built alike have in common.
pub fn comparable(lua: &Lua, state: &Table) -> mlua::Result<Vec<compare::Part>> {
    let mut out = Vec::new();
    for (namespace, space) in spaces(state)? {
        let parts =
            steady_parts(lua, &space)?.into_iter().filter(|part| !["sockets", "nat"].contains(&part.name));
        out.extend(parts.map(|part| compare::Part {
            namespace: namespace.clone(),
            name: part.name.to_owned(),
            lines: part.lines,
        }));
    }
    Ok(out)
}

/// What is in `after` and not in `before` (lines of `+`), and the other way round (`-`), part by part; empty where
/// nothing differs.
pub fn difference(lua: &Lua, before: &Table, after: &Table) -> mlua::Result<String> {
    let (old, new) = (spaces(before)?, spaces(after)?);
    let mut out = String::new();
    for (name, _) in old.iter().filter(|(name, _)| !new.iter().any(|(n, _)| n == name)) {
        out.push_str(&format!("- namespace {name}\n"));
    }
    for (name, space) in &new {
        let Some((_, was)) = old.iter().find(|(n, _)| n == name) else {
            out.push_str(&format!("+ namespace {name}\n"));
            for part in steady_parts(lua, space)? {
                out.push_str(&changes(name, part.name, &[], &part.lines));
            }
            continue;
        };
        for (was, is) in steady_parts(lua, was)?.iter().zip(steady_parts(lua, space)?) {
            out.push_str(&changes(name, is.name, &was.lines, &is.lines));
        }
    }
    let processes = |state: &Table| steady(lua, "processes", state.raw_get("processes")?);
    let (was, is) = (processes(before)?, processes(after)?);
    out.push_str(&changes("", "processes", &was, &is));
    Ok(out)
}

/// The order is of no meaning but where it is part of the line.
pub fn changes(namespace: &str, part: &str, before: &[String], after: &[String]) -> String {
    let mut count: HashMap<&str, i64> = HashMap::new();
    after.iter().for_each(|line| *count.entry(line).or_default() += 1);
    before.iter().for_each(|line| *count.entry(line).or_default() -= 1);
    let mut marked = Vec::new();
    for (lines, mark, sign) in [(before, "-", -1), (after, "+", 1)] {
        for line in lines {
            if let Some(n) = count.get_mut(line.as_str()).filter(|n| **n * sign > 0) {
                *n -= sign;
                marked.push(format!("  {mark} {}\n", line.trim_end()));
            }
        }
    }
    if marked.is_empty() {
        return String::new();
    }
    let place = if namespace.is_empty() { part.to_owned() } else { format!("{namespace}: {part}") };
    format!("{place}\n{}", marked.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_what_went() {
        let of = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
        assert_eq!(changes("a", "links", &of(&["x", "y"]), &of(&["y", "x"])), "");
        assert_eq!(
            changes("a", "links", &of(&["x", "y", "y"]), &of(&["y", "z"])),
            "a: links\n  - x\n  - y\n  + z\n"
        );
        assert_eq!(changes("", "processes", &[], &of(&["p"])), "processes\n  + p\n");
    }
}
