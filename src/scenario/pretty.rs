//! Results for people.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::report::{Case, FileReport, Report, Totals};
use super::screen::{Screen, Tone};
use super::words::{self, count};
use crate::base::text::harmless;
use crate::lua::modules::test::event::Outcome;
use crate::proc;

/// A file: a line, and beneath it what is to be known of its tests: all of them with `verbose`, else those that did
/// not simply pass.
pub fn file(screen: &Screen, file: &FileReport, verbose: bool) -> String {
    let title = file.title();
    if file.tests.is_empty() {
        let mut out = String::new();
        file.cases().for_each(|case| line(&mut out, screen, "", &title, &case, true));
        return out;
    }
    let totals = file.totals();
    let mut out = match (totals.failed, totals.not_run) {
        (0, 0) if totals.passed == 0 => head(screen, "skipped", Tone::Middling, &title, file, &totals),
        (0, 0) => head(screen, "ok", Tone::Good, &title, file, &totals),
        (0, _) if file.cases().any(|c| c.interrupted) => {
            head(screen, "stopped", Tone::Middling, &title, file, &totals)
        }
        (0, _) => head(screen, "not run", Tone::Middling, &title, file, &totals),
        _ => head(screen, "FAILED", Tone::Bad, &title, file, &totals),
    };
    for case in file.cases() {
        line(&mut out, screen, "  ", &case.name_or("(outside of tests)"), &case, verbose);
    }
    out
}

fn head(screen: &Screen, word: &str, tone: Tone, title: &str, file: &FileReport, totals: &Totals) -> String {
    let tests = match totals.failed {
        0 => count(totals.tests(), "test"),
        n => format!("{n} of {}", count(totals.tests(), "test")),
    };
    let word = screen.coloured(&format!("{word:8}"), tone);
    format!("{word} {title} ({tests}, {:.2} s)\n", file.verdict.seconds)
}

fn line(out: &mut String, screen: &Screen, indent: &str, name: &str, case: &Case<'_>, all: bool) {
    let name = one_line(name);
    let mut put = |word: &str, tone: Tone, rest: &str| {
        let word = screen.coloured(&format!("{word:8}"), tone);
        let _ = writeln!(out, "{indent}{word} {name}{rest}");
    };
    let took = format!(" ({:.2} s)", case.seconds);
    match &case.outcome {
        _ if case.interrupted => put("stopped", Tone::Middling, &took),
        _ if case.not_run && all => put("not run", Tone::Middling, ""),
        _ if case.not_run => {}
        Outcome::Passed if all => put("ok", Tone::Good, &took),
        Outcome::Passed => {}
        Outcome::Skipped { reason } => put("skipped", Tone::Middling, &format!(": {}", one_line(reason))),
        Outcome::ExpectedFailure { reason, .. } => {
            put("xfail", Tone::Middling, &format!(": failed as expected: {}", one_line(reason)));
        }
        Outcome::Failed { .. } | Outcome::UnexpectedPass { .. } => {
            put("FAILED", Tone::Bad, &took);
            indented(out, &format!("{indent}  "), &words::failures(&case.outcome));
            if !case.output.is_empty() {
                let _ = writeln!(out, "{indent}  output:");
                indented(out, &format!("{indent}    | "), &shortened(&case.output));
            }
        }
    }
}

/// What fits on a screen or two; the other formats have more.
fn shortened(output: &str) -> String {
    const FIRST: usize = 20;
    const LAST: usize = 60;
    let lines: Vec<&str> = output.lines().collect();
    match lines.len().checked_sub(FIRST + LAST) {
        None | Some(0) => output.to_owned(),
        Some(n) => {
            let (first, last) = (lines[..FIRST].join("\n"), lines[lines.len() - LAST..].join("\n"));
            format!("{first}\n[{n} lines left out; -v shows them as they come]\n{last}")
        }
    }
}

fn indented(out: &mut String, indent: &str, text: &str) {
    for line in text.trim_end_matches('\n').split('\n') {
        let _ = writeln!(out, "{indent}{}", shown(line));
    }
}

