//! nsh on a terminal of its own, with the screen that a person would see.

#[path = "../sandbox/signals.rs"]
mod signals;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags};

/// An ordinary user that every machine has: `nobody`.
const NOBODY: u32 = 65534;
/// Nothing here takes this long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than any test's output, so that nothing scrolls away.
const ROWS: u16 = 200;

pub struct Screen {
    master: File,
    emulator: vt100::Parser,
    nsh: Child,
    pub directory: PathBuf,
    /// Where nsh writes down its lab: outside of what the lab may write to.
    pub labs: PathBuf,
}

impl Screen {
    /// Starts nsh with these arguments, as an ordinary user where that can be had.
    pub fn new(columns: u16, arguments: &[&str]) -> Screen {
        Screen::with(columns, arguments, |_| {})
    }

    pub fn with(columns: u16, arguments: &[&str], prepare: impl FnOnce(&mut Command)) -> Screen {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let directory = std::env::temp_dir().join(format!("nsh-prompt-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let nsh = directory.join("nsh");
        let built = PathBuf::from(std::env::var_os("NSH").unwrap_or(env!("CARGO_BIN_EXE_nsh").into()));
        // Not a copy, whose descriptor for writing a fork of another thread could keep: ETXTBSY.
        std::fs::hard_link(&built, &nsh).or_else(|_| std::fs::copy(&built, &nsh).map(drop)).unwrap();

        let pty = nix::pty::openpty(None, None).unwrap();
        resize(&pty.master, columns, ROWS);
        let slave = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
        let mut command = Command::new(nsh);
        command.args(arguments).current_dir(&directory);
        command.stdin(slave(&pty.slave)).stdout(slave(&pty.slave)).stderr(slave(&pty.slave));
        command
            .env("TERM", "xterm-256color")
            .env("NO_COLOR", "1")
            .env("HOME", "/nonexistent")
            .env("PAGER", "cat");
        let labs = std::env::temp_dir().join(format!("nsh-prompt-labs-{}-{count}", std::process::id()));
        command.env("NSH_LABS", &labs);
        command
            .env("NSH_HISTORY", directory.join("history"))
            .env_remove("NSH_EDITMODE")
            .env_remove("INPUTRC");
        signals::heed_all(&mut command);
        prepare(&mut command);
        if nix::unistd::geteuid().is_root() {
            std::os::unix::fs::chown(&directory, Some(NOBODY), Some(NOBODY)).unwrap();
            command.uid(NOBODY).gid(NOBODY);
        }
        // SAFETY: setsid and ioctl are async-signal-safe.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                match libc::ioctl(0, libc::TIOCSCTTY as _, 0) {
                    0 => Ok(()),
                    _ => Err(std::io::Error::last_os_error()),
                }
            });
        }
        let nsh = command.spawn().unwrap();
        drop(command);
        drop(pty.slave);
        let emulator = vt100::Parser::new(ROWS, columns, 0);
        Screen { master: File::from(pty.master), emulator, nsh, directory, labs }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub fn resize(&mut self, columns: u16) {
        self.set_size(columns, ROWS);
    }

    pub fn set_size(&mut self, columns: u16, rows: u16) {
        resize(&self.master, columns, rows);
        self.emulator.screen_mut().set_size(rows, columns);
    }

    /// Types as a person does: the text appears before the next is typed.
    pub fn send(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).unwrap();
    }

    pub fn master_write(&mut self, bytes: &[u8]) {
        self.master.write_all(bytes).unwrap();
    }

    /// Types a line, and waits until the prompt is there again.
    pub fn line(&mut self, text: &str) {
        self.key(&format!("{text}\r"));
    }

    /// Types something that brings a new prompt. Counted, since the old one is still on the screen.
    pub fn key(&mut self, text: &str) {
        let prompts = self.prompts();
        self.send(text);
        self.until(&format!("the prompt after {text:?}"), |s| s.prompts() > prompts && s.at_prompt());
    }

    fn prompts(&self) -> usize {
        self.text().lines().filter(|line| is_prompt(line)).count()
    }

    /// Whether an empty prompt is the last thing on the screen.
    pub fn at_prompt(&self) -> bool {
        self.text()
            .trim_end_matches('\n')
            .lines()
            .last()
            .is_some_and(|line| is_prompt(line) && line.ends_with('>'))
    }

    /// What stands on the screen, without empty lines at its end.
    pub fn text(&self) -> String {
        let contents = self.emulator.screen().contents();
        let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned() + "\n"
    }

    pub fn expect(&mut self, text: &str) {
        self.until(&format!("{text:?}"), |s| s.text().contains(text));
    }

    pub fn prompt(&mut self) {
        self.until("the prompt", Screen::at_prompt);
    }

    pub fn until(&mut self, what: &str, is: impl Fn(&Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is(self) {
            assert!(Instant::now() < deadline, "waited for {what}; on the screen is\n{}", self.text());
            if !self.read() {
                assert!(is(self), "nsh has left; waited for {what}; on the screen is\n{}", self.text());
            }
        }
    }

    /// Whether a text is on the screen by now.
    pub fn shows(&mut self, text: &str) -> bool {
        self.read();
        self.text().contains(text)
    }

    /// Takes what comes within a moment; false once the terminal is closed.
    fn read(&mut self) -> bool {
        let mut polled = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        if nix::poll::poll(&mut polled, 100u16).unwrap() == 0 {
            return true;
        }
        let mut buffer = [0; 4096];
        match self.master.read(&mut buffer) {
            Ok(length) if length > 0 => {
                self.emulator.process(&buffer[..length]);
                true
            }
            _ => false,
        }
    }

    /// Waits for nsh's end, and returns its status.
    pub fn status(&mut self) -> i32 {
        while self.read() {
            if let Some(status) = self.nsh.try_wait().unwrap() {
                while self.read() && self.nsh.try_wait().is_err() {}
                return status.code().unwrap_or(-1);
            }
        }
        self.nsh.wait().unwrap().code().unwrap_or(-1)
    }

    pub fn id(&self) -> nix::unistd::Pid {
        nix::unistd::Pid::from_raw(self.nsh.id() as i32)
    }
}

