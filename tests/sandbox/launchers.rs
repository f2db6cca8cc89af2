//! nsh under every launcher: whatever starts it, on whatever part of a terminal, it talks, heeds the terminal's keys,
//! and ends. Where nobody would continue a stopped job, Ctrl-Z stops nothing.

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::time::Instant;

use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::{SigHandler, SigSet, Signal};

use super::pty::{Terminal, on_terminal};
use super::stage::{PATIENCE, Stage, each, have, text};

/// Something that starts nsh.
struct Launcher {
    name: &'static str,
    /// `{}` stands for nsh and its arguments in a word, `{..}` for those as words of their own.
    words: &'static [&'static str],
    /// What is done in the process before: inherited dispositions and masks.
    before: fn(),
}

const fn launcher(name: &'static str, words: &'static [&'static str]) -> Launcher {
    Launcher { name, words, before: || {} }
}

/// A bare terminal: nobody there has job control.
const LAUNCHERS: &[Launcher] = &[
    launcher("the terminal itself", &["{..}"]),
    launcher("sh -c", &["sh", "-c", "{}; exit $?"]),
    launcher("bash -c", &["bash", "-c", "{}; exit $?"]),
    launcher("busybox sh -c", &["busybox", "sh", "-c", "{}; exit $?"]),
    launcher("two shells", &["sh", "-c", "sh -c '{}; exit $?'; exit $?"]),
    launcher("script", &["script", "-qec", "{}", "/dev/null"]),
    launcher("env", &["env", "{..}"]),
    launcher("make", &["make", "-s", "-f", "launch.mk"]),
    launcher("xargs -o", &["sh", "-c", "echo x | xargs -o -I% {}"]),
    launcher("timeout", &["timeout", "600", "{..}"]),
    launcher(
        "timeout in a shell script: a group in the background",
        &["sh", "-c", "timeout 600 {}; exit $?"],
    ),
    launcher("setsid -c", &["setsid", "-c", "-w", "{..}"]),
    launcher("python3", &["python3", "-c", PYTHON]),
    launcher("expect", &["expect", "-c", "spawn -noecho {}; interact; lassign [wait] a b c d; exit $d"]),
    launcher("tmux", &["sh", "-c", TMUX]),
    launcher("a child of process 1", &["unshare", "-rpf", "--mount-proc", "sh", "-c", "{}; exit $?"]),
    launcher("process 1 itself", &["unshare", "-rpf", "--mount-proc", "{..}"]),
    Launcher {
        name: "SIGTTIN and SIGTTOU ignored",
        words: &["{..}"],
        before: || ignore(&[Signal::SIGTTIN, Signal::SIGTTOU]),
    },
    Launcher { name: "SIGCHLD ignored", words: &["{..}"], before: || ignore(&[Signal::SIGCHLD]) },
    Launcher {
        name: "SIGCONT, SIGALRM and SIGUSR1 ignored",
        words: &["{..}"],
        before: || ignore(&[Signal::SIGCONT, Signal::SIGALRM, Signal::SIGUSR1]),
    },
    Launcher { name: "all signals blocked", words: &["{..}"], before: block },
];

const PYTHON: &str = "import subprocess, sys; sys.exit(subprocess.run('exec {}', shell=True).returncode)";
/// The server has the dispositions of its own start, and tells no statuses.
const TMUX: &str =
    "trap '' TTIN TTOU; tmux -f /dev/null -S ./socket new-session '{}; echo $? >status'; exit $(cat status)";

fn ignore(signals: &[Signal]) {
    for signal in signals {
        // SAFETY: ignoring is no handler.
        unsafe { nix::sys::signal::signal(*signal, SigHandler::SigIgn) }.unwrap();
    }
}

fn block() {
    SigSet::all().thread_block().unwrap();
}

impl Launcher {
    fn start(&self, stage: &Stage, arguments: &str) -> Screen {
        let nsh = format!("{} {arguments}", stage.nsh().display());
        std::fs::write(stage.project.join("launch.mk"), format!("all:\n\t{}\n", nsh.replace('$', "$$")))
            .unwrap();
        let mut words: Vec<String> = Vec::new();
        for word in self.words {
            match *word {
                "{..}" => words.extend(nsh.split(' ').filter(|w| !w.is_empty()).map(str::to_owned)),
                word => words.push(word.replace("{}", &nsh)),
            }
        }
        let mut command = stage.program(words[0].as_ref(), &[]);
        command.args(&words[1..]).env("TERM", "xterm").env("NO_COLOR", "1").env("NSH_HISTORY", "/dev/null");
        let before = self.before;
        // SAFETY: setting dispositions and masks is async-signal-safe.
        unsafe {
            command.pre_exec(move || {
                before();
                Ok(())
            });
        }
        let terminal = match self.words[0] {
            "setsid" => Terminal::unclaimed(command),
            _ => Terminal::start(command),
        };
        Screen::of(terminal, format!("{} as {:?}", self.name, stage.user))
    }
}

/// Runs `test` for each launcher that is installed, and each user.
fn under_each(test: impl Fn(&Stage, &Launcher)) {
    for launcher in LAUNCHERS.iter().filter(|l| l.words[0] == "{..}" || have(l.program())) {
        each(|stage| test(stage, launcher));
    }
}

impl Launcher {
    /// What must be installed.
    fn program(&self) -> &'static str {
        match self.words {
            [.., TMUX] => "tmux",
            words => words[0],
        }
    }
}

