//! Lua values as text, in the way in which Lua would write them.

use mlua::{Table, Value};

/// A value longer than this is cut in a message.
const SHOWN: usize = 200;
/// A table that takes no more than this stands on one line of a diff.
const SHORT: usize = 60;
/// Tables nested deeper than this are not followed in a diff, nor those that have too many lines.
const DEPTH: usize = 16;
const LINES: usize = 2000;

/// A value on one line: `"eth0"`, `{ 1, mtu = 1500 }`.
pub fn show(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, 0, &mut out);
    if out.chars().count() > SHOWN {
        out = out.chars().take(SHOWN).collect::<String>() + "...";
    }
    out
}

/// Where two texts differ that are too long to be quoted whole, and what stands around.
#[derive(Default)]
pub struct Near {
    /// Counted from 1.
    pub byte: usize,
    from: usize,
}

impl Near {
    /// So many characters that both have stand in front.
    const BEFORE: usize = 40;

    /// `None` where both can be quoted from their beginnings, with the place.
    pub fn of(a: &str, b: &str) -> Option<Near> {
        let same: usize =
            a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
        let long = a.chars().count().max(b.chars().count()) > SHOWN;
        (long && same > SHOWN / 2).then(|| Near::at(a, same))
    }

    /// Around this byte, where a character begins.
    pub fn at(text: &str, byte: usize) -> Near {
        let before = text[..byte].char_indices().rev().take(Near::BEFORE).last();
        Near { byte: byte + 1, from: before.map_or(byte, |(i, _)| i) }
    }

    /// What `text` has there, in quotes.
    pub fn quote(&self, text: &str) -> String {
        self.part(text, SHOWN / 2, |part| format!("{part:?}"))
    }

    /// At most so many characters of what `text` has there.
    pub fn part(&self, text: &str, most: usize, show: impl Fn(&str) -> String) -> String {
        let rest = &text[self.from..];
        let end = rest.char_indices().nth(most).map_or(rest.len(), |(i, _)| i);
        let dots = |more: bool| if more { "..." } else { "" };
        format!("{}{}{}", dots(self.from > 0), show(&rest[..end]), dots(end < rest.len()))
    }
}

/// A key as a step in a path: `.mtu`, `[1]`.
pub fn step(key: &Value) -> String {
    match key {
        Value::String(s) if is_name(&s.to_string_lossy()) => format!(".{}", s.to_string_lossy()),
        other => format!("[{}]", show(other)),
    }
}

/// Numbers in their order, then strings in theirs, then the rest.
pub fn order(key: &Value) -> (u8, i64, String) {
    match key {
        Value::Integer(i) => (0, *i, String::new()),
        Value::String(s) => (1, 0, s.to_string_lossy()),
        other => (2, 0, show(other)),
    }
}

/// A string as Lua would write it; bytes that are no UTF-8 are escaped as any others that can't be shown.
pub fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' => out.push(c),
                // As wherever a text of a lab is shown.
                '\x01'..='\x08' | '\x0b'..='\x0c' | '\x0e'..='\x1f' | '\x7f' => {
                    out.push_str(&format!("\\x{:02x}", u32::from(c)));
                }
                c => out.extend(c.escape_debug()),
            }
        }
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out + "\""
}

/// A text as it is, but for bytes that are no UTF-8.
pub fn readable(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

/// A float as Lua prints it: with 14 digits, and never like an integer.
fn float(number: f64) -> String {
    const DIGITS: i32 = 14;
    if !number.is_finite() {
        return number.to_string().to_lowercase();
    }
    let scientific = format!("{number:.*e}", DIGITS as usize - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let short = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if !(-4..DIGITS).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", short(mantissa), exponent.abs());
    }
    let fixed = short(&format!("{number:.*}", (DIGITS - 1 - exponent) as usize));
    if fixed.contains('.') { fixed } else { fixed + ".0" }
}

fn is_name(s: &str) -> bool {
    !s.is_empty()
        && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !s.starts_with(|c: char| c.is_ascii_digit())
}

fn write_value(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::String(s) => out.push_str(&quoted(&s.as_bytes())),
        Value::Number(number) => out.push_str(&float(*number)),
        Value::Table(t) if depth < 4 && out.len() < 2 * SHOWN => write_table(t, depth, out),
        Value::Table(_) => out.push_str("{...}"),
        other => out.push_str(&other.to_string().unwrap_or_else(|_| other.type_name().to_owned())),
    }
}

fn write_table(table: &Table, depth: usize, out: &mut String) {
    let mut parts = Vec::new();
    for (key, value) in entries(table) {
        let mut part = key.map(|key| format!("{key} = ")).unwrap_or_default();
        write_value(&value, depth + 1, &mut part);
        parts.push(part);
    }
    out.push_str(&if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) });
}

