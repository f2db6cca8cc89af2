//! The book (`docs/`, and the README): each block of Lua runs as it stands, in a lab of its own, and prints what stands
//! below it; each link leads somewhere.
//!
//! `NSH_WRITE_BOOK=1 cargo test --test book` writes below each block what it prints now.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the pages are, README first. The reference is made of the registry, whose examples have a test of their own.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<_> = fs::read_dir(root().join("docs")).unwrap().map(|e| e.unwrap().path()).collect();
    pages.retain(|p| p.extension().is_some_and(|e| e == "md"));
    pages.retain(|p| !p.ends_with("reference.md") && !p.ends_with("SUMMARY.md"));
    pages.sort();
    pages.insert(0, root().join("README.md"));
    pages
}

/// A fenced block.
#[derive(Clone)]
struct Block {
    /// What stands behind the fence: `lua`, `text`.
    language: String,
    /// Its first line, counted from 0, without the fence.
    start: usize,
    lines: Vec<String>,
}

impl Block {
    fn all(page: &str) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = None;
        for (number, line) in page.lines().enumerate() {
            match (&mut open, line.strip_prefix("```")) {
                (None, Some(language)) => {
                    open =
                        Some(Block { language: language.to_owned(), start: number + 1, lines: Vec::new() });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(block), None) => block.lines.push(line.to_owned()),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "a block has no end");
        blocks
    }

    fn follows(&self, other: &Block) -> bool {
        self.start == other.start + other.lines.len() + 3
    }
}

/// A block of Lua, and what it prints as the page has it.
struct Example {
    page: PathBuf,
    code: Block,
    output: Option<Block>,
}

impl Example {
    fn all() -> Vec<Example> {
        let mut examples = Vec::new();
        for page in pages() {
            let blocks = Block::all(&fs::read_to_string(&page).unwrap());
            for (at, code) in blocks.iter().enumerate().filter(|(_, b)| b.language == "lua") {
                let output = blocks.get(at + 1).filter(|b| b.language == "text" && b.follows(code));
                examples.push(Example { page: page.clone(), code: code.clone(), output: output.cloned() });
            }
        }
        examples
    }

    fn place(&self) -> String {
        format!("{}:{}", self.page.strip_prefix(root()).unwrap().display(), self.code.start)
    }

    /// Runs it in an empty directory; `number` tells it from others.
    fn run(&self, number: usize) -> Output {
        let place =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("book-{}-{number}", std::process::id()));
        fs::create_dir_all(&place).unwrap();
        let mut nsh = Command::new(env!("CARGO_BIN_EXE_nsh"));
        nsh.args(["--timeout", "60", "-e", &(self.code.lines.join("\n") + "\n")]).current_dir(&place);
        let output = nsh.stdin(Stdio::null()).output().unwrap();
        fs::remove_dir_all(&place).unwrap();
        output
    }

    /// What is wrong with it; prints why it was skipped.
    fn fault(&self, output: &Output) -> Option<String> {
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        match output.status.code() {
            Some(0) => {}
            Some(3) => {
                println!("{} skipped: {}", self.place(), stderr.trim());
                return None;
            }
            status => return Some(format!("{} ends with {status:?}: {stderr}", self.place())),
        }
        let wanted = self.output.as_ref()?;
        let same = shape(stdout.trim_end()) == shape(wanted.lines.join("\n").trim_end());
        (!same).then(|| format!("{} prints\n{stdout}\nand not\n{}", self.place(), wanted.lines.join("\n")))
    }
}

/// A text without what differs from run to run: times, shares, hardware addresses and what is made of them.
fn shape(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == ':';
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (token, behind) = rest.split_at(end);
        let number = token.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let decimal = number.split('.').count() == 2 && number.split('.').all(|d| d.parse::<u64>().is_ok());
        let milliseconds =
            token.len() > number.len() && token.ends_with("ms") && number.parse::<u64>().is_ok();
        let mac = token.len() == 17 && token.matches(':').count() == 5;
        match () {
            () if decimal || milliseconds => out.push('N'),
            () if mac => out.push_str("MAC"),
            () if token.starts_with("fe80::") => out.push_str("fe80::N"),
            () => out.push_str(token),
        }
        let other = behind.find(word).unwrap_or(behind.len());
        out.push_str(&behind[..other]);
        rest = &behind[other..];
    }
    // Columns are as wide as what stands in them.
    out.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}

/// Runs all, some at the same time.
fn run(examples: &[Example]) -> Vec<Output> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(example) = examples.get(number) else { return };
                    let output = example.run(number);
                    done.lock().unwrap().push((number, output));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, output)| output).collect()
}

