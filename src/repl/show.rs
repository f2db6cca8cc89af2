//! Values as the prompt shows them: nsh's own as people know them from `ip`, other tables in aligned columns.

use mlua::{Lua, Table, Value};

use super::colour::{Colours, Paint};
use super::screen::{columns, fit, harmless, padded, width};
use crate::doc;
use crate::lua::runtime::render;
use crate::lua::schema::is_list;

/// How much fits.
#[derive(Clone, Copy, Debug)]
pub struct Space {
    pub columns: usize,
    /// Of one value.
    pub lines: usize,
}

impl Space {
    /// For `print`, which cuts nothing.
    const ALL: Space = Space { columns: usize::MAX, lines: usize::MAX };

    /// Of a column.
    fn widest(self) -> usize {
        if self.columns == usize::MAX { usize::MAX } else { 40 }
    }
}

/// Has `print` show a table as the prompt does, and all of it: a script's prints its address.
pub fn install_print(lua: &Lua) -> mlua::Result<()> {
    let print: mlua::Function = lua.globals().get("print")?;
    let whole = lua.create_function(move |lua, values: mlua::MultiValue| {
        let shown = values.into_iter().map(|value| match &value {
            Value::Table(table) if !shown_by_itself(table) => {
                whole(lua, table).and_then(|text| lua.create_string(text)).map(Value::String)
            }
            _ => Ok(value),
        });
        print.call::<()>(shown.collect::<mlua::Result<mlua::MultiValue>>()?)
    })?;
    lua.globals().set("print", whole)
}

/// A table with all that is in it.
pub fn whole(lua: &Lua, table: &Table) -> mlua::Result<String> {
    let value = Value::Table(table.clone());
    Ok(match doc::brief_of(lua, &value)? {
        Some(brief) => brief,
        None if shown_by_itself(table) => harmless(&tostring(lua, &value)?),
        None if has_rows(table, &sorted(table)) => rows(&sorted(table), Space::ALL, Colours::NEVER),
        None => harmless(&render::lines(&value).join("\n")),
    })
}

/// A value's lines; `Err` is what its own `__tostring` raised.
pub fn show(lua: &Lua, value: &Value, space: Space, colours: Colours) -> mlua::Result<String> {
    if let Some(brief) = doc::brief_of(lua, value)? {
        return Ok(brief.lines().map(|line| fit(line, space.columns)).collect::<Vec<_>>().join("\n"));
    }
    Ok(match value {
        Value::String(s) => text(&s.as_bytes(), space, colours),
        Value::Table(table) => match shown_by_itself(table) {
            true => by_itself(lua, table, space, colours)?,
            false => plain(table, space, colours),
        },
        Value::Nil | Value::Boolean(_) => colours.paint(Paint::Keyword, &value.to_string()?),
        Value::Integer(_) | Value::Number(_) => colours.paint(Paint::Number, &render::show(value)),
        other => harmless(&tostring(lua, other)?),
    })
}

/// Through Lua's own, so that what `__tostring` raises arrives.
fn tostring(lua: &Lua, value: &Value) -> mlua::Result<String> {
    let tostring: mlua::Function = lua.globals().get("tostring")?;
    Ok(tostring.call::<mlua::LuaString>(value)?.to_string_lossy())
}

fn shown_by_itself(table: &Table) -> bool {
    table.metatable().is_some_and(|meta| meta.raw_get::<Value>("__tostring").is_ok_and(|f| !f.is_nil()))
}

/// A string as Lua would write it, unless it has several lines.
fn text(bytes: &[u8], space: Space, colours: Colours) -> String {
    let text = render::readable(bytes);
    match text.trim_end_matches('\n').contains('\n') {
        true => cut_lines(
            harmless(&text).trim_end_matches('\n').lines().map(str::to_owned).collect(),
            space,
            "line",
        ),
        false => colours.paint(Paint::Text, &render::quoted(bytes)),
    }
}

fn by_itself(lua: &Lua, table: &Table, space: Space, colours: Colours) -> mlua::Result<String> {
    let shown = harmless(&tostring(lua, &Value::Table(table.clone()))?);
    let lines: Vec<String> = shown.lines().map(|line| fit(line, space.columns)).collect();
    // A record of which a line shows only the most important: the rest of its fields.
    if !is_list(table) && lines.len() == 1 {
        let rest = fields(table, space.columns);
        return Ok(lines
            .into_iter()
            .chain(rest.into_iter().map(|l| colours.paint(Paint::Hint, &l)))
            .collect::<Vec<_>>()
            .join("\n"));
    }
    let what = if is_list(table) && lines.len() == table.raw_len() { "of them" } else { "line" };
    Ok(cut_lines(lines, space, what))
}