/// The array's items, then the other entries by their keys as a constructor has them.
fn entries(table: &Table) -> Vec<(Option<String>, Value)> {
    let length = table.raw_len();
    let mut out: Vec<_> = (1..=length).map(|i| (None, table.raw_get(i).unwrap_or(Value::Nil))).collect();
    let mut named: Vec<(Value, Value)> = table
        .pairs::<Value, Value>()
        .flatten()
        .filter(|(key, _)| !matches!(key, Value::Integer(i) if *i >= 1 && *i as usize <= length))
        .collect();
    named.sort_by_cached_key(|(key, _)| order(key));
    out.extend(named.into_iter().map(|(key, value)| {
        let key = match &key {
            Value::String(s) if is_name(&s.to_string_lossy()) => s.to_string_lossy(),
            other => format!("[{}]", show(other)),
        };
        (Some(key), value)
    }));
    out
}

/// A value on as many lines as make it readable.
pub fn lines(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    write_lines(value, "", "", 0, &mut out);
    out
}

/// A table with a line for each of its entries, even if it is short: to stand beside a long one.
pub fn open_lines(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    match value {
        Value::Table(table) => open(table, "", "", 0, &mut out),
        _ => write_lines(value, "", "", 0, &mut out),
    }
    out
}

fn open(table: &Table, before: &str, behind: &str, depth: usize, out: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    out.push(format!("{indent}{before}{{"));
    for (key, value) in entries(table) {
        let before = key.map(|key| format!("{key} = ")).unwrap_or_default();
        write_lines(&value, &before, ",", depth + 1, out);
    }
    out.push(format!("{indent}}}{behind}"));
}

fn write_lines(value: &Value, before: &str, behind: &str, depth: usize, out: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    match value {
        Value::String(s) if s.to_string_lossy().trim_end_matches('\n').contains('\n') => {
            out.push(format!("{indent}{before}[["));
            out.extend(readable(&s.as_bytes()).lines().map(str::to_owned));
            out.push(format!("]]{behind}"));
        }
        Value::String(s) => out.push(format!("{indent}{before}{}{behind}", quoted(&s.as_bytes()))),
        Value::Table(table) if depth < DEPTH && out.len() < LINES => {
            let short = show(value);
            if short.len() <= SHORT && !short.contains("{...}") {
                return out.push(format!("{indent}{before}{short}{behind}"));
            }
            open(table, before, behind, depth, out);
        }
        other => out.push(format!("{indent}{before}{}{behind}", show(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Value {
        // The interpreter must outlive the value.
        let lua: &'static mlua::Lua = Box::leak(Box::new(mlua::Lua::new()));
        lua.load(code).eval().unwrap()
    }

    #[test]
    fn one_line() {
        assert_eq!(
            show(&of("return { 1, 'a', mtu = 1500, ['a-b'] = { true } }")),
            "{ 1, \"a\", [\"a-b\"] = { true }, mtu = 1500 }"
        );
        assert_eq!(show(&of("return {}")), "{}");
        assert_eq!(show(&of("return 'a\\255b\\27é'")), "\"a\\xffb\\x1bé\"");
    }

    /// As Lua's own `tostring`.
    #[test]
    fn floats_look_like_floats() {
        let numbers = "{ 4/2, 0.1, 1e100, -2.5e-7, 2^53, 1/3, -0.0, 1e14, 123456789012345.0, 1e13, 3.0e-4, \
             1e-5, 100.0, 5e-324, 1/0, -1/0 }";
        let code =
            format!("local out = {numbers} for i, n in ipairs(out) do out[i] = tostring(n) end return out");
        let Value::Table(want) = of(&code) else { panic!("no table") };
        let Value::Table(got) = of(&format!("return {numbers}")) else { panic!("no table") };
        for (want, got) in want.sequence_values::<String>().zip(got.sequence_values::<Value>()) {
            assert_eq!(show(&got.unwrap()), want.unwrap());
        }
    }

    #[test]
    fn long_texts_are_quoted_where_they_differ() {
        let (a, b) = (format!("{}ä=1;", "é".repeat(300)), format!("{}ä=2;", "é".repeat(300)));
        let near = Near::of(&a, &b).unwrap();
        assert_eq!(near.byte, 604);
        assert_eq!(near.quote(&b), format!("...\"{}ä=2;\"", "é".repeat(38)));
        assert!(Near::of("short", "shorter").is_none());
        // One is the beginning of the other.
        let near = Near::of(&a, &a[..600]).unwrap();
        assert_eq!(near.quote(&a[..600]), format!("...\"{}\"", "é".repeat(40)));
    }

    #[test]
    fn long_tables_have_a_line_for_each_entry() {
        let value = of("return { name = ('x'):rep(50), addr = { '10.0.0.1/24' }, 1 }");
        assert_eq!(
            lines(&value),
            ["{", "  1,", "  addr = { \"10.0.0.1/24\" },", &format!("  name = {:?},", "x".repeat(50)), "}"]
        );
        assert_eq!(lines(&of("return 'a\\nb'")), ["[[", "a", "b", "]]"]);
    }

    #[test]
    fn a_table_within_itself_ends() {
        let value = of("local t = { ('x'):rep(80) } t.t = t return t");
        assert!(lines(&value).len() < 100);
    }
}
