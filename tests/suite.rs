//! Runs `tests/lua`, `scripts` and every example of the documentation by `nsh test`, as root and as an ordinary user,
//! and reads its report by other means: each file must be in it, with an outcome that fits the exit status.
//!
//! What is skipped, and why, is listed at the end. `--kernel` runs only the files that need a kernel feature: what is
//! skipped here can run on another kernel (`tests/vm`). `cargo test --test suite -- WORD...` runs the files and tests
//! whose name has one of the words: files with it in their paths whole, and else tests. `--support` tells what came of each
//! file, for `tests/support`. `--as=root` and `--as=ordinary` run them as one of the two. `NSH` names another nsh to test, `NSH_TREE` another tree with `tests` and `scripts`.

// A test program may stop where it finds itself wrong.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;

/// An ordinary user that every machine has: `nobody`.
const NOBODY: u32 = 65534;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Root,
    Ordinary,
}

impl User {
    fn flag(self) -> &'static str {
        match self {
            User::Root => "--as=root",
            User::Ordinary => "--as=ordinary",
        }
    }
}

/// Where nsh and the files lie, readable for every user. Removed when dropped.
struct Stage {
    directory: PathBuf,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn main() -> ExitCode {
    let (flags, words): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|a| a.starts_with('-'));
    if flags.iter().any(|a| a == "--list") {
        return ExitCode::SUCCESS;
    }
    let kernel = flags.iter().any(|a| a == "--kernel");
    let stage = Stage::new().expect("cannot prepare the files to test");
    // SAFETY: geteuid has no preconditions.
    let root = unsafe { libc::geteuid() } == 0;
    let users: Vec<User> = [User::Root, User::Ordinary]
        .into_iter()
        .filter(|user| root || *user == User::Ordinary)
        .filter(|user| !flags.iter().any(|flag| flag.starts_with("--as=") && *flag != user.flag()))
        .collect();
    let mut skipped: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut problems, mut met) = (Vec::new(), 0);
    for user in users {
        println!("\n--- as {user:?}");
        match stage.run(user, root, kernel, &words) {
            Ok(Some(report)) => {
                met += 1;
                problems.extend(report.problems.into_iter().map(|p| format!("as {user:?}: {p}")));
                for (name, reason) in report.skipped {
                    skipped.entry(reason).or_default().insert(name);
                }
            }
            Ok(None) => {}
            Err(e) => problems.push(format!("as {user:?}: cannot run nsh: {e}")),
        }
    }
    if met == 0 {
        problems.push("no test has such a name".to_owned());
    }
    for (reason, names) in skipped {
        println!("skipped, {reason}: {}", names.into_iter().collect::<Vec<_>>().join(", "));
    }
    problems.iter().for_each(|p| println!("WRONG: {p}"));
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is in nsh's report, read without nsh's help.
struct Read {
    problems: Vec<String>,
    skipped: Vec<(String, String)>,
}

impl Stage {
    fn new() -> std::io::Result<Stage> {
        let directory = std::env::temp_dir().join(format!("nsh-suite-{}", std::process::id()));
        let stage = Stage { directory };
        fs::create_dir_all(&stage.directory)?;
        open_to_all(&stage.directory)?;
        fs::copy(std::env::var_os("NSH").unwrap_or(env!("CARGO_BIN_EXE_nsh").into()), stage.nsh())?;
        Ok(stage)
    }

    fn nsh(&self) -> PathBuf {
        self.directory.join("nsh")
    }

    /// A working directory of the user's own, with the files in it.
    fn fill(&self, user: User, root: bool) -> std::io::Result<PathBuf> {
        let place = self.directory.join(format!("{user:?}"));
        let tree = PathBuf::from(std::env::var_os("NSH_TREE").unwrap_or(env!("CARGO_MANIFEST_DIR").into()));
        for part in ["tests/lua", "scripts"] {
            copy_tree(&tree.join(part), &place.join(part))?;
        }
        let examples = place.join("examples");
        fs::create_dir_all(&examples)?;
        let docs = nsh::doc::Docs::collect();
        let methods = docs.classes.values().flat_map(|class| class.methods.iter().map(|m| (class.name, m)));
        let functions = docs.modules.iter().flat_map(|module| module.all().map(|f| ("", f)));
        for (class, f) in functions.chain(methods).filter(|(_, f)| !f.example.is_empty()) {
            let name = if class.is_empty() { f.name.to_owned() } else { format!("{class}:{}", f.name) };
            fs::write(examples.join(format!("{name}.lua")), format!("{}\n", f.example))?;
        }
        if root && user == User::Ordinary {
            chown(&place, Some(NOBODY), Some(NOBODY))?;
        }
        Ok(place)
    }