fn cut_lines(mut lines: Vec<String>, space: Space, what: &str) -> String {
    let all = lines.len();
    if all > space.lines {
        lines.truncate(space.lines.saturating_sub(1).max(1));
        let more = all - lines.len();
        let what = if what == "line" && more != 1 { "lines" } else { what };
        lines.push(format!("... and {more} more {what}; print(_) shows all"));
    }
    lines.join("\n")
}

/// `name=eth0  mtu=1500`, in as many columns as fit.
fn fields(table: &Table, columns: usize) -> Vec<String> {
    let mut cells: Vec<String> = sorted(table)
        .iter()
        .filter(|(_, value)| !matches!(value, Value::Table(_) | Value::Function(_)))
        .map(|(key, value)| format!("{}={}", key_text(key), cell(value)))
        .collect();
    cells.retain(|c| !c.is_empty());
    let widest = cells.iter().map(|c| width(c)).max().unwrap_or(0) + 2;
    let usable = columns.saturating_sub(2).max(1);
    // One very long value is no reason to have the others one a line.
    let step = widest.min(28).min(usable);
    let mut lines = Vec::new();
    let mut line = String::new();
    for c in cells {
        let taken = width(&c).div_ceil(step) * step;
        if !line.is_empty() && width(&line) + width(&c) > usable {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(&padded(&c, taken.max(width(&c) + 1)));
    }
    lines.extend(Some(line).filter(|l| !l.is_empty()));
    lines.into_iter().map(|l| format!("  {}", fit(l.trim_end(), usable))).collect()
}

/// A table without a face of its own: rows and columns, names and values, or as Lua writes it.
fn plain(table: &Table, space: Space, colours: Colours) -> String {
    let length = table.raw_len();
    let pairs = sorted(table);
    if pairs.is_empty() {
        return "{}".to_owned();
    }
    let is_array = pairs.len() == length;
    let inline = render::show(&Value::Table(table.clone()));
    let flat = pairs.iter().all(|(_, v)| !matches!(v, Value::Table(_)));
    if has_rows(table, &pairs) {
        return rows(&pairs, space, colours);
    }
    if (flat || is_array) && width(&inline) <= space.columns && !inline.ends_with("...") {
        return harmless(&inline);
    }
    let names: Vec<String> = pairs.iter().map(|(key, _)| key_text(key)).collect();
    let wide = names.iter().map(|n| width(n)).max().unwrap_or(0).min(space.columns / 2);
    let lines = pairs.iter().zip(&names).map(|((_, value), name)| {
        let line = format!("{}  {}", padded(&fit(name, wide), wide), cell(value));
        fit(&line, space.columns)
    });
    cut_lines(lines.collect(), space, "of them")
}

/// Whether a table is an array of tables that name what they hold, and of nothing else.
fn has_rows(table: &Table, pairs: &[(Value, Value)]) -> bool {
    let names = |row: &Table| row.pairs::<Value, Value>().flatten().any(|(key, _)| !key.is_integer());
    let plain = |value: &Value| value.as_table().is_some_and(|t| !shown_by_itself(t));
    let tables = pairs.len() == table.raw_len() && pairs.iter().all(|(_, value)| plain(value));
    tables && pairs.iter().any(|(_, value)| value.as_table().is_some_and(names))
}

/// An array of tables: a row each, a column for each key.
fn rows(pairs: &[(Value, Value)], space: Space, colours: Colours) -> String {
    let mut keys: Vec<Value> = Vec::new();
    let tables: Vec<&Table> = pairs.iter().filter_map(|(_, v)| v.as_table()).collect();
    for table in tables.iter().take(1000) {
        for (key, _) in sorted(table) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    let visible = tables.iter().take(space.lines);
    let value = |t: &Table, key: &Value| t.raw_get::<Value>(key).map(|v| cell(&v)).unwrap_or_default();
    let cut = |text: String| fit(&text, space.widest());
    let mut cells: Vec<Vec<String>> = vec![keys.iter().map(|key| cut(key_text(key))).collect()];
    cells.extend(visible.map(|t| keys.iter().map(|key| cut(value(t, key))).collect::<Vec<_>>()));
    let mut lines: Vec<String> = columns(&cells).iter().map(|line| fit(line, space.columns)).collect();
    if let Some(head) = lines.first_mut() {
        *head = colours.paint(Paint::Hint, head);
    }
    let more = tables.len().saturating_sub(lines.len() - 1);
    if more > 0 {
        lines.push(format!("... and {more} more of them; print(_) shows all"));
    }
    lines.join("\n")
}

fn sorted(table: &Table) -> Vec<(Value, Value)> {
    let mut pairs: Vec<(Value, Value)> = table.pairs::<Value, Value>().flatten().collect();
    pairs.sort_by_key(|(key, _)| match key {
        Value::Integer(i) => (0, *i, String::new()),
        other => (1, 0, key_text(other)),
    });
    pairs
}

fn key_text(key: &Value) -> String {
    match key {
        Value::String(s) => harmless(&render::readable(&s.as_bytes())).replace('\n', "\\n"),
        other => render::show(other),
    }
}

/// A value on one line, strings without quotes where they are plain words.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Nil => String::new(),
        Value::String(s) => render::readable(&s.as_bytes()),
        // Named by what it is; its own `__tostring` may be of many lines, or run for long.
        other => render::show(other),
    };
    harmless(&text).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str, columns: usize, lines: usize) -> String {
        let lua = Lua::new();
        let value: Value = lua.load(code).eval().unwrap();
        show(&lua, &value, Space { columns, lines }, Colours::NEVER).unwrap()
    }

    #[test]
    fn scalars_are_as_lua_writes_them() {
        assert_eq!(shown("1", 80, 20), "1");
        assert_eq!(shown("4/2", 80, 20), "2.0");
        assert_eq!(shown("{ 2.0, 2.5 }", 80, 20), "{ 2.0, 2.5 }");
        assert_eq!(shown("'a\\255b'", 80, 20), "\"a\\xffb\"");
        assert_eq!(shown("'a\\255\\nb'", 80, 20), "a\\xff\nb");
        assert_eq!(shown("'a b'", 80, 20), "\"a b\"");
        assert_eq!(shown("'a\\nb\\n'", 80, 20), "a\nb");
        assert_eq!(shown("nil", 80, 20), "nil");
        assert_eq!(shown("{}", 80, 20), "{}");
        assert_eq!(shown("{ 1, 2, x = 3 }", 80, 20), "{ 1, 2, x = 3 }");
    }

    #[test]
    fn tables_are_aligned_and_fit() {
        let rows = "{ { name = 'a', mtu = 1500 }, { name = 'longer', mtu = 9 } }";
        assert_eq!(shown(rows, 80, 20), "mtu   name\n1500  a\n9     longer");
        assert_eq!(shown(rows, 9, 20), "mtu   na…\n1500  a\n9     lo…");
        let many = "(function() local t = {} for i = 1, 100 do t[i] = { i = i } end return t end)()";
        assert_eq!(shown(many, 80, 3), "i\n1\n2\n3\n... and 97 more of them; print(_) shows all");
        assert_eq!(shown("{ a = { 1 }, bcd = 2 }", 80, 20), "a    { 1 }\nbcd  2");
        // What has no names has no head.
        assert_eq!(shown("{ { 1, 2 }, { 3, 4 } }", 80, 20), "{ { 1, 2 }, { 3, 4 } }");
        assert_eq!(shown("{ { 'abc', 2 }, { 3, 4 } }", 12, 20), "1  { \"abc\",…\n2  { 3, 4 }");
    }

    #[test]
    fn print_shows_all_of_a_table() {
        let lua = Lua::new();
        lua.load("print = function(...) printed = table.concat({ ... }, '|') end").exec().unwrap();
        install_print(&lua).unwrap();
        let printed = |code: &str| {
            lua.load(code).exec().unwrap();
            lua.globals().get::<String>("printed").unwrap()
        };
        let many = "local t = {} for i = 1, 3000 do t[i] = { i = i, s = ('x'):rep(300) } end print(t)";
        let text = printed(many);
        assert_eq!((text.lines().count(), text.matches('x').count()), (3001, 900_000));
        let text = printed("local t = {} for i = 1, 3000 do t[i] = 'n' .. i end print(t)");
        assert!(text.lines().count() == 3002 && text.contains("\"n3000\","), "{text}");
        assert_eq!(printed("print('a', { 1.0, { x = 2 } })"), "a|{ 1.0, { x = 2 } }");
        assert_eq!(
            printed("print(tostring(setmetatable({}, { __tostring = function() return 'own' end })))"),
            "own"
        );
    }

    #[test]
    fn a_value_cannot_drive_the_terminal() {
        assert!(!shown("'\\27[2J\\n\\27c'", 80, 20).contains('\x1b'));
        assert!(!shown("{ ['\\27c'] = { '\\27c' } }", 80, 20).contains('\x1b'));
    }

    #[test]
    fn functions_and_modules_say_what_they_are() {
        let lua = Lua::new();
        let named = |name: &str| {
            let value = Value::Table(lua.create_table().unwrap());
            crate::lua::runtime::bind::set_name(&lua, &value, name).unwrap();
            show(&lua, &value, Space { columns: 60, lines: 5 }, Colours::NEVER).unwrap()
        };
        assert!(named("link.add").starts_with("link.add(name, opts"), "{}", named("link.add"));
        let module = named("link");
        assert!(module.starts_with("link: ") && module.contains("\n  add(name, opts"), "{module}");
        assert!(module.lines().all(|line| width(line) <= 60), "{module}");
    }

    #[test]
    fn odd_tables_are_shown_too() {
        shown("setmetatable({}, { __index = error })", 20, 5);
        shown("(function() local t = {} t.t = t return t end)()", 20, 5);
        shown("{ [{}] = {}, [print] = print }", 1, 1);
    }
}
