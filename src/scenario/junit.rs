//! JUnit's XML, as Jenkins, GitLab and others read it: valid by both schemas in common use.
//!
//! No attribute or element is used that one of the two lacks; so a test's output follows its failure's text, and
//! there are no totals at the root.

use std::fmt::Write;

use super::report::{Case, FileReport, Report};
use super::words;
use crate::lua::modules::test::event::Outcome;

pub fn write(report: &Report) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (id, file) in report.files.iter().enumerate() {
        suite(&mut out, report, file, id);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(out: &mut String, report: &Report, file: &FileReport, id: usize) {
    let (mut failures, mut errors, mut skipped) = (0, 0, 0);
    for case in file.cases() {
        match sort(&case) {
            Sort::Passed => {}
            Sort::Skipped(_) => skipped += 1,
            Sort::Failure => failures += 1,
            Sort::Error => errors += 1,
        }
    }
    let title = file.title();
    let _ = write!(
        out,
        "  <testsuite id=\"{id}\" name=\"{name}\" package=\"{name}\" hostname=\"localhost\" timestamp=\"{started}\" \
         tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{time:.3}\">\n    \
         <properties>\n      <property name=\"nsh\" value=\"{nsh}\"/>\n",
        name = attribute(&title),
        started = attribute(&report.started),
        tests = file.cases().count(),
        time = seconds(file.verdict.seconds),
        nsh = attribute(&report.nsh),
    );
    if let Some(seed) = report.seed {
        let _ = writeln!(out, "      <property name=\"seed\" value=\"{seed}\"/>");
    }
    out.push_str("    </properties>\n");
    for case in file.cases() {
        testcase(out, &title, &case);
    }
    let _ = write!(
        out,
        "    <system-out>{}</system-out>\n    <system-err></system-err>\n  </testsuite>\n",
        text(&file.verdict.output)
    );
}

/// What JUnit calls it. A failed check is a failure, everything else that went wrong an error.
enum Sort {
    Passed,
    Skipped(String),
    Failure,
    Error,
}

fn sort(case: &Case<'_>) -> Sort {
    if let Some(why) = case.unrun() {
        return Sort::Skipped(why.to_owned());
    }
    match &case.outcome {
        Outcome::Passed => Sort::Passed,
        Outcome::Skipped { reason } => Sort::Skipped(reason.clone()),
        Outcome::ExpectedFailure { reason, .. } => Sort::Skipped(format!("failed as expected: {reason}")),
        Outcome::UnexpectedPass { .. } => Sort::Failure,
        Outcome::Failed { failures } => {
            let checks = |kind: &Option<String>| matches!(kind.as_deref(), Some("check" | "timeout"));
            let all_checks = !failures.is_empty() && failures.iter().all(|f| checks(&f.kind));
            // A file that did not come to its end is no failed check, even if time ran out.
            if all_checks && !case.path.is_empty() { Sort::Failure } else { Sort::Error }
        }
    }
}

fn testcase(out: &mut String, file: &str, case: &Case<'_>) {
    let _ = write!(
        out,
        "    <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"",
        attribute(&case.name_or(file)),
        attribute(file),
        seconds(case.seconds)
    );
    match sort(case) {
        Sort::Passed => out.push_str("/>\n"),
        Sort::Skipped(reason) => {
            let _ = write!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>\n", attribute(&reason));
        }
        Sort::Failure => failed(out, "failure", case),
        Sort::Error => failed(out, "error", case),
    }
}

fn failed(out: &mut String, element: &str, case: &Case<'_>) {
    let (message, kind) = match case.failures().first() {
        Some(f) => (f.message.clone(), f.kind.clone().unwrap_or_else(|| "error".to_owned())),
        None => (words::unexpected_pass(&case.outcome), "unexpected_pass".to_owned()),
    };
    let mut body = words::failures(&case.outcome);
    if !case.output.is_empty() {
        let _ = write!(body, "\noutput:\n{}", case.output);
    }
    let _ = write!(
        out,
        ">\n      <{element} message=\"{}\" type=\"{}\">{}</{element}>\n    </testcase>\n",
        attribute(&message),
        attribute(&kind),
        text(&body)
    );
}

/// A number that XML knows: neither negative nor NaN.
fn seconds(seconds: f64) -> f64 {
    if seconds.is_finite() { seconds.max(0.0) } else { 0.0 }
}

fn attribute(s: &str) -> String {
    text(s).replace('"', "&quot;").replace('\n', "&#10;").replace('\t', "&#9;")
}

/// Character data. XML 1.0 has no way to write most control characters; they are shown instead.
fn text(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // ]]> must not stand in character data.
            '>' => out.push_str("&gt;"),
            '\n' | '\t' => out.push(c),
            '\r' => out.push_str("&#13;"),
            '\u{0}'..='\u{1f}' | '\u{7f}' => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::report::samples;
    use super::*;

    #[test]
    fn each_outcome_has_its_element() {
        let xml = write(&samples::report());
        assert!(xml.contains("<testcase name=\"a.lua\" classname=\"a.lua\" time=\"1.500\"/>"), "{xml}");
        assert!(xml.contains("name=\"group &gt; fails \\x1b[31m\""), "{xml}");
        assert!(xml.contains("<failure message=\"check.equal: 1 &amp; 2\" type=\"check\">"), "{xml}");
        assert!(xml.contains("printed \\x01 ]]&gt; this"), "{xml}");
        assert!(xml.contains("<skipped message=\"failed as expected: a bug\"/>"), "{xml}");
        assert!(xml.contains("<failure message=\"passed, but was expected to fail: was a bug\""), "{xml}");
        assert!(xml.contains("<error message=\"it crashed\" type=\"check\">"), "{xml}");
        assert!(xml.contains("tests=\"5\" failures=\"2\" errors=\"0\" skipped=\"2\""), "{xml}");
    }
}
