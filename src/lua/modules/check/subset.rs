//! `check.subset`: that what is wanted is contained in what came.

use std::collections::{HashMap, HashSet};

use mlua::{Lua, Table, Value};

use super::compare::{self, Difference, Pair, pair};
use super::{Reason, WithMessage, claim, diff, told};
use crate::lua::runtime::render::{show, step};
use crate::lua::schema::{Function, Shape, param, ret, ty};

/// Tables nested deeper than this are compared by identity.
const DEPTH: usize = 64;

#[derive(Default)]
struct Subset {
    unordered: bool,
    message: Option<String>,
}

impl WithMessage for Subset {
    fn message(&mut self) -> &mut Option<String> {
        &mut self.message
    }
}

/// Something that is wanted and not there.
enum Missing {
    Differs(Difference),
    /// An item of an array, wherever it might stand.
    Item {
        path: String,
        item: String,
        among: usize,
    },
}

impl Missing {
    fn told(&self) -> String {
        match self {
            Missing::Differs(difference) => difference.to_string(),
            Missing::Item { path, item, among } => {
                let place = match path.trim_start_matches('.') {
                    "" => String::new(),
                    path => format!("at {path}: "),
                };
                let plural = if *among == 1 { "" } else { "s" };
                format!("{place}expected an item like {item}; none of the {among} item{plural} is")
            }
        }
    }
}

#[derive(Default)]
struct Finder {
    unordered: bool,
    missing: Vec<Missing>,
    /// What contains the other as far as was found so far: two tables are looked at once, however they are reached.
    holds: HashSet<Pair>,
    /// The same, in the order in which they were met.
    met: Vec<Pair>,
    /// What does not.
    fails: HashSet<Pair>,
}

impl Finder {
    /// Tries whether the one contains the other, without telling what is missing.
    fn contains(&mut self, got: &Value, want: &Value, depth: usize) -> bool {
        let tables = match (got, want) {
            (Value::Table(a), Value::Table(b)) => Some(pair(a, b)),
            _ => None,
        };
        if tables.is_some_and(|pair| self.fails.contains(&pair)) {
            return false;
        }
        let (before, missing) = (self.met.len(), std::mem::take(&mut self.missing));
        self.find(got, want, "", depth);
        let contained = std::mem::replace(&mut self.missing, missing).is_empty();
        if !contained {
            // What was found to hold on the way may have relied on this.
            for pair in self.met.drain(before..) {
                self.holds.remove(&pair);
            }
            self.fails.extend(tables);
        }
        contained
    }

    fn find(&mut self, got: &Value, want: &Value, path: &str, depth: usize) {
        let (Value::Table(a), Value::Table(b)) = (got, want) else {
            return self.compare(got, want, path);
        };
        if depth >= DEPTH || a.to_pointer() == b.to_pointer() {
            return self.compare(got, want, path);
        }
        if !self.holds.insert(pair(a, b)) {
            return;
        }
        self.met.push(pair(a, b));
        let items = if self.unordered { b.raw_len() } else { 0 };
        if items > 0 {
            self.find_items(a, b, items, path, depth);
        }
        for (key, wanted) in b.pairs::<Value, Value>().flatten() {
            if matches!(&key, Value::Integer(i) if *i >= 1 && *i as usize <= items) {
                continue;
            }
            let there = a.raw_get(&key).unwrap_or(Value::Nil);
            self.find(&there, &wanted, &format!("{path}{}", step(&key)), depth + 1);
        }
    }

    fn compare(&mut self, got: &Value, want: &Value, path: &str) {
        if !compare::differences(got, want).is_empty() {
            self.missing.push(Missing::Differs(Difference::new(path, got, want)));
        }
    }

    /// Gives each wanted item one of its own among those that came, by augmenting paths: `{ { a = 1 }, {} }` is
    /// contained in `{ {}, { a = 1 } }`, whichever is tried first.
    fn find_items(&mut self, got: &Table, want: &Table, wanted: usize, path: &str, depth: usize) {
        let items = |table: &Table| -> Vec<Value> {
            (1..=table.raw_len()).map(|i| table.raw_get(i).unwrap_or(Value::Nil)).collect()
        };
        let (got, want) = (items(got), items(want));
        let mut of = |w: &Value| (0..got.len()).filter(|g| self.contains(&got[*g], w, depth + 1)).collect();
        let fits: Vec<Vec<usize>> = want.iter().map(&mut of).collect();
        let mut taken: Vec<Option<usize>> = vec![None; got.len()];
        for (w, item) in want.iter().enumerate().take(wanted) {
            let mut seen = vec![false; got.len()];
            if !place(w, &fits, &mut taken, &mut seen) {
                self.missing.push(Missing::Item {
                    path: path.to_owned(),
                    item: show(item),
                    among: got.len(),
                });
            }
        }
    }
}

fn place(w: usize, fits: &[Vec<usize>], taken: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    for &g in &fits[w] {
        if std::mem::replace(&mut seen[g], true) {
            continue;
        }
        let free = match taken[g] {
            None => true,
            Some(other) => place(other, fits, taken, seen),
        };
        if free {
            taken[g] = Some(w);
            return true;
        }
    }
    false
}