fn is_prompt(line: &str) -> bool {
    line.strip_prefix("nsh").is_some_and(|rest| {
        rest.starts_with("> ") || rest == ">" || (rest.starts_with(' ') && rest.contains('>'))
    })
}

fn resize(terminal: &impl AsFd, columns: u16, rows: u16) {
    use std::os::fd::AsRawFd;
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the ioctl reads a winsize.
    let done = unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
    assert_eq!(done, 0);
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.nsh.kill();
        let _ = self.nsh.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
        let _ = std::fs::remove_dir_all(&self.labs);
    }
}

/// Compares with the file of that name beside this one; `NSH_GOLDEN=write` writes it anew.
pub fn golden(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prompt/golden").join(name);
    if std::env::var_os("NSH_GOLDEN").is_some_and(|v| v == "write") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let want = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(text == want, "{name} is\n{text}\nand should be\n{want}");
}

/// Hardware addresses, times and versions, which differ each time.
pub fn steady(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let words: Vec<String> = line
            .split(' ')
            .map(|word| {
                let mac = word.len() == 17 && word.bytes().filter(|b| *b == b':').count() == 5;
                if mac && word != "00:00:00:00:00:00" { "MAC".to_owned() } else { word.to_owned() }
            })
            .collect();
        let line = words.join(" ");
        let line = match line.split_once("rtt min/avg/max/mdev = ") {
            Some((before, _)) => format!("{before}rtt min/avg/max/mdev = ..."),
            None => line,
        };
        let line = match line.rsplit_once("time ") {
            Some((before, after)) if after.ends_with("ms") => format!("{before}time ...ms"),
            _ => line,
        };
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}
