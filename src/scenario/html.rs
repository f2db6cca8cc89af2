//! One page with everything: it needs no other file and no network, and works without scripts. It is XML besides, so
//! that it can be read by machines.

use std::fmt::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::order::Shard;
use super::report::{Case, FileReport, Report};
use super::words::{self, count};
use crate::base::text::harmless;
use crate::lua::modules::test::event::{Failure, Outcome};
use crate::proc;

/// Nothing is loaded, whatever a text says.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8885;--bad:#c62828;--good:#2e7d32;--middling:#8a5a00}
@media(prefers-color-scheme:dark){:root{--bad:#ff8a80;--good:#81c784;--middling:#ffd54f}}
body{font:15px/1.45 system-ui,sans-serif;max-width:75rem;margin:0 auto;padding:1rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1rem;margin:1.2rem 0 .3rem}h2 small,.about,time{font-weight:normal;opacity:.75}
pre{font:13px/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;\
margin:.4rem 0;padding:.5rem .7rem;border-left:3px solid var(--line)}
pre.message{border-color:var(--bad)}pre.hint{border-color:var(--good)}
.case{border-top:1px solid var(--line);padding:.2rem 0}.case>.row,.case>summary{display:flex;gap:.8rem}
summary{cursor:pointer}.word{flex:0 0 4.5rem;font-weight:bold}.name{flex:1;overflow-wrap:anywhere}
.passed .word,.plus{color:var(--good)}.failed .word,.minus,a.bad{color:var(--bad)}.skipped .word,.not-run .word{color:var(--middling)}
.bar{flex:0 0 6rem;align-self:center;height:.5rem}.bar i{display:block;height:100%;min-width:1px;background:currentColor;opacity:.35}
figure{margin:.5rem 0}img{max-width:100%;background:#fff}label{margin-right:1rem}
.out{display:none}";

const SCRIPT: &str = "\
const box=document.getElementById('find');box.hidden=false;
box.oninput=()=>{const word=box.value.toLowerCase();
for(const e of document.querySelectorAll('.case'))e.classList.toggle('out',!e.textContent.toLowerCase().includes(word))}";

/// What a test came to: its class, and as it is shown.
const SORTS: [(&str, &str); 4] =
    [("failed", "failed"), ("passed", "passed"), ("skipped", "skipped"), ("not-run", "not run")];

pub fn write(report: &Report) -> String {
    let t = &report.totals;
    let title = format!("{}: {} passed, {} failed", count(t.tests(), "test"), t.passed, t.failed);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width\"/>\n<title>{title}</title>\n<style>\n{STYLE}\n"
    );
    for (class, _) in SORTS {
        let _ = writeln!(out, "#show-{class}:not(:checked)~main .case.{class}{{display:none}}");
    }
    let _ =
        write!(out, "</style></head>\n<body>\n<h1>{title}</h1>\n<p class=\"about\">{}</p>\n", about(report));
    let numbers = [t.failed, t.passed, t.skipped, t.not_run];
    for ((class, word), n) in SORTS.iter().zip(numbers) {
        let _ = writeln!(
            out,
            "<input type=\"checkbox\" id=\"show-{class}\" checked=\"\"/><label for=\"show-{class}\">{n} {word}</label>"
        );
    }
    out.push_str("<input type=\"search\" id=\"find\" placeholder=\"find\" hidden=\"\"/>\n<main>\n");
    failed(&mut out, report);
    let cases = report.files.iter().flat_map(FileReport::cases);
    let longest = cases.map(|case| seconds(case.seconds)).fold(0.001, f64::max);
    for (number, file) in report.files.iter().enumerate() {
        section(&mut out, file, number, longest);
    }
    let _ = write!(out, "</main>\n<script>\n{SCRIPT}\n</script>\n</body></html>\n");
    out
}

/// When, how long, by what.
fn about(report: &Report) -> String {
    let mut parts = vec![
        format!(
            "{} UTC, {:.2} s, nsh {}",
            report.started.replace('T', " "),
            seconds(report.seconds),
            report.nsh
        ),
        count(report.files.len() as u64, "file"),
    ];
    if !report.filter.is_empty() {
        parts.push(format!("--filter {}", report.filter.join(" --filter ")));
    }
    if let Some(Shard { index, count, .. }) = report.shard {
        parts.push(format!("shard {index}/{count}"));
    }
    parts.extend(report.seed.map(|seed| format!("--shuffle={seed}")));
    parts.extend(report.interrupted.map(|signal| format!("interrupted by {}", proc::signal_name(signal))));
    text(&parts.join(", "))
}

/// What failed, by name, with where it stands below.
fn failed(out: &mut String, report: &Report) {
    let mut items = String::new();
    for (number, file) in report.files.iter().enumerate() {
        let title = file.title();
        for (at, case) in file.cases().enumerate().filter(|(_, case)| case.failed()) {
            let name =
                if case.path.is_empty() { title.clone() } else { format!("{title} > {}", case.name_or("")) };
            let _ = writeln!(
                items,
                "<li><a class=\"bad\" href=\"#{}\">{}</a></li>",
                anchor(number, at),
                text(&name)
            );
        }
    }
    if !items.is_empty() {
        let _ = write!(out, "<nav aria-label=\"failed\"><ul>\n{items}</ul></nav>\n");
    }
}

fn anchor(file: usize, case: usize) -> String {
    format!("t{}-{}", file + 1, case + 1)
}

fn section(out: &mut String, file: &FileReport, number: usize, longest: f64) {
    let title = text(&file.title());
    let about =
        format!("{}, {:.2} s", count(file.cases().count() as u64, "test"), seconds(file.verdict.seconds));
    let _ = write!(out, "<section>\n<h2>{title} <small>{about}</small></h2>\n");
    for (at, case) in file.cases().enumerate() {
        let own = if file.tests.is_empty() { file.title() } else { "(outside of tests)".to_owned() };
        one(out, &case, &anchor(number, at), &case.name_or(&own), longest);
    }
    let own = !file.tests.is_empty() && !file.cases().any(|case| case.path.is_empty());
    // What was printed outside of the tests, where no case tells it.
    if own && !file.verdict.output.is_empty() {
        output(out, "printed outside of the tests", &file.verdict.output);
    }
    out.push_str("</section>\n");
}

fn one(out: &mut String, case: &Case<'_>, anchor: &str, name: &str, longest: f64) {
    let (class, word, reason) = match &case.outcome {
        _ if case.unrun().is_some() => ("not-run", "not run", case.unrun().unwrap_or_default().to_owned()),
        Outcome::Passed => ("passed", "passed", String::new()),
        Outcome::Skipped { reason } => ("skipped", "skipped", reason.clone()),
        Outcome::ExpectedFailure { reason, .. } => {
            ("passed", "xfail", format!("failed as expected: {reason}"))
        }
        Outcome::Failed { .. } | Outcome::UnexpectedPass { .. } => ("failed", "FAILED", String::new()),
    };
    let took = seconds(case.seconds);
    let row = format!(
        "<span class=\"word\">{word}</span><span class=\"name\">{}{}</span>\
         <span class=\"bar\"><i style=\"width:{:.1}%\"></i></span><time>{took:.2} s</time>",
        text(name),
        if reason.is_empty() { String::new() } else { format!(": {}", text(&reason)) },
        took / longest * 100.0
    );
    let told = details(case);
    let _ = match told.is_empty() {
        true => {
            writeln!(out, "<div class=\"case {class}\" id=\"{anchor}\"><div class=\"row\">{row}</div></div>")
        }
        false => {
            let open = if class == "failed" { " open=\"\"" } else { "" };
            writeln!(
                out,
                "<details class=\"case {class}\" id=\"{anchor}\"{open}><summary>{row}</summary>\n{told}</details>"
            )
        }
    };
}

/// What went wrong, and what was printed meanwhile.
fn details(case: &Case<'_>) -> String {
    let mut out = String::new();
    case.failures().iter().for_each(|f| failure(&mut out, f));
    let unexpected = words::unexpected_pass(&case.outcome);
    if !unexpected.is_empty() {
        pre(&mut out, "message", &unexpected);
    }
    if !case.output.is_empty() {
        output(&mut out, "output", &case.output);
    }
    out
}

fn output(out: &mut String, what: &str, printed: &str) {
    let _ = write!(
        out,
        "<details><summary>{what}</summary>\n<pre class=\"output\">{}</pre></details>\n",
        text(printed)
    );
}

fn pre(out: &mut String, class: &str, words: &str) {
    let _ = writeln!(out, "<pre class=\"{class}\">{}</pre>", text(words));
}

fn failure(out: &mut String, f: &Failure) {
    let plain = Failure { hint: None, diff: None, changed: Vec::new(), traceback: None, ..f.clone() };
    pre(out, "message", &plain.text(true));
    if let Some(diff) = &f.diff {
        let line = |line: &str| match line.as_bytes().first() {
            Some(b'-') => format!("<span class=\"minus\">{}</span>", text(line)),
            Some(b'+') => format!("<span class=\"plus\">{}</span>", text(line)),
            _ => text(line),
        };
        let lines: Vec<String> = diff.lines().map(line).collect();
        let _ = writeln!(out, "<pre class=\"diff\">{}</pre>", lines.join("\n"));
    }
    if let Some(hint) = &f.hint {
        pre(out, "hint", hint);
    }
    if !f.changed.is_empty() {
        pre(out, "changed", &format!("since the last passed check:\n{}", f.changed.join("\n")));
    }
    if let Some(traceback) = &f.traceback {
        pre(out, "traceback", traceback);
    }
    if let Some(picture) = &f.picture {
        // As an image, whose style and text are its own.
        let data = BASE64_STANDARD.encode(picture);
        let _ = writeln!(
            out,
            "<figure><img alt=\"the lab when it failed\" src=\"data:image/svg+xml;base64,{data}\"/></figure>"
        );
    }
}

/// A number that can be shown: neither negative nor NaN.
fn seconds(seconds: f64) -> f64 {
    if seconds.is_finite() { seconds.max(0.0) } else { 0.0 }
}

/// Text of an element or in quotes.
fn text(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in harmless(words).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
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

    /// The elements' names in their order, if each is closed where it should be.
    fn elements(page: &str) -> Vec<&str> {
        let (mut open, mut all) = (Vec::new(), Vec::new());
        for tag in page.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').unwrap();
            let name = tag.split([' ', '\n']).next().unwrap();
            match name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "{tag}"),
                None if name == "!DOCTYPE" => {}
                None if tag.ends_with('/') => all.push(name),
                None => {
                    open.push(name);
                    all.push(name);
                }
            }
        }
        assert!(open.is_empty(), "{open:?}");
        all
    }

    #[test]
    fn a_page_is_well_formed_complete_and_loads_nothing() {
        let mut report = samples::report();
        if let Outcome::Failed { failures } = &mut report.files[1].tests[1].verdict.outcome {
            failures[0].picture = Some("<svg xmlns='x'><script>alert(1)</script></svg>".into());
        }
        report.files[0].name = "<script>alert(\"a\")</script> & \u{1b}[31m\u{ffff}.lua".into();
        report.filter = vec!["\"><img src=x>".into()];
        let page = write(&report);
        let all = elements(&page);
        assert_eq!(all.iter().filter(|name| **name == "script").count(), 1, "{page}");
        assert_eq!(all.iter().filter(|name| **name == "img").count(), 1);
        assert_eq!(page.matches("class=\"case ").count(), 8);
        for words in [
            "<h1>8 tests: 3 passed, 3 failed</h1>",
            "&lt;script&gt;alert(&quot;a&quot;)&lt;/script&gt; &amp; \\x1b[31m\u{fffd}.lua",
            "<pre class=\"message\">b.lua:7: check.equal: 1 &amp; 2</pre>",
            "<pre class=\"hint\">look at &lt;br0&gt;</pre>",
            "<span class=\"minus\">- 1</span>\n<span class=\"plus\">+ 2</span>",
            "link br0 went down",
            "printed \\x01 ]]&gt; this",
            "passed, but was expected to fail: was a bug",
            "known: failed as expected: a bug",
            "c.lua: this kernel has no netem",
            "2026-01-31 12:00:00 UTC, 2.50 s",
            "--filter &quot;&gt;&lt;img src=x&gt;",
            "<a class=\"bad\" href=\"#t2-2\">b.lua &gt; group &gt; fails \\x1b[31m</a>",
            "id=\"t2-2\" open",
        ] {
            assert!(page.contains(words), "{words}\n{page}");
        }
        for loads in ["http:", "https:", "//", "@import", "url("] {
            assert!(!page.contains(loads), "{loads}");
        }
    }
}
