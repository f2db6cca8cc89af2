//! TAP version 14: a file is a test point, and its tests, if it has any, are its subtest.

use std::fmt::Write;

use super::report::{Case, FileReport};
use super::words;
use crate::lua::modules::test::event::Outcome;

pub const VERSION: &str = "TAP version 14\n";

/// The last line, which may follow the test points.
pub fn plan(files: usize) -> String {
    format!("1..{files}\n")
}

/// The run ended early.
pub fn bail_out(reason: &str) -> String {
    format!("Bail out! {}\n", one_line(reason))
}

/// A file, as test point number `number`.
pub fn file(file: &FileReport, number: usize) -> String {
    let title = file.title();
    let mut out = String::new();
    let cases: Vec<Case<'_>> = file.cases().collect();
    if file.tests.is_empty() {
        cases.iter().for_each(|case| point(&mut out, "", number, &title, case));
        return out;
    }
    let _ = writeln!(out, "# Subtest: {}", escape(&title));
    for (i, case) in cases.iter().enumerate() {
        point(&mut out, "    ", i + 1, &case.name_or("(outside of tests)"), case);
    }
    let _ = writeln!(out, "    1..{}", cases.len());
    let ok = if file.failed() { "not ok" } else { "ok" };
    let _ = writeln!(out, "{ok} {number} - {}", escape(&title));
    out
}

fn point(out: &mut String, indent: &str, number: usize, name: &str, case: &Case<'_>) {
    // A test that is to do is "not ok" as long as it fails, and no failure.
    let ok = !matches!(case.outcome, Outcome::Failed { .. } | Outcome::ExpectedFailure { .. });
    let ok = if ok || case.not_run { "ok" } else { "not ok" };
    let directive = match (case.unrun(), &case.outcome) {
        (Some(why), _) => format!(" # SKIP {why}"),
        (None, Outcome::Skipped { reason }) => format!(" # SKIP {}", one_line(reason)),
        (None, Outcome::ExpectedFailure { reason, .. }) => format!(" # TODO {}", one_line(reason)),
        // "ok # TODO" would be a bonus, and no failure.
        (None, Outcome::UnexpectedPass { .. }) => {
            let _ = writeln!(out, "{indent}not ok {number} - {}", escape(name));
            return diagnostics(out, indent, case);
        }
        _ => String::new(),
    };
    let _ = writeln!(out, "{indent}{ok} {number} - {}{directive}", escape(name));
    diagnostics(out, indent, case);
}

/// A block of YAML.
fn diagnostics(out: &mut String, indent: &str, case: &Case<'_>) {
    let _ = writeln!(out, "{indent}  ---\n{indent}  duration_ms: {:.3}", case.seconds * 1000.0);
    if case.checks > 0 {
        let _ = writeln!(out, "{indent}  checks: {}", case.checks);
    }
    if let Some(at) = case.at {
        let _ = writeln!(out, "{indent}  at: {}", quoted(at));
    }
    if !case.not_run {
        let message = match (case.failures().first(), &case.outcome) {
            (Some(f), _) => Some(f.message.clone()),
            (None, Outcome::UnexpectedPass { .. }) => Some(words::unexpected_pass(&case.outcome)),
            _ => None,
        };
        if let Some(message) = message {
            let _ = writeln!(out, "{indent}  message: {}", quoted(&message));
            block(out, indent, "failure", &words::failures(&case.outcome));
        }
        block(out, indent, "output", &case.output);
    }
    let _ = writeln!(out, "{indent}  ...");
}

/// A literal block, of which every line is indented; where that can't be told from what the text itself begins with,
/// a quoted string.
fn block(out: &mut String, indent: &str, key: &str, text: &str) {
    let text = text.trim_end_matches('\n');
    if text.is_empty() {
        return;
    }
    if text.starts_with([' ', '\t', '\n', '\r']) {
        let _ = writeln!(out, "{indent}  {key}: {}", quoted(text));
        return;
    }
    let _ = writeln!(out, "{indent}  {key}: |");
    for line in text.split('\n') {
        let line: String =
            line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect();
        let _ = writeln!(out, "{indent}    {line}");
    }
}

/// A double-quoted scalar: JSON's strings are YAML's.
fn quoted(s: &str) -> String {
    serde_json::to_string(s).unwrap_or_default()
}

/// A description: `#` would begin a directive.
fn escape(s: &str) -> String {
    one_line(s).replace('\\', "\\\\").replace('#', "\\#")
}

fn one_line(s: &str) -> String {
    s.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::report::samples;
    use super::*;

    #[test]
    fn points_subtests_and_directives() {
        let report = samples::report();
        let text: String = report.files.iter().enumerate().map(|(i, f)| file(f, i + 1)).collect();
        for line in [
            "ok 1 - a.lua",
            "# Subtest: b.lua",
            "    ok 1 - passes",
            "    not ok 2 - group > fails  [31m",
            "      message: \"check.equal: 1 & 2\"",
            "    ok 3 - \\#skips # SKIP no vrf",
            "    not ok 4 - known # TODO a bug",
            "    not ok 5 - mended",
            "    1..5",
            "not ok 2 - b.lua",
            "ok 3 - c.lua # SKIP this kernel has no netem",
            "not ok 4 - d.lua",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
    }
}