/// What a person sees of a program on a terminal.
struct Screen {
    terminal: Terminal,
    emulator: vt100::Parser,
    what: String,
}

impl Screen {
    fn of(terminal: Terminal, what: String) -> Screen {
        Screen { terminal, emulator: vt100::Parser::new(100, 80, 0), what }
    }

    fn send(&mut self, text: &str) {
        self.terminal.send(text);
    }

    fn lines(&self) -> Vec<String> {
        self.emulator.screen().contents().lines().map(|l| l.trim_end().to_owned()).collect()
    }

    /// What stands in the line that the cursor is in.
    fn line(&self) -> String {
        let screen = self.emulator.screen();
        let row = screen.rows(0, 80).nth(screen.cursor_position().0 as usize);
        row.unwrap_or_default().trim_end().to_owned()
    }

    fn until(&mut self, what: &str, is: impl Fn(&Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is(self) {
            assert!(
                Instant::now() < deadline,
                "{}: waited for {what}; there is {:#?}",
                self.what,
                self.lines()
            );
            if !self.read() {
                assert!(is(self), "{}: ended; waited for {what}; there is {:#?}", self.what, self.lines());
            }
        }
    }

    /// Takes what comes within a moment; false once the terminal is closed.
    fn read(&mut self) -> bool {
        let (master, _) = self.terminal.parts();
        let mut polled = [PollFd::new(master.as_fd(), PollFlags::POLLIN)];
        if nix::poll::poll(&mut polled, 100u16).unwrap() == 0 {
            return true;
        }
        let mut buffer = [0; 4096];
        let Ok(length @ 1..) = master.read(&mut buffer) else { return false };
        self.emulator.process(&buffer[..length]);
        true
    }

    fn prompt(&mut self) {
        self.until("the prompt", |s| s.line() == "nsh>");
    }

    /// What a key echoes stands in front, and may come before the end of a line that is being printed.
    fn sees(&mut self, line: &str) {
        self.until(&format!("a line with {line:?} at its end"), |s| {
            s.lines().iter().any(|l| l.ends_with(line))
        });
    }

    /// Types a line at the prompt, and waits for the line that answers.
    fn answers(&mut self, typed: &str, line: &str) {
        self.prompt();
        self.send(&format!("{typed}\r"));
        self.sees(line);
    }

    /// The status of the program that was started.
    fn status(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.terminal.parts().1.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "{}: does not end: {:#?}", self.what, self.lines());
            if !self.read() {
                return self.terminal.parts().1.wait().unwrap().code();
            }
        }
    }

    fn ends_with(&mut self, status: i32) {
        assert_eq!(self.status(), Some(status), "{}: {:#?}", self.what, self.lines());
    }
}

const ENDLESS: &str = "eventually(function() return false end, { timeout = 1000 })";

/// The prompt answers; Ctrl-C and Ctrl-Z where it waits, and where something runs.
fn converse(screen: &mut Screen) {
    screen.answers("40+2", "42");
    screen.prompt();
    screen.send("unfinished(");
    screen.until("what was typed", |s| s.line() == "nsh> unfinished(");
    screen.send("\x03");
    screen.prompt();
    screen.send("\x1a");
    screen.answers("50+5", "55");
    screen.answers(&format!("print(\"go\" .. \"es\") {ENDLESS}"), "goes");
    screen.send("\x1a");
    screen.until("^Z", |s| s.lines().iter().any(|l| l.contains("^Z")));
    screen.send("\x03");
    screen.sees("interrupted");
    screen.answers("60+6", "66");
    screen.prompt();
    screen.send("\x04");
}

#[test]
fn the_prompt_talks_and_ends() {
    under_each(|stage, launcher| {
        let mut screen = launcher.start(stage, "");
        converse(&mut screen);
        screen.ends_with(0);
        stage.wait_until_gone();
    });
}

