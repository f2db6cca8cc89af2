//! Deep comparison of Lua values, with the places at which they differ.

use std::fmt;

use mlua::{Table, Value};

/// Tables nested deeper than this are compared by identity.
const DEPTH: usize = 64;
/// A value longer than this is cut in a message.
const SHOWN: usize = 200;

/// One place at which two values differ.
#[derive(Debug)]
pub struct Difference {
    /// Such as `[1].mtu`; empty for the value itself.
    path: String,
    got: String,
    want: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "at {}: ", self.path.trim_start_matches('.'))?;
        }
        write!(f, "expected {}, got {}", self.want, self.got)
    }
}

/// Where `got` differs from `want`; empty if they are equal.
pub fn differences(got: &Value, want: &Value) -> Vec<Difference> {
    let mut out = Vec::new();
    compare(got, want, "", 0, &mut out);
    out
}

fn compare(got: &Value, want: &Value, path: &str, depth: usize, out: &mut Vec<Difference>) {
    if let (Value::Table(a), Value::Table(b)) = (got, want) {
        if a.to_pointer() == b.to_pointer() {
            return;
        }
        if depth < DEPTH {
            return compare_tables(a, b, path, depth, out);
        }
    }
    // Value's own equality follows __eq, so two handles of one namespace are equal.
    if got.equals(want).unwrap_or(false) {
        return;
    }
    out.push(Difference { path: path.to_owned(), got: show(got), want: show(want) });
}

fn compare_tables(got: &Table, want: &Table, path: &str, depth: usize, out: &mut Vec<Difference>) {
    let mut keys: Vec<Value> = Vec::new();
    for pair in want.pairs::<Value, Value>().chain(got.pairs::<Value, Value>()).flatten() {
        if !keys.contains(&pair.0) {
            keys.push(pair.0);
        }
    }
    keys.sort_by_key(order);
    for key in keys {
        let step = match &key {
            Value::String(s) => format!("{path}.{}", s.to_string_lossy()),
            other => format!("{path}[{}]", show(other)),
        };
        let a = got.raw_get(&key).unwrap_or(Value::Nil);
        let b = want.raw_get(&key).unwrap_or(Value::Nil);
        compare(&a, &b, &step, depth + 1, out);
    }
}

/// Numbers in their order, then strings in theirs, then the rest.
fn order(key: &Value) -> (u8, i64, String) {
    match key {
        Value::Integer(i) => (0, *i, String::new()),
        Value::String(s) => (1, 0, s.to_string_lossy()),
        other => (2, 0, show(other)),
    }
}

/// A value as Lua would write it: `"eth0"`, `{ 1, mtu = 1500 }`.
pub fn show(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, 0, &mut out);
    if out.chars().count() > SHOWN {
        out = out.chars().take(SHOWN).collect::<String>() + "...";
    }
    out
}

fn write_value(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::String(s) => out.push_str(&format!("{:?}", s.to_string_lossy())),
        Value::Table(t) if depth < 4 && out.len() < 2 * SHOWN => write_table(t, depth, out),
        Value::Table(_) => out.push_str("{...}"),
        other => out.push_str(&other.to_string().unwrap_or_else(|_| other.type_name().to_owned())),
    }
}

fn write_table(table: &Table, depth: usize, out: &mut String) {
    let length = table.raw_len();
    let mut parts = Vec::new();
    for i in 1..=length {
        let mut part = String::new();
        write_value(&table.raw_get(i).unwrap_or(Value::Nil), depth + 1, &mut part);
        parts.push(part);
    }
    let mut named: Vec<(Value, Value)> = table
        .pairs::<Value, Value>()
        .flatten()
        .filter(|(key, _)| !matches!(key, Value::Integer(i) if *i >= 1 && *i as usize <= length))
        .collect();
    named.sort_by_key(|(key, _)| order(key));
    for (key, value) in named {
        let mut part = match &key {
            Value::String(s) => format!("{} = ", s.to_string_lossy()),
            other => format!("[{}] = ", show(other)),
        };
        write_value(&value, depth + 1, &mut part);
        parts.push(part);
    }
    out.push_str(&if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(code: &str) -> Vec<String> {
        let lua = mlua::Lua::new();
        let (got, want): (Value, Value) = lua.load(code).eval().unwrap();
        differences(&got, &want).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equal_tables_have_no_differences() {
        assert!(diff("return {1, {a = 2}}, {1, {a = 2}}").is_empty());
        assert!(diff("return 1, 1.0").is_empty());
        assert!(diff("local t = {} t.t = t; return t, t").is_empty());
    }

    #[test]
    fn differences_name_their_place() {
        assert_eq!(
            diff("return { {mtu = 1400}, x = 1 }, { {mtu = 1500}, y = 2 }"),
            ["at [1].mtu: expected 1500, got 1400", "at x: expected nil, got 1", "at y: expected 2, got nil"]
        );
        assert_eq!(diff("return '1', 1"), ["expected 1, got \"1\""]);
    }
}