#[test]
fn each_block_runs_and_prints_what_stands_below_it() {
    let examples = Example::all();
    assert!(examples.len() > 20);
    let outputs = run(&examples);
    if std::env::var_os("NSH_WRITE_BOOK").is_some() {
        write(&examples, &outputs);
        return;
    }
    let faults: Vec<_> = examples.iter().zip(&outputs).filter_map(|(e, o)| e.fault(o)).collect();
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), examples.len(), faults.join("\n"));
}

/// Writes the outputs into the pages.
fn write(examples: &[Example], outputs: &[Output]) {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let of_page = examples.iter().zip(outputs).filter(|(e, o)| e.page == page && o.status.success());
        // From the end, so that the lines before keep their numbers.
        for (example, output) in of_page.collect::<Vec<_>>().into_iter().rev() {
            let Some(block) = &example.output else { continue };
            let printed = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
            if shape(&printed) != shape(&block.lines.join("\n")) {
                lines
                    .splice(block.start..block.start + block.lines.len(), printed.lines().map(str::to_owned));
            }
        }
        fs::write(&page, lines.join("\n") + "\n").unwrap();
    }
}

/// A table's rows of two columns of code: the other tool's, and ours.
fn rows(section: &str) -> Vec<(String, String)> {
    let cells = |line: &str| {
        let line = line.replace("\\|", "\u{0}");
        let mut cells = line.split('|').skip(1).map(|c| c.trim().replace('\u{0}', "|"));
        Some((cells.next()?, cells.next()?.trim_matches('`').to_owned()))
    };
    section.lines().filter(|l| l.starts_with("| `")).filter_map(cells).collect()
}

fn nsh(arguments: &[&str], input: &str) -> Output {
    let mut nsh = Command::new(env!("CARGO_BIN_EXE_nsh"));
    nsh.args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR"));
    nsh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = nsh.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn each_row_for_people_of_other_tools_works() {
    let page = fs::read_to_string(root().join("docs/coming-from.md")).unwrap();
    let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
    assert!(sections.len() >= 5);
    for section in sections {
        let title = section.lines().next().unwrap();
        let lab = Block::all(section).into_iter().find(|b| b.language == "lua").unwrap();
        let mut script = lab.lines.join("\n") + "\n";
        let rows = rows(section);
        assert!(rows.len() >= 5, "{title}");
        for (theirs, ours) in rows {
            // Lua has no statement that is only a value.
            let value = !ours.ends_with([')', 'd']);
            writeln!(script, "{}{ours}", if value { "_ = " } else { "" }).unwrap();
            if title.starts_with("From `ip`") {
                let output = nsh(&["translate", "-"], &(theirs.trim_matches('`').to_owned() + "\n"));
                let made = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                assert_eq!(made.lines().last(), Some(ours.as_str()), "{theirs}");
            }
        }
        let output = nsh(&["--timeout", "60", "-"], &script);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{title}: {stderr}\n{script}");
    }
}

/// The names by which headings are linked to, as mdBook and code hosts make them.
fn anchors(page: &str) -> Vec<String> {
    let mut code = false;
    let mut out = Vec::new();
    for line in page.lines() {
        code ^= line.starts_with("```");
        if !code && line.starts_with('#') {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            out.push(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
    }
    out
}

#[test]
fn each_link_leads_somewhere() {
    let mut faults = String::new();
    let mut checked = 0;
    let others = ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name));
    for page in pages().into_iter().chain(others).chain([root().join("docs/reference.md")]) {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            // Lua has `["x"](y)` too.
            if link.contains("://")
                || link.contains(char::is_whitespace)
                || link.is_empty()
                || !link.contains(['.', '#'])
            {
                continue;
            }
            checked += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let there = match fs::read_to_string(&target) {
                Ok(text) => anchor.is_empty() || anchors(&text).iter().any(|a| a == anchor),
                Err(_) => target.exists(),
            };
            if !there {
                writeln!(faults, "{}: {link}", page.display()).unwrap();
            }
        }
    }
    assert!(checked > 20);
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn each_page_stands_once_in_the_books_summary() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let mut named: Vec<&str> = summary.split("](").skip(1).filter_map(|r| r.split(')').next()).collect();
    named.sort_unstable();
    let mut there: Vec<_> = fs::read_dir(root().join("docs"))
        .unwrap()
        .filter_map(|e| e.unwrap().file_name().into_string().ok())
        .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
        .collect();
    there.sort_unstable();
    assert_eq!(named, there);
}

#[test]
fn what_differs_from_run_to_run_has_one_shape() {
    assert_eq!(
        shape("rtt 0.051/0.066 ms, time 401ms, 192.168.1.1/24 lo"),
        "rtt N/N ms, time N, 192.168.1.1/24 lo\n"
    );
    assert_eq!(shape("link/ether 0a:1b:2c:3d:4e:5f\nfe80::81b:2cff"), "link/ether MAC\nfe80::N\n");
    assert_eq!(shape("a   1\n b 22"), "a 1\nb 22\n");
}