/// What came, as far as something is wanted of it: for a diff without what does not matter.
fn wanted_part(
    lua: &Lua,
    got: &Value,
    want: &Value,
    depth: usize,
    made: &mut HashMap<Pair, Table>,
) -> mlua::Result<Value> {
    let (Value::Table(a), Value::Table(b)) = (got, want) else { return Ok(got.clone()) };
    if depth >= DEPTH {
        return Ok(got.clone());
    }
    if let Some(part) = made.get(&pair(a, b)) {
        return Ok(Value::Table(part.clone()));
    }
    let part = lua.create_table()?;
    made.insert(pair(a, b), part.clone());
    for entry in b.pairs::<Value, Value>() {
        let (key, wanted) = entry?;
        let there = wanted_part(lua, &a.raw_get(&key)?, &wanted, depth + 1, made)?;
        part.raw_set(key, there)?;
    }
    Ok(Value::Table(part))
}

fn held(lua: &Lua, got: &Value, want: &Value, unordered: bool) -> Result<(), Reason> {
    const MOST: usize = 5;
    let mut finder = Finder { unordered, ..Finder::default() };
    finder.find(got, want, "", 0);
    if finder.missing.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = finder.missing.iter().take(MOST).map(Missing::told).collect();
    let more = match finder.missing.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!("; and {n} more"),
    };
    // Items in any order have no counterpart to stand beside.
    let part = wanted_part(lua, got, want, 0, &mut HashMap::new()).ok().filter(|_| !unordered);
    let diff = part.and_then(|part| diff::of_values(&part, want));
    Err(Reason { text: format!("{}{more}", shown.join("; ")), diff, hint: None })
}

pub fn subset() -> Function {
    let shape = Shape::<Subset>::new("nsh.check.SubsetOptions").field(
        "unordered",
        ty::boolean(),
        "the items of an array may stand anywhere in the other, each in a place of its own; default false: where they \
         stand in the wanted one",
        |o, v| o.unordered = v,
    );
    Function::new(
        "check.subset",
        (
            param("got", ty::anything(), "the table that came"),
            param("want", ty::table(), "what must be in it; what else is there does not matter"),
            told(shape),
        ),
        ret::nothing(),
        |cx, (got, want, options)| {
            let held = held(cx.lua, &got, &Value::Table(want), options.unordered);
            claim(cx, options.message.as_deref(), held)
        },
    )
    .doc(
        "Claims that a table contains another: each field of the wanted one is there, with an equal value or a table \
         that contains the wanted one.\n\nRaises `check`, naming what is not there.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(code: &str, unordered: bool) -> String {
        let lua = mlua::Lua::new();
        let (got, want): (Value, Value) = lua.load(code).eval().unwrap();
        held(&lua, &got, &want, unordered).err().map(|r| r.text).unwrap_or_default()
    }

    #[test]
    fn what_else_is_there_does_not_matter() {
        assert_eq!(missing("return { a = 1, b = { 1, 2, c = 3 } }, { b = { 1, c = 3 } }", false), "");
        assert_eq!(missing("return { a = 1 }, { b = { 2 } }", false), "at b: expected { 2 }, got nil");
        assert_eq!(missing("return 'x', { 1 }", false), "expected { 1 }, got \"x\"");
    }

    #[test]
    fn tables_with_many_ways_are_looked_at_once() {
        use super::super::compare::tests::CHAINS;
        for unordered in [false, true] {
            assert_eq!(missing(&format!("{CHAINS} return chain(1), chain(1)"), unordered), "");
            let told = missing(&format!("{CHAINS} return chain(1), chain(2)"), unordered);
            assert!(told.contains(".last: expected 2, got 1"), "{told}");
        }
        // Items that lead back to what is being looked at.
        let code = "local function tree(n, last)
                local t = { kids = {}, last = n == 0 and last or nil }
                for i = 1, n do t.kids[i] = tree(i - 1, last) t.kids[i].up = t end
                return t
            end ";
        assert_eq!(missing(&format!("{code} return tree(6, 1), tree(6, 1)"), true), "");
        assert!(
            missing(&format!("{code} return tree(6, 1), tree(6, 2)"), true).contains("none of the 6 items")
        );
    }

    #[test]
    fn items_in_any_order_have_a_place_each() {
        assert_eq!(missing("return { 1, 2, 3 }, { 3, 1 }", true), "");
        assert_eq!(
            missing("return { 1, 2, 3 }, { 3, 1 }", false),
            "at [1]: expected 3, got 1; at [2]: expected 1, got 2"
        );
        assert_eq!(
            missing("return { a = { 1, 2 } }, { a = { 2, 2 } }", true),
            "at a: expected an item like 2; none of the 2 items is"
        );
        // The first wanted item fits both, the second only one.
        assert_eq!(missing("return { { a = 1 }, { a = 1, b = 1 } }, { { a = 1 }, { b = 1 } }", true), "");
        assert_eq!(missing("return { { a = 1, b = 1 }, { a = 1 } }, { { a = 1 }, { b = 1 } }", true), "");
    }
}
