//! Two values side by side: lines of `-` for what was expected, `+` for what came, and those that are in both.

use mlua::Value;
use similar::{Algorithm, ChangeTag};

use crate::lua::runtime::render::{Near, lines, open_lines};

/// So many lines around a difference are shown.
const CONTEXT: usize = 2;
/// So many lines of a diff are shown.
const MOST: usize = 60;
/// So many lines are looked for in the other text.
const COMPARED: usize = 1000;

/// The diff of two values, where it says more than a message on one line: when one of them takes several.
pub fn of_values(got: &Value, want: &Value) -> Option<String> {
    let long = |value| lines(value).len() > 1;
    (long(want) || long(got)).then(|| of_lines(&open_lines(want), &open_lines(got)))
}

/// The diff of two lists of lines.
pub fn of_lines(want: &[String], got: &[String]) -> String {
    let marked = shortened(&mark(want, got));
    let near = |i: usize| {
        let around = &marked[i.saturating_sub(CONTEXT)..(i + CONTEXT + 1).min(marked.len())];
        around.iter().any(|(mark, _)| *mark != ChangeTag::Equal)
    };
    let (mut out, mut left_out) = (Vec::new(), false);
    for (i, (mark, line)) in marked.iter().enumerate() {
        if !near(i) {
            left_out = true;
            continue;
        }
        if std::mem::take(&mut left_out) {
            out.push("  ...".to_owned());
        }
        out.push(format!("{mark} {line}").trim_end().to_owned());
        if out.len() >= MOST {
            out.push(format!("  ... and {} more lines", marked.len() - i - 1));
            return out.join("\n");
        }
    }
    if left_out {
        out.push("  ...".to_owned());
    }
    out.join("\n")
}

/// A line longer than this is cut.
const WIDTH: usize = 200;

/// Long lines are cut: those that differ to where they do. The first of some lines that came in the place of others
/// stands for the first of those.
fn shortened(marked: &[(ChangeTag, &str)]) -> Vec<(ChangeTag, String)> {
    let runs: Vec<_> = marked.chunk_by(|a, b| a.0 == b.0).collect();
    let mut out = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        let partner = match run[0].0 {
            ChangeTag::Equal => None,
            ChangeTag::Delete => runs.get(i + 1).filter(|next| next[0].0 == ChangeTag::Insert),
            ChangeTag::Insert => runs[..i].last().filter(|last| last[0].0 == ChangeTag::Delete),
        };
        for (nth, (mark, line)) in run.iter().enumerate() {
            let other = partner.and_then(|partner| partner.get(nth)).map_or("", |(_, other)| other);
            out.push((*mark, cut(line, other)));
        }
    }
    out
}

fn cut(line: &str, other: &str) -> String {
    match line.chars().count() > WIDTH {
        true => Near::of(line, other).unwrap_or_default().part(line, WIDTH, str::to_owned),
        false => line.to_owned(),
    }
}

/// The lines of both in their order. Of more than [`COMPARED`] that begin or end otherwise, none are looked for in the
/// other list: the time that takes grows with the square of their number.
fn mark<'a>(want: &'a [String], got: &'a [String]) -> Vec<(ChangeTag, &'a str)> {
    let before = want.iter().zip(got).take_while(|(a, b)| a == b).count();
    let (want_rest, got_rest) = (&want[before..], &got[before..]);
    let after = want_rest.iter().rev().zip(got_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (want_rest, same) = want_rest.split_at(want_rest.len() - after);
    let got_rest = &got_rest[..got_rest.len() - after];
    let (mut removed, mut added) = (want_rest, got_rest);
    let mut found = Vec::new();
    if want_rest.len().max(got_rest.len()) <= COMPARED {
        let ops = similar::capture_diff_slices(Algorithm::Myers, want_rest, got_rest);
        found = ops.iter().flat_map(|op| op.iter_slices(want_rest, got_rest)).collect();
        (removed, added) = (&[], &[]);
    }
    let runs = [(ChangeTag::Equal, &want[..before])].into_iter().chain(found).chain([
        (ChangeTag::Delete, removed),
        (ChangeTag::Insert, added),
        (ChangeTag::Equal, same),
    ]);
    runs.flat_map(|(tag, run)| run.iter().map(move |line| (tag, line.as_str()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(want: &str, got: &str) -> String {
        let split = |s: &str| s.split(' ').map(str::to_owned).collect::<Vec<_>>();
        of_lines(&split(want), &split(got))
    }

    #[test]
    fn what_changed_stands_with_what_is_around_it() {
        assert_eq!(diff("a b c", "a x c"), "  a\n- b\n+ x\n  c");
        assert_eq!(diff("a", "a b"), "  a\n+ b");
        assert_eq!(
            diff("1 2 3 4 5 6 7 8 9", "1 2 3 4 x 6 7 8 9"),
            "  ...\n  3\n  4\n- 5\n+ x\n  6\n  7\n  ..."
        );
        assert_eq!(diff("a b c d", "b c d e"), "- a\n  b\n  c\n...\n+ e".replace("\n...\n", "\n  d\n"));
    }

    #[test]
    fn long_lines_are_cut_to_where_they_differ() {
        let long = |end: &str| format!("{}{end}", "x".repeat(5000));
        let text = of_lines(&[long("a"), "same".to_owned()], &[long("b"), "same".to_owned()]);
        assert_eq!(text, format!("- ...{0}a\n+ ...{0}b\n  same", "x".repeat(40)));
        assert!(of_lines(&[long("a")], &[]).len() < 300);
    }

    #[test]
    fn long_ones_are_cut() {
        let lines = |prefix: &str| (0..500).map(|i| format!("{prefix}{i}")).collect::<Vec<_>>();
        let text = of_lines(&lines("a"), &lines("b"));
        assert_eq!(text.lines().count(), MOST + 1);
        assert!(text.ends_with("  ... and 940 more lines"));
        let many = |name: &str| {
            [vec!["a".to_owned()], vec![name.to_owned(); 200_000], vec!["z".to_owned()]].concat()
        };
        let text = of_lines(&many("x"), &many("y"));
        assert!(
            text.starts_with("  a\n- x\n- x\n") && text.ends_with("  ... and 399942 more lines"),
            "{text}"
        );
    }
}