    /// Runs `nsh test` for a user; `None` if there is nothing to run.
    fn run(&self, user: User, root: bool, kernel: bool, words: &[String]) -> std::io::Result<Option<Read>> {
        let place = self.fill(user, root)?;
        let mut files = tests_in(&place);
        if kernel {
            let features = self.features();
            files.retain(|f| {
                needs(&fs::read_to_string(place.join(f)).unwrap_or_default())
                    .any(|need| features.contains(&need))
            });
        }
        if files.is_empty() {
            return Ok(None);
        }
        let mut command = Command::new(self.nsh());
        command.args(["test", "--timeout", "120", "--output", "report.json"]).current_dir(&place);
        // They wait more than they work.
        let jobs = std::thread::available_parallelism().map_or(2, usize::from) * 2;
        command.arg("--jobs").arg(jobs.to_string());
        // Files that a word names run whole: some look at all that their tests did.
        let (named, words): (Vec<&String>, Vec<&String>) =
            words.iter().partition(|w| files.iter().any(|f| f.contains(w.as_str())));
        words.iter().for_each(|w| {
            command.arg("--filter").arg(w);
        });
        if !named.is_empty() {
            files.retain(|f| named.iter().any(|w| f.contains(w.as_str())));
        }
        if kernel || !named.is_empty() {
            command.args(&files);
        } else {
            command.args(["tests/lua", "scripts", "examples"]);
        }
        // Not the working directory, which the sandbox would then keep read-only.
        command.env("HOME", &self.directory).stdin(Stdio::null());
        if root && user == User::Ordinary {
            command.uid(NOBODY).gid(NOBODY);
        }
        let status = command.status()?;
        if !words.is_empty() && status.code() == Some(2) {
            return Ok(None);
        }
        let report = fs::read(place.join("report.json")).unwrap_or_default();
        let report: Value = serde_json::from_slice(&report).unwrap_or_default();
        let mut read = read(&report, status.code());
        if std::env::args().any(|arg| arg == "--support") {
            support(user, &report);
        }
        let told: BTreeSet<&str> =
            array(&report["files"]).iter().filter_map(|f| f["name"].as_str()).collect();
        let missing = files.iter().filter(|f| words.is_empty() && !told.contains(f.as_str()));
        read.problems.extend(missing.map(|f| format!("{f} was not run")));
        Ok(Some(read))
    }

    /// The kernel features that `nsh doctor` looks for.
    fn features(&self) -> BTreeSet<String> {
        let out = Command::new(self.nsh()).args(["doctor", "--json"]).stdin(Stdio::null()).output();
        let json: Value = out
            .ok()
            .and_then(|o| serde_json::from_slice(&o.stdout).ok())
            .expect("nsh doctor --json gives JSON");
        let features = array(&json["checks"]).iter().filter(|c| c["group"] != "tools");
        features.filter_map(|c| c["name"].as_str()).map(str::to_owned).collect()
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Counts the report's outcomes, and compares them with its totals and with the exit status.
fn read(report: &Value, status: Option<i32>) -> Read {
    let (mut passed, mut failed, mut skipped) = (0u64, Vec::new(), Vec::new());
    for file in array(&report["files"]) {
        let name = file["name"].as_str().unwrap_or_default();
        let tests = array(&file["tests"]);
        let own = tests.is_empty() || file["outcome"]["is"] != "passed";
        for case in tests.iter().chain(own.then_some(file)) {
            let path: Vec<&str> = array(&case["path"]).iter().filter_map(Value::as_str).collect();
            let name = [&[name][..], &path[..]].concat().join(" > ");
            match case["outcome"]["is"].as_str() {
                Some("passed" | "expected_failure") => passed += 1,
                Some("skipped") => {
                    skipped.push((name, case["outcome"]["reason"].as_str().unwrap_or("?").to_owned()));
                }
                _ => failed.push(format!("{name} failed")),
            }
        }
    }
    let mut problems = Vec::new();
    let totals = &report["totals"];
    let counted = [("passed", passed), ("failed", failed.len() as u64), ("skipped", skipped.len() as u64)];
    for (what, n) in counted.into_iter().filter(|(what, n)| totals[what] != *n) {
        problems.push(format!("the report counts {} {what}, and has {n}", totals[what]));
    }
    let expected = if failed.is_empty() { 0 } else { 1 };
    if status != Some(expected) {
        problems.push(format!("the exit status is {status:?}, not {expected}"));
    }
    problems.extend(failed);
    Read { problems, skipped }
}

/// A line for each file: how many of its tests passed, and how many were skipped.
fn support(user: User, report: &Value) {
    for file in array(&report["files"]) {
        let outcomes: Vec<&str> = match array(&file["tests"]) {
            [] => vec![file["outcome"]["is"].as_str().unwrap_or_default()],
            tests => tests.iter().filter_map(|test| test["outcome"]["is"].as_str()).collect(),
        };
        let skipped = outcomes.iter().filter(|is| **is == "skipped").count();
        let passed = outcomes.iter().filter(|is| ["passed", "expected_failure"].contains(is)).count();
        println!(
            "support {user:?} {} {passed} {skipped} {}",
            file["name"].as_str().unwrap_or("?"),
            outcomes.len()
        );
    }
}

/// The words behind `-- needs:` in the comment at a file's head.
fn needs(source: &str) -> impl Iterator<Item = String> {
    source
        .lines()
        .take_while(|line| line.starts_with("--") || line.starts_with("#!") || line.trim().is_empty())
        .filter_map(|line| line.strip_prefix("-- needs:"))
        .flat_map(|line| line.split(','))
        .map(|word| word.trim().to_owned())
}

/// All tests below, by their names from there.
fn tests_in(place: &Path) -> Vec<String> {
    let (mut files, mut left) = (Vec::new(), vec![place.to_owned()]);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(['_', '.']) || ["lib", "helpers"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                left.push(path);
            } else if name.ends_with(".lua") {
                files.push(path.strip_prefix(place).unwrap_or(&path).display().to_string());
            }
        }
    }
    files.sort();
    files
}

fn copy_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    open_to_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

fn open_to_all(path: &Path) -> std::io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}
