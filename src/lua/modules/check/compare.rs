//! Deep comparison of Lua values, with the places at which they differ.

use std::collections::HashSet;
use std::ffi::c_void;
use std::fmt;

use mlua::{Table, Value};

use crate::lua::runtime::render::{Near, order, show, step};

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

impl Difference {
    pub fn new(path: &str, got: &Value, want: &Value) -> Self {
        if let (Value::String(a), Value::String(b)) = (got, want) {
            let (a, b) = (a.to_string_lossy(), b.to_string_lossy());
            if let Some(near) = Near::of(&a, &b) {
                let path = format!("{path}, byte {}", near.byte).trim_start_matches([',', ' ']).to_owned();
                return Difference { path, got: near.quote(&a), want: near.quote(&b) };
            }
        }
        Difference { path: path.to_owned(), got: show(got), want: show(want) }
    }
}

/// So many differences are told in a message.
const MOST: usize = 5;

/// The differences on one line.
pub fn told(differences: &[Difference]) -> String {
    let more = match differences.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!("; and {n} more"),
    };
    let shown = differences.iter().take(MOST).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    format!("{shown}{more}")
}

/// Where `got` differs from `want`; empty if they are equal. Two tables that meet again in other places are compared
/// once.
pub fn differences(got: &Value, want: &Value) -> Vec<Difference> {
    let mut comparison = Comparison::default();
    comparison.compare(got, want);
    comparison.out
}

/// Two tables, by their addresses.
pub type Pair = (*const c_void, *const c_void);

pub fn pair(got: &Table, want: &Table) -> Pair {
    (got.to_pointer(), want.to_pointer())
}

/// Two values that are still to be compared, the step that leads there, and how many steps it is from the outside.
struct Task {
    got: Value,
    want: Value,
    step: String,
    depth: usize,
}

#[derive(Default)]
struct Comparison {
    /// What was compared.
    met: HashSet<Pair>,
    out: Vec<Difference>,
    /// The next one last. A list of its own, since values can be nested deeper than our stack.
    tasks: Vec<Task>,
}

impl Comparison {
    fn compare(&mut self, got: &Value, want: &Value) {
        self.tasks.push(Task { got: got.clone(), want: want.clone(), step: String::new(), depth: 0 });
        let mut path: Vec<String> = Vec::new();
        while let Some(Task { got, want, step, depth }) = self.tasks.pop() {
            path.truncate(depth.saturating_sub(1));
            path.push(step);
            if let (Value::Table(a), Value::Table(b)) = (&got, &want) {
                if a.to_pointer() != b.to_pointer() && self.met.insert(pair(a, b)) {
                    self.compare_tables(a, b, depth);
                }
            // Value's own equality follows __eq, so two handles of one namespace are equal.
            } else if !got.equals(&want).unwrap_or(false) {
                self.out.push(Difference::new(&place(&path), &got, &want));
            }
        }
    }

    fn compare_tables(&mut self, got: &Table, want: &Table, depth: usize) {
        let mut keys: Vec<Value> = want.pairs::<Value, Value>().flatten().map(|(key, _)| key).collect();
        let more = got.pairs::<Value, Value>().flatten().map(|(key, _)| key);
        keys.extend(more.filter(|key| !matches!(want.raw_get(key), Ok(v) if !Value::is_nil(&v))));
        keys.sort_by_cached_key(order);
        for key in keys.iter().rev() {
            let got = got.raw_get(key).unwrap_or(Value::Nil);
            let want = want.raw_get(key).unwrap_or(Value::Nil);
            self.tasks.push(Task { got, want, step: step(key), depth: depth + 1 });
        }
    }
}

/// Where it is; of very many steps the first and the last.
fn place(path: &[String]) -> String {
    const SHOWN: usize = 8;
    match path.len() {
        0..=64 => path.concat(),
        all => {
            let (first, last) = (path[..SHOWN].concat(), path[all - SHOWN..].concat());
            format!("{first}...({} more)...{last}", all - 2 * SHOWN)
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    fn diff(code: &str) -> Vec<String> {
        let lua = mlua::Lua::new();
        let (got, want): (Value, Value) = lua.load(code).eval().unwrap();
        differences(&got, &want).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn tables_of_any_depth_are_compared() {
        let deep = "local function deep(n, x) local t = x for _ = 1, n do t = { t } end return t end\n";
        assert!(diff(&format!("{deep} return deep(100000, 1), deep(100000, 1)")).is_empty());
        let differing = diff(&format!("{deep} return deep(1000, 1), deep(1000, 2)"));
        let ones = "[1]".repeat(8);
        assert_eq!(differing, [format!("at {ones}...(984 more)...{ones}: expected 2, got 1")]);
    }

    #[test]
    fn equal_tables_have_no_differences() {
        assert!(diff("return {1, {a = 2}}, {1, {a = 2}}").is_empty());
        assert!(diff("return 1, 1.0").is_empty());
        assert!(diff("local t = {} t.t = t; return t, t").is_empty());
    }

    /// Two chains of which each link has two ways to the next, and one back.
    pub const CHAINS: &str = "local function chain(last)
            local first = {}
            local at = first
            for _ = 1, 50 do
                local next = { back = at }
                at.a, at.b, at = next, next, next
            end
            at.last = last
            return first
        end ";

    #[test]
    fn tables_with_many_ways_are_compared_once() {
        assert!(diff(&format!("{CHAINS} return chain(1), chain(1)")).is_empty());
        let told = diff(&format!("{CHAINS} return chain(1), chain(2)"));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(".last: expected 2, got 1"), "{told:?}");
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