/// What would move the cursor or change the terminal is shown as what it is; colours of the script's are let go.
fn shown(line: &str) -> String {
    harmless(line.strip_suffix('\r').unwrap_or(line))
}

fn one_line(text: &str) -> String {
    shown(&text.replace('\n', " "))
}

/// The end: what failed, once more by name, and how many came to what.
pub fn end(screen: &Screen, report: &Report, rounds: u32) -> String {
    let mut out = String::new();
    let failed: Vec<String> = report
        .files
        .iter()
        .flat_map(|file| {
            let title = file.title();
            let names = file.cases().filter(Case::failed).map(move |case| match case.path {
                [] => title.clone(),
                _ => format!("{title} > {}", case.name_or("")),
            });
            names.collect::<Vec<String>>()
        })
        .collect();
    // Where there is nothing but the failure itself, it stands above.
    if !failed.is_empty() && report.files.len() > 1 {
        let _ = writeln!(out, "\n{}", screen.coloured("failed:", Tone::Bad));
        failed.iter().for_each(|name| {
            let _ = writeln!(out, "  {}", one_line(name));
        });
    }
    if report.files.len() > 1 || !failed.is_empty() {
        out.push('\n');
    }
    let t = report.totals;
    let mut parts = vec![format!("{} passed", t.passed)];
    if t.failed > 0 {
        parts.push(screen.coloured(&format!("{} failed", t.failed), Tone::Bad));
    }
    let stopped = report.files.iter().flat_map(FileReport::cases).filter(|c| c.interrupted).count() as u64;
    for (n, what) in [(t.skipped, "skipped"), (stopped, "stopped"), (t.not_run - stopped, "not run")] {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    }
    let files: BTreeSet<&str> = report.files.iter().map(|f| f.name.as_str()).collect();
    let rounds = if rounds > 1 { format!(", {}", count(rounds.into(), "round")) } else { String::new() };
    let _ = writeln!(
        out,
        "{} in {}{rounds}: {} ({:.2} s)",
        count(t.tests(), "test"),
        count(files.len() as u64, "file"),
        parts.join(", "),
        report.seconds
    );
    if let Some(seed) = report.seed.filter(|_| t.tests() > 0) {
        let _ = writeln!(out, "the order was that of --shuffle={seed}");
    }
    if let Some(signal) = report.interrupted {
        let _ = writeln!(out, "interrupted by {}", proc::signal_name(signal));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::report::samples;
    use super::*;

    #[test]
    fn what_did_not_simply_pass_is_told() {
        let report = samples::report();
        let screen = Screen::default();
        let text: String = report.files.iter().map(|f| file(&screen, f, false)).collect();
        let expected = "\
ok       a.lua (1.50 s)
FAILED   b.lua (2 of 5 tests, 1.50 s)
  FAILED   group > fails \\x1b[31m (0.25 s)
    b.lua:7: check.equal: 1 & 2
      hint: look at <br0>
";
        // The diff stands between the message and the hint.
        let expected = expected.replace("      hint", "        - 1\n        + 2\n      hint");
        assert!(text.starts_with(&expected), "{text}");
        for line in [
            "    output:",
            "      | printed \\x01 ]]> this",
            "  skipped  #skips: no vrf",
            "  xfail    known: failed as expected: a bug",
            "    passed, but was expected to fail: was a bug",
            "skipped  c.lua: this kernel has no netem",
            "FAILED   d.lua (1.50 s)",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        assert!(!text.contains("passes"));
        assert!(file(&screen, &report.files[1], true).contains("\n  ok       passes (0.25 s)\n"));
        let end = end(&screen, &report, 1);
        assert!(
            end.contains("\nfailed:\n  b.lua > group > fails \\x1b[31m\n  b.lua > mended\n  d.lua\n"),
            "{end}"
        );
        assert!(end.contains("8 tests in 4 files: 3 passed, 3 failed, 2 skipped (2.50 s)\n"), "{end}");
    }
}
