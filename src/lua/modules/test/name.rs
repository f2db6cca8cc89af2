//! Names of tests: what they may be, and how `test.each` makes them.

use mlua::{Table, Value};

use super::event::LONGEST_NAME;
use crate::base::text as texts;
use crate::lua::schema::{Type, Wrong, did_you_mean, ty};

/// A name that every report can show on one line.
pub fn name() -> Type<String> {
    ty::string().try_map(|s| match s.trim() {
        "" => Err("expected a name, got an empty string".to_owned()),
        trimmed if trimmed != s => Err("a name has no white space around it".to_owned()),
        _ if s.chars().any(char::is_control) => {
            Err("a name is one line, without control characters".to_owned())
        }
        _ if s.len() > LONGEST_NAME => {
            Err(format!("a name has at most {LONGEST_NAME} bytes, got {}", s.len()))
        }
        _ => Ok(s),
    })
}

/// A case of `test.each`: its key, and its value.
pub struct Case {
    pub key: Value,
    pub value: Value,
    /// The cases are a table by name, and not an array.
    named: bool,
}

/// The cases in the order of an array, or by name.
pub fn cases(table: &Table) -> Result<Vec<Case>, Wrong> {
    let length = table.raw_len();
    let mut all = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair.map_err(|e| Wrong::new(e.to_string()))?;
        all.push(Case { named: key.is_string(), key, value });
    }
    let named = all.iter().all(|case| case.named);
    if all.is_empty() {
        return Err(Wrong::new("expected at least one case, got an empty table"));
    }
    if named {
        all.sort_by_key(|case| text(&case.key));
        return Ok(all);
    }
    if all.len() != length {
        return Err(Wrong::new("expected an array of cases, or a table of cases by name"));
    }
    all.sort_by_key(|case| case.key.as_integer());
    Ok(all)
}

/// The name of a case: `{mtu}` stands for its field, `{}` for itself (in a table by name, for its name). Without
/// either, what tells it from the others is put behind.
pub fn of_case(template: &str, case: &Case) -> Result<String, Wrong> {
    let (mut out, mut rest, mut placed) = (String::new(), template, false);
    while let Some((before, inner, after)) = placeholder(rest) {
        out.push_str(before);
        out.push_str(&text(&fill(inner, case)?));
        (rest, placed) = (after, true);
    }
    out.push_str(rest);
    if !placed {
        out.push_str(&format!(" [{}]", text(&case.key)));
    }
    // A value may have line breaks.
    let line: String = out.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Ok(texts::shortened(line.trim(), LONGEST_NAME).into_owned())
}

/// The next `{word}`: what stands before it, the word, and what follows.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices('{').find_map(|(open, _)| {
        let close = open + text[open..].find('}')?;
        let inner = &text[open + 1..close];
        inner
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_')
            .then(|| (&text[..open], inner, &text[close + 1..]))
    })
}

fn fill(field: &str, case: &Case) -> Result<Value, Wrong> {
    if field.is_empty() {
        return Ok(if case.named { case.key.clone() } else { case.value.clone() });
    }
    let Value::Table(table) = &case.value else {
        return Err(Wrong::new(format!(
            "the case {} has no field {field:?}: it is no table; {{}} stands for itself",
            text(&case.key)
        )));
    };
    let value: Value = match field.parse::<i64>() {
        Ok(index) => table.raw_get(index),
        Err(_) => table.raw_get(field),
    }
    .map_err(|e| Wrong::new(e.to_string()))?;
    if !value.is_nil() {
        return Ok(value);
    }
    let names: Vec<String> = table.pairs::<String, Value>().flatten().map(|(name, _)| name).collect();
    let missing = format!("the case {} has no field {field:?}", text(&case.key));
    Err(Wrong::new(match did_you_mean(field, names.iter().map(String::as_str)) {
        Some(near) => format!("{missing}; did you mean {near:?}?"),
        None => missing,
    }))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(s) => s.to_string_lossy(),
        other => crate::lua::runtime::render::show(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(template: &str, cases_code: &str) -> Vec<String> {
        let lua = mlua::Lua::new();
        let table: Table = lua.load(cases_code).eval().unwrap();
        let cases = cases(&table).unwrap_or_else(|_| panic!("{cases_code}"));
        cases.iter().map(|case| of_case(template, case).unwrap_or_else(|_| "wrong".to_owned())).collect()
    }

    #[test]
    fn placeholders_are_filled_in() {
        assert_eq!(names("mtu {} passes", "return { 68, 1500 }"), ["mtu 68 passes", "mtu 1500 passes"]);
        assert_eq!(names("{a}-{b}", "return { { a = 1, b = 'x' } }"), ["1-x"]);
        assert_eq!(names("{1}", "return { { 'first' } }"), ["first"]);
        assert_eq!(names("over {}", "return { v6 = { a = 1 }, v4 = {} }"), ["over v4", "over v6"]);
    }

    #[test]
    fn without_placeholders_the_key_tells_them_apart() {
        assert_eq!(names("works", "return { true, false }"), ["works [1]", "works [2]"]);
        assert_eq!(names("a {b c} d", "return { x = 1 }"), ["a {b c} d [x]"]);
    }

    #[test]
    fn unknown_fields_are_wrong() {
        assert_eq!(names("{mtuu}", "return { { mtu = 1 } }"), ["wrong"]);
        assert_eq!(names("{mtu}", "return { 1 }"), ["wrong"]);
    }
}
