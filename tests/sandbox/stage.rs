//! A place with nsh, a project and a home directory in it, and the users to run as.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[path = "signals.rs"]
pub mod signals;

/// An ordinary user that every machine has: `nobody`.
const NOBODY: u32 = 65534;
/// Nothing here takes this long, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    Root,
    Ordinary,
}

/// Whom we can run as.
pub fn users() -> &'static [User] {
    if nix::unistd::geteuid().is_root() { &[User::Root, User::Ordinary] } else { &[User::Ordinary] }
}

/// Runs `test` for each user.
pub fn each(mut test: impl FnMut(&Stage)) {
    for user in users() {
        test(&Stage::new(*user));
    }
}

/// The nsh to try: `$NSH`, else the one that was built with the test.
pub fn built() -> PathBuf {
    std::env::var_os("NSH").unwrap_or(env!("CARGO_BIN_EXE_nsh").into()).into()
}

/// Puts a program there, by a link where that can be had: a copy is open for writing for a moment, and a process that
/// another thread forks just then keeps it so, which makes executing it fail with ETXTBSY.
pub fn place(program: &Path, there: &Path) {
    fs::hard_link(program, there).or_else(|_| fs::copy(program, there).map(drop)).unwrap();
}

/// Removed when dropped.
pub struct Stage {
    pub user: User,
    pub directory: PathBuf,
    /// Where nsh is started: writable in the sandbox.
    pub project: PathBuf,
    /// `$HOME`, with the file `keep` in it.
    pub home: PathBuf,
}

impl Stage {
    pub fn new(user: User) -> Stage {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        // Not in a private place if that can be had: there, everything can be written, for nothing.
        let opt = PathBuf::from("/opt");
        let base = if nix::unistd::geteuid().is_root() && opt.is_dir() { opt } else { std::env::temp_dir() };
        let directory =
            base.canonicalize().unwrap().join(format!("nsh-sandbox-{}-{count}", std::process::id()));
        let (project, home) = (directory.join("project"), directory.join("home"));
        let stage = Stage { user, directory, project, home };
        fs::create_dir_all(&stage.project).unwrap();
        fs::create_dir_all(&stage.home).unwrap();
        place(&built(), &stage.nsh());
        fs::write(stage.home.join("keep"), "kept").unwrap();
        for path in [&stage.directory, &stage.project, &stage.home, &stage.nsh()] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        for path in [&stage.project, &stage.home, &stage.home.join("keep")] {
            stage.give(path);
        }
        stage
    }

    fn is_other(&self) -> bool {
        self.user == User::Ordinary && nix::unistd::geteuid().is_root()
    }

    /// Makes it this stage's user's.
    pub fn give(&self, path: &Path) {
        if self.is_other() {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    pub fn nsh(&self) -> PathBuf {
        self.directory.join("nsh")
    }

    /// nsh with these arguments, not started yet: in the project, with nothing on stdin.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.program(&self.nsh(), arguments)
    }

    /// Any program, as this stage's user, in an environment that is the same on each machine. `$SHELL` is in it: without
    /// it, tmux and script take the user's own, and nobody's is `nologin`.
    pub fn program(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.project)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("SHELL", "/bin/sh")
            .env("LANG", "C.UTF-8")
            .env("HOME", &self.home)
            .env("NSH_LABS", self.home.join("labs"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        signals::heed_all(&mut command);
        if self.is_other() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// Runs `nsh -e code`.
    pub fn lua(&self, code: &str) -> Output {
        finish(self.command(&["-e", code]).spawn().unwrap())
    }

    /// Runs Lua that must succeed, and returns what it printed.
    pub fn prints(&self, code: &str) -> String {
        let out = self.lua(code);
        assert!(out.status.success(), "{:?}: {code}\n{}", self.user, text(&out));
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    /// The processes that run something of this stage, or in it.
    pub fn processes(&self) -> Vec<String> {
        let mark = self.directory.to_string_lossy().into_owned();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let path = entry.path();
            if !entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
                continue;
            }
            let command = fs::read(path.join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let program = fs::read_link(path.join("exe")).unwrap_or_default();
            let cwd = fs::read_link(path.join("cwd")).unwrap_or_default();
            if command.contains(&mark) || [program, cwd].iter().any(|p| p.starts_with(&self.directory)) {
                found.push(format!("{}: {command}", entry.file_name().display()));
            }
        }
        found
    }

    /// Waits until no process of this stage is left.
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
        std::thread::yield_now();
        let _ = nix::poll::poll(&mut [], 2u16);
    }
}

/// Waits for the child's end and its output; a child that hangs is killed.
pub fn finish(child: Child) -> Output {
    finish_within(child, PATIENCE)
}

pub fn finish_within(mut child: Child, patience: Duration) -> Output {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                let _ = pipe.read_to_end(&mut bytes);
            }
            bytes
        })
    };
    let stdout = read(stdout.map(|p| Box::new(p) as _));
    let stderr = read(stderr.map(|p| Box::new(p) as _));
    let deadline = Instant::now() + patience;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!(
                "nsh hangs; so far: {:?}",
                stderr.join().map(|e| String::from_utf8_lossy(&e).into_owned())
            );
        }
        let _ = nix::poll::poll(&mut [], 2u16);
    };
    Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

pub fn text(out: &Output) -> String {
    format!(
        "{:?}\nstdout: {}\nstderr: {}",
        out.status,
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    )
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
