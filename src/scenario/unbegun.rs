//! Tests in a file's text that never began because the file ended before. Only the text knows of them.

use crate::lua::modules::test::event::Id;

/// So many are named.
const MOST: usize = 10;

/// The tests of a file, as far as a line begins with one: its number, and the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written(Vec<(usize, String)>);

impl Written {
    pub fn of(source: &str) -> Written {
        let lines = source.lines().enumerate();
        Written(lines.filter_map(|(i, line)| Some((i + 1, name(line)?.to_owned()))).collect())
    }

    /// Those that are not among `met`, as `: a (line 3), b (line 7)`; empty if there are none.
    pub fn without<'a>(&self, met: impl Iterator<Item = &'a Id>) -> String {
        let line = |id: &Id| id.at.as_ref()?.rsplit_once(':')?.1.parse().ok();
        let met: Vec<usize> = met.filter_map(line).collect();
        let left: Vec<&(usize, String)> = self.0.iter().filter(|(line, _)| !met.contains(line)).collect();
        if left.is_empty() {
            return String::new();
        }
        let names: Vec<String> =
            left.iter().take(MOST).map(|(line, name)| format!("{name} (line {line})")).collect();
        let more = match left.len().saturating_sub(MOST) {
            0 => String::new(),
            n => format!(", and {n} more"),
        };
        format!(": {}{more}", names.join(", "))
    }
}

/// The name of the test that the line begins with.
fn name(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("test")?;
    let rest = rest.strip_prefix(".each").unwrap_or(rest).trim_start();
    let rest = rest.strip_prefix('(').unwrap_or(rest).trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest[1..].split_once(quote).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_read_from_their_lines() {
        let source = "test('a', f)\n-- test('no', f)\nlocal test = 1\n  test(\"it's b\", function()\n\
                      test.each('{} c', { 1 }, f)\ntested('no')\nlatest('no')\n";
        let written = Written::of(source);
        let id = |at: &str| Id { path: vec!["x".into()], at: Some(at.into()) };
        assert_eq!(written.without([].into_iter()), ": a (line 1), it's b (line 4), {} c (line 5)");
        assert_eq!(written.without([&id("x.lua:1"), &id("x.lua:5")].into_iter()), ": it's b (line 4)");
        assert_eq!(written.without([&id("x:1"), &id("x:4"), &id("x:5")].into_iter()), "");
        let many = Written::of(&"test('x', f)\n".repeat(12));
        assert!(many.without([].into_iter()).ends_with("x (line 10), and 2 more"));
    }
}
