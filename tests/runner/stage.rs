//! A place with nsh and test files in it, and the users to run as.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde_json::Value;

/// An ordinary user that every machine has: `nobody`.
const NOBODY: u32 = 65534;
/// Nothing here takes this long, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    Root,
    Ordinary,
}

/// Removed when dropped.
pub struct Stage {
    user: User,
    pub directory: PathBuf,
    /// Where nsh is started.
    pub project: PathBuf,
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Held for writing by a test that leaves the machine no room: the others wait for its end, since their limits are in
/// seconds.
static ROOM: RwLock<()> = RwLock::new(());

/// Runs `test` as each user that we can be.
pub fn each(test: impl Fn(&Stage)) {
    let _room = ROOM.read().unwrap_or_else(PoisonError::into_inner);
    as_each(test);
}

fn as_each(test: impl Fn(&Stage)) {
    if nix::unistd::geteuid().is_root() {
        test(&Stage::new(User::Root));
    }
    test(&Stage::new(User::Ordinary));
}

/// For what is the same for every user.
pub fn once(test: impl Fn(&Stage)) {
    let _room = ROOM.read().unwrap_or_else(PoisonError::into_inner);
    test(&Stage::new(User::Ordinary));
}

/// As [`each`], while no other test runs.
pub fn alone(test: impl Fn(&Stage)) {
    let _room = ROOM.write().unwrap_or_else(PoisonError::into_inner);
    as_each(test);
}

impl Stage {
    pub fn new(user: User) -> Stage {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let base = std::env::temp_dir().canonicalize().unwrap();
        let directory = base.join(format!("nsh-runner-{}-{count}", std::process::id()));
        let stage = Stage { user, project: directory.join("project"), directory };
        fs::create_dir_all(&stage.project).unwrap();
        // A link, if it can be had: a copy just written can't be run while a process that another test is about to
        // start holds it open.
        let nsh = std::env::var_os("NSH").unwrap_or(env!("CARGO_BIN_EXE_nsh").into());
        fs::hard_link(&nsh, stage.nsh()).or_else(|_| fs::copy(&nsh, stage.nsh()).map(drop)).unwrap();
        for path in [&stage.directory, &stage.project, &stage.nsh()] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        stage.give(&stage.project);
        stage
    }

    fn nsh(&self) -> PathBuf {
        self.directory.join("nsh")
    }

    fn is_other(&self) -> bool {
        self.user == User::Ordinary && nix::unistd::geteuid().is_root()
    }

    fn give(&self, path: &Path) {
        if self.is_other() {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// Writes a file of the project, its user's.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.project.join(name);
        let mut directory = self.project.clone();
        for part in Path::new(name).parent().unwrap().components() {
            directory.push(part);
            let _ = fs::create_dir(&directory);
            self.give(&directory);
        }
        fs::write(&path, text).unwrap();
        self.give(&path);
        path
    }

    /// nsh with the words of `line`, not started yet: in the project, with nothing on stdin.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(self.nsh());
        command.args(line.split_whitespace()).current_dir(&self.project).env("HOME", &self.directory);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if self.is_other() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    pub fn run(&self, line: &str) -> Ran {
        finish(self.command(line).spawn().unwrap())
    }

    /// Runs the tests, and returns the JSON report besides.
    pub fn report(&self, line: &str) -> (Ran, Value) {
        let ran = self.run(&format!("{line} --output result.json"));
        let text = fs::read_to_string(self.project.join("result.json")).unwrap_or_default();
        let report = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{line}: {e}: {text}\n{ran:?}"));
        (ran, report)
    }

    /// The processes that run something of this stage.
    pub fn processes(&self) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let path = entry.path();
            let program = fs::read_link(path.join("exe")).unwrap_or_default();
            let command = fs::read(path.join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            if program.starts_with(&self.directory) || command.contains(&*self.directory.to_string_lossy()) {
                found.push(format!("{}: {command}", entry.file_name().display()));
            }
        }
        found
    }

    pub fn wait_until_gone(&self) {
        until(|| self.processes().is_empty(), || format!("left: {:#?}", self.processes()));
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Waits until `holds`, and fails with `why` if it doesn't come to that.
pub fn until(mut holds: impl FnMut() -> bool, why: impl Fn() -> String) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{}", why());
        let _ = nix::poll::poll(&mut [], 5u16);
    }
}

/// Waits for the child's end and its output; a child that hangs is killed.
pub fn finish(mut child: Child) -> Ran {
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = read(child.stdout.take().map(|p| Box::new(p) as _));
    let stderr = read(child.stderr.take().map(|p| Box::new(p) as _));
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("nsh hangs; so far: {:?} {:?}", stdout.join(), stderr.join());
        }
        let _ = nix::poll::poll(&mut [], 5u16);
    };
    Ran { status: status.code(), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

/// The tests of a report, as `file > group > test: outcome`, in its order; of a file's own code without a test.
pub fn outcomes(report: &Value) -> Vec<String> {
    let mut out = Vec::new();
    for file in report["files"].as_array().unwrap() {
        let name = file["name"].as_str().unwrap();
        let tests = file["tests"].as_array().unwrap();
        for test in tests {
            let path: Vec<&str> =
                test["path"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
            out.push(format!("{name} > {}: {}", path.join(" > "), word(test)));
        }
        if tests.is_empty() || word(file) != "passed" {
            out.push(format!("{name}: {}", word(file)));
        }
    }
    out
}

fn word(of: &Value) -> &str {
    match (of["not_run"] == true, of["interrupted"] == true) {
        (true, true) => "stopped",
        (true, false) => "not run",
        _ => of["outcome"]["is"].as_str().unwrap(),
    }
}

/// The message of a file's or a test's first failure.
pub fn message(of: &Value) -> &str {
    of["outcome"]["failures"][0]["message"].as_str().unwrap_or_else(|| panic!("no failure in {of:#}"))
}

/// Whether a program is installed; says so if not.
pub fn have(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|d| d.join(program).is_file());
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}
