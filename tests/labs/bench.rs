//! What the tests of labs share.

use std::io::Read;
use std::os::fd::AsFd;
use std::process::{Child, ExitStatus, Output};
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout};

use super::stage::{PATIENCE, Stage, each, finish, text, until};

/// Runs `test` for each user, and ends the labs that it left.
pub fn with_labs(mut test: impl FnMut(&Stage)) {
    each(|stage| {
        let _ends = Ends(stage);
        test(stage);
    });
}

/// Ends all labs of a stage when dropped, even if the test failed.
pub struct Ends<'a>(pub &'a Stage);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        if let Ok(child) = self.0.command(&["down", "--all"]).spawn() {
            let _ = child.wait_with_output();
        }
    }
}

/// Runs nsh to its end.
pub fn nsh(stage: &Stage, arguments: &[&str]) -> Output {
    finish(stage.command(arguments).spawn().unwrap())
}

pub fn stdout(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned()
}

pub fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

/// Runs nsh, which must succeed, and returns what it printed.
pub fn prints(stage: &Stage, arguments: &[&str]) -> String {
    let out = nsh(stage, arguments);
    assert!(out.status.success(), "{:?}: {arguments:?}\n{}", stage.user, text(&out));
    stdout(&out)
}

/// Runs nsh, which must fail with this status, and returns what it said on stderr.
pub fn fails(stage: &Stage, status: i32, arguments: &[&str]) -> String {
    let out = nsh(stage, arguments);
    assert_eq!(out.status.code(), Some(status), "{:?}: {arguments:?}\n{}", stage.user, text(&out));
    stderr(&out)
}

/// Brings a lab up by this code.
pub fn up(stage: &Stage, name: &str, code: &str) {
    prints(stage, &["up", "--name", name, "-e", code]);
}

/// What `nsh ls --json` says.
pub fn listed(stage: &Stage) -> Vec<serde_json::Value> {
    serde_json::from_str(&prints(stage, &["ls", "--json"])).unwrap()
}

pub fn names(stage: &Stage) -> Vec<String> {
    listed(stage).iter().map(|lab| lab["name"].as_str().unwrap().to_owned()).collect()
}

/// Two namespaces: `host` and `ns1`, joined.
pub const PAIR: &str = "
    local ns1 = namespace.add('ns1', { up = true })
    link.add('v1', { kind = 'veth', up = true, addr = { '10.0.1.1/24', 'fd01::1/64' },
      peer = { name = 'eth0', ns = ns1, up = true, addr = { '10.0.1.2/24', 'fd01::2/64' } } })";

/// Reads a line with its end, and nothing beyond it; what there is at the end of the file.
pub fn read_line(pipe: &mut (impl Read + AsFd)) -> String {
    let deadline = Instant::now() + PATIENCE;
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut fds = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
        match nix::poll::poll(&mut fds, PollTimeout::try_from(left).unwrap()) {
            Ok(0) => panic!("no line; so far: {:?}", String::from_utf8_lossy(&line)),
            Err(nix::errno::Errno::EINTR) => continue,
            ready => ready.unwrap(),
        };
        let mut byte = [0];
        if pipe.read(&mut byte).unwrap() == 0 {
            break;
        }
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}

/// Waits for the child's end, whatever becomes of its output.
pub fn wait(child: &mut Child) -> ExitStatus {
    let mut status = None;
    let ended = || {
        status = child.try_wait().unwrap();
        status.is_some()
    };
    until(ended, || "nsh hangs".to_owned());
    status.unwrap()
}
