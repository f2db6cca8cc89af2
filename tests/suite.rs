//! Runs, each in a child nsh with a sandbox of its own, in parallel, with a deadline, as root and as an ordinary
//! user: every file of `tests/lua` and `scripts`, and every example of the documentation.
//!
//! A file's head may say `-- needs: ip, vlan`; what is missing makes it *skipped*, with the reason. The words:
//! programs (`ip`, `nft`, `tcpdump`, ...), `root` or `user` (run only so), and what `nsh doctor --json` names
//! (`vlan`, `netem`, ...).
//!
//! `--kernel` runs only those that need a kernel feature: what is skipped here can run on another kernel (`tests/vm`).
//! `cargo test --test suite -- WORD...` runs the cases whose name has one of the words.
//! `NSH` names another nsh to test, `NSH_TREE` another tree with `tests` and `scripts`.

// A test program may stop where it finds itself wrong.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The script's own limit, and how long after it a hung nsh is killed.
const TIMEOUT: u64 = 60;
const GRACE: Duration = Duration::from_secs(15);
/// An ordinary user that every machine has: `nobody`.
const NOBODY: u32 = 65534;

#[derive(Clone, Copy, PartialEq, Eq)]
enum User {
    Root,
    Ordinary,
}

struct Case {
    name: String,
    arguments: Vec<String>,
    needs: Vec<String>,
    user: User,
}

enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// Where nsh and the files lie, readable for every user.
struct Stage {
    directory: PathBuf,
    nsh: PathBuf,
    doctor: HashMap<String, bool>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if std::env::args().any(|a| a == "--list") {
        return ExitCode::SUCCESS;
    }
    let stage = Stage::new().expect("cannot prepare the files to test");
    let mut cases = stage.cases();
    if std::env::args().any(|a| a == "--kernel") {
        cases.retain(|case| case.needs.iter().any(|need| stage.doctor.contains_key(need)));
    }
    cases.retain(|case| words.is_empty() || words.iter().any(|w| case.name.contains(w.as_str())));
    if cases.is_empty() {
        eprintln!("no test has such a name");
        return ExitCode::FAILURE;
    }
    let (next, results) = (AtomicUsize::new(0), Mutex::new((0, Vec::new(), 0)));
    let workers = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (next, results, cases, stage) = (&next, &results, &cases, &stage);
            scope.spawn(move || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let start = Instant::now();
                    let outcome = stage.run(case, worker);
                    let took = start.elapsed().as_secs_f64();
                    let mut results = results.lock().unwrap();
                    match outcome {
                        Outcome::Passed => {
                            println!("ok       {} ({took:.2} s)", case.name);
                            results.0 += 1;
                        }
                        Outcome::Skipped(reason) => {
                            println!("skipped  {}: {reason}", case.name);
                            results.2 += 1;
                        }
                        Outcome::Failed(text) => {
                            println!("FAILED   {} ({took:.2} s)\n{text}", case.name);
                            results.1.push(case.name.clone());
                        }
                    }
                }
            });
        }
    });
    let (passed, failed, skipped) = results.into_inner().unwrap();
    if !failed.is_empty() {
        println!("\nfailed:\n  {}", failed.join("\n  "));
    }
    println!("\n{passed} passed, {} failed, {skipped} skipped", failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Stage {
    fn new() -> std::io::Result<Stage> {
        let directory = std::env::temp_dir().join(format!("nsh-suite-{}", std::process::id()));
        fs::create_dir_all(&directory)?;
        open_to_all(&directory)?;
        let nsh = directory.join("nsh");
        fs::copy(std::env::var_os("NSH").unwrap_or(env!("CARGO_BIN_EXE_nsh").into()), &nsh)?;
        let tree = PathBuf::from(std::env::var_os("NSH_TREE").unwrap_or(env!("CARGO_MANIFEST_DIR").into()));
        for part in ["tests/lua", "scripts"] {
            copy_tree(&tree.join(part), &directory.join(part))?;
        }
        let mut stage = Stage { directory, nsh, doctor: HashMap::new() };
        stage.doctor = stage.ask_doctor();
        Ok(stage)
    }

    /// What `nsh doctor` finds here, by name.
    fn ask_doctor(&self) -> HashMap<String, bool> {
        let out = Command::new(&self.nsh).args(["doctor", "--json"]).stdin(Stdio::null()).output();
        let json: serde_json::Value = out
            .ok()
            .and_then(|out| serde_json::from_slice(&out.stdout).ok())
            .expect("nsh doctor --json gives JSON");
        let checks = json["checks"].as_array().expect("a list of checks");
        checks
            .iter()
            .filter(|c| c["group"] != "tools")
            .map(|c| (c["name"].as_str().expect("a name").to_owned(), c["ok"].as_bool().expect("a verdict")))
            .collect()
    }

    fn cases(&self) -> Vec<Case> {
        // SAFETY: geteuid has no preconditions.
        let root = unsafe { libc::geteuid() } == 0;
        let users: &[User] = if root { &[User::Root, User::Ordinary] } else { &[User::Ordinary] };
        let mut cases = Vec::new();
        for file in lua_files(&self.directory) {
            let head = fs::read_to_string(&file).unwrap_or_default();
            let name = file.strip_prefix(&self.directory).unwrap_or(&file).display().to_string();
            for &user in users {
                cases.push(Case {
                    name: format!("{name} as {}", if user == User::Root { "root" } else { "user" }),
                    arguments: vec![file.display().to_string()],
                    needs: needs(&head),
                    user,
                });
            }
        }
        let docs = nsh::doc::Docs::collect();
        let methods = docs.classes.values().flat_map(|class| class.methods.iter().map(|m| (class.name, m)));
        let functions = docs.modules.iter().flat_map(|module| module.all().map(|f| ("", f)));
        for (class, f) in functions.chain(methods) {
            if !f.example.is_empty() {
                let name = if class.is_empty() { f.name.to_owned() } else { format!("{class}:{}", f.name) };
                cases.push(Case {
                    name: format!("example of {name}"),
                    arguments: vec!["-e".to_owned(), f.example.to_owned()],
                    needs: f.example_needs.map(str::to_owned).into_iter().collect(),
                    user: User::Ordinary,
                });
            }
        }
        cases
    }

    /// Why the case can't run here.
    fn missing(&self, case: &Case) -> Option<String> {
        case.needs.iter().find_map(|need| match need.as_str() {
            "root" => (case.user != User::Root).then(|| "it is for root".to_owned()),
            "user" => (case.user != User::Ordinary).then(|| "it is for an ordinary user".to_owned()),
            "terminal" => Some("it needs a terminal".to_owned()),
            need => match self.doctor.get(need) {
                Some(true) => None,
                Some(false) => Some(format!("this kernel has no {need}")),
                None => (!in_path(need)).then(|| format!("{need} is not installed")),
            },
        })
    }

    fn run(&self, case: &Case, worker: usize) -> Outcome {
        if let Some(reason) = self.missing(case) {
            return Outcome::Skipped(reason);
        }
        match self.spawn(case, worker) {
            Ok(None) => Outcome::Passed,
            Ok(Some(text)) => Outcome::Failed(text),
            Err(e) => Outcome::Failed(format!("cannot run nsh: {e}")),
        }
    }

    /// Runs the case; what it printed, if it failed.
    fn spawn(&self, case: &Case, worker: usize) -> std::io::Result<Option<String>> {
        // A working directory of its own, writable for its user.
        let place = self.directory.join(format!("work-{worker}-{}", case.user == User::Root));
        fs::create_dir_all(&place)?;
        let mut command = Command::new(&self.nsh);
        command
            .arg("--timeout")
            .arg(TIMEOUT.to_string())
            .args(&case.arguments)
            .current_dir(&place)
            // Not the working directory, which the sandbox would then keep read-only.
            .env("HOME", &self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // SAFETY: geteuid has no preconditions.
        if case.user == User::Ordinary && unsafe { libc::geteuid() } == 0 {
            std::os::unix::fs::chown(&place, Some(NOBODY), Some(NOBODY))?;
            command.uid(NOBODY).gid(NOBODY);
        }
        let mut child = command.spawn()?;
        let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
        let read = |pipe: Option<&mut dyn Read>| {
            let mut bytes = Vec::new();
            if let Some(pipe) = pipe {
                let _ = pipe.read_to_end(&mut bytes);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let killer = Killer::after(child.id(), Duration::from_secs(TIMEOUT) + GRACE);
        let (stdout, stderr) = std::thread::scope(|scope| {
            let err = scope.spawn(|| read(err.as_mut().map(|e| e as &mut dyn Read)));
            (read(out.as_mut().map(|o| o as &mut dyn Read)), err.join().unwrap_or_default())
        });
        let status = child.wait()?;
        drop(killer);
        Ok((!status.success()).then(|| format!("{status}\n--- stdout\n{stdout}--- stderr\n{stderr}---")))
    }
}

/// Kills a process that has not ended in time.
struct Killer {
    /// Dropped when the process has ended, which ends the wait.
    _ended: std::sync::mpsc::Sender<()>,
}

impl Killer {
    fn after(pid: u32, time: Duration) -> Killer {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || {
            if receiver.recv_timeout(time) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                // SAFETY: kill has no preconditions; the child has not been waited for yet.
                unsafe { libc::kill(pid as i32, libc::SIGKILL) };
            }
        });
        Killer { _ended: sender }
    }
}

/// The words behind `-- needs:` in the comment at a file's head.
fn needs(source: &str) -> Vec<String> {
    source
        .lines()
        .take_while(|line| line.starts_with("--") || line.starts_with("#!") || line.trim().is_empty())
        .filter_map(|line| line.strip_prefix("-- needs:"))
        .flat_map(|line| line.split(','))
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

fn lua_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut left: Vec<PathBuf> = vec![directory.to_owned()];
    while let Some(d) = left.pop() {
        for entry in fs::read_dir(&d).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|e| e == "lua") {
                files.push(path);
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

fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|d| d.join(program).is_file())
}