#[test]
fn a_script_reads_and_ends() {
    under_each(|stage, launcher| {
        let reads = "assert(proc.exec(\"echo hi\").stdout == \"hi\\n\") print(\"go\" .. io.read()) io.read() os.exit(tonumber(io.read()))";
        std::fs::write(stage.project.join("reads.lua"), reads).unwrap();
        let mut screen = launcher.start(stage, "reads.lua");
        screen.send("es\r");
        screen.sees("goes");
        screen.send("\x1a");
        screen.until("^Z", |s| s.lines().iter().any(|l| l.contains("^Z")));
        screen.send("\r0\r");
        screen.ends_with(0);
        let mut screen = launcher.start(stage, "reads.lua");
        screen.send("es\r");
        screen.sees("goes");
        screen.send("\x03");
        assert_ne!(screen.status(), Some(0), "{}: {:#?}", screen.what, screen.lines());
        stage.wait_until_gone();
    });
}

/// `nsh attach` and the prompt of a test that failed have the terminal in ways of their own.
#[test]
fn other_prompts_talk_and_end() {
    under_each(|stage, launcher| {
        // A lab can't be entered from another PID namespace.
        if launcher.words[0] == "unshare" {
            return;
        }
        let out = stage.command(&["up", "--name", "lab", "-e", "x = 1"]).output().unwrap();
        assert!(out.status.success(), "{}", text(&out));
        let mut screen = launcher.start(stage, "attach lab");
        converse(&mut screen);
        screen.ends_with(0);
        let out = stage.command(&["down", "lab"]).output().unwrap();
        assert!(out.status.success(), "{}", text(&out));

        std::fs::write(stage.project.join("fails.lua"), "test(\"one\", function() check.equal(1, 2) end)")
            .unwrap();
        let mut screen = launcher.start(stage, "test --pause-on-fail fails.lua");
        screen.until("the prompt", |s| s.line() == "failed>");
        screen.send("\x1a40+2\r");
        screen.sees("42");
        screen.until("the prompt", |s| s.line() == "failed>");
        screen.send("\x04");
        assert_ne!(screen.status(), Some(0), "{}: {:#?}", screen.what, screen.lines());
        stage.wait_until_gone();
    });
}

/// Where a shell with job control is above, the whole job stops, and `fg` continues all of it.
#[test]
fn a_job_of_several_processes_stops_and_goes_on() {
    on_terminal(|stage, mut t| {
        let nsh = stage.nsh().display().to_string();
        let jobs = [
            nsh.clone(),
            format!("sh -c '{nsh}; exit $?'"),
            format!("env {nsh} | cat"),
            format!("timeout 600 {nsh}"),
            format!("bash -c \"trap '' TTIN TTOU; {nsh}; exit \\$?\""),
        ];
        for job in jobs {
            t.send(&format!("{job}\n"));
            t.expect("nsh> ");
            t.send("40+2\n");
            t.expect("42");
            t.expect("nsh> ");
            t.send("eventually(function() print(\"still \" .. \"there\") return false end, { timeout = 1000 })\n");
            t.expect("still there");
            t.send("\x1a");
            t.expect("Stopped");
            t.expect("PROMPT> ");
            t.send("fg\n");
            t.expect("still there");
            t.send("\x03");
            t.expect("interrupted");
            t.expect("nsh> ");
            t.send("50+5\n");
            t.expect("55");
            t.expect("nsh> ");
            t.send("\x04");
            t.expect_status(0);
        }
    });
}

/// A read that fails is told, and is no end of the input: here nsh is in the background, and its shell has gone.
#[test]
fn a_terminal_that_can_not_be_read_is_an_error() {
    if !have("bash") {
        return;
    }
    each(|stage| {
        let nsh = stage.nsh().display().to_string();
        for what in ["", "-e 'io.read()'"] {
            let line = format!("set -m; (({nsh} {what} </dev/tty; echo status=$?) & ) ; read line");
            let mut t = Terminal::start(stage.program("/bin/bash".as_ref(), &["-c", &line]));
            t.expect("EIO");
            t.expect("status=3");
        }
        stage.wait_until_gone();
    });
}

#[test]
fn nsh_ends_with_its_terminal() {
    each(|stage| {
        for arguments in [&[][..], &["-e", "print('nsh> ' .. io.read()) while true do io.read() end"]] {
            let mut t = Terminal::start(stage.command(arguments));
            t.send("\n");
            t.expect("nsh> ");
            let closed = std::fs::File::open("/dev/null").unwrap();
            *t.parts().0 = closed;
            let status = t.parts().1.wait().unwrap();
            assert_eq!(status.code(), Some(129), "{status:?}");
            stage.wait_until_gone();
        }
    });
}
