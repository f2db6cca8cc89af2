//! Files that never end, or never begin: where nsh is to read a script or a report, or to write one.

use std::fs;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Stdio;

use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::Pid;

use super::frame::{Stage, each};
use super::stage::{finish, until};

fn file(stage: &Stage, name: &str, text: &str) {
    let path = stage.project.join(name);
    fs::write(&path, text).unwrap();
    stage.give(&path);
}

fn fifo(stage: &Stage, name: &str) {
    let path = stage.project.join(name);
    nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o666)).unwrap();
    stage.give(&path);
}

#[test]
fn what_is_no_regular_file_is_neither_read_nor_written() {
    each(|stage| {
        fifo(stage, "b.lua");
        fifo(stage, "r.json");
        file(stage, "a.lua", "check(true)");
        std::os::unix::fs::symlink("/dev/zero", stage.project.join("zero.lua")).unwrap();
        let big = fs::File::create(stage.project.join("big.lua")).unwrap();
        big.set_len(1 << 40).unwrap();
        for (line, status, told) in [
            ("b.lua", 2, "nsh: b.lua: a FIFO, and no regular file\n"),
            ("zero.lua", 2, "nsh: zero.lua: a device, and no regular file\n"),
            ("big.lua", 2, "nsh: big.lua: longer than 16 MiB\n"),
            (".", 2, "nsh: .: is a directory (EISDIR)\n"),
            ("-i b.lua", 2, "nsh: b.lua: a FIFO"),
            ("up b.lua", 2, "nsh: b.lua: a FIFO"),
            ("translate b.lua", 2, "nsh: b.lua: a FIFO"),
            ("translate zero.lua", 2, "nsh: zero.lua: a device"),
            ("report merge r.json", 2, "nsh: r.json: a FIFO"),
            ("test a.lua --output r.json", 2, "nsh: --output r.json: "),
            ("test b.lua", 1, ""),
            ("test zero.lua big.lua", 1, ""),
            ("test .", 1, ""),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let ran = stage.run(&mut stage.command(&words));
            assert_eq!(ran.status, Some(status), "{line}: {ran:?}");
            assert!(ran.stderr.starts_with(told), "{line}: {ran:?}");
            let all = ["b.lua: a FIFO, and no regular file", "zero.lua: a device", "big.lua: longer than"];
            if line == "test ." {
                assert!(all.iter().all(|told| ran.stdout.contains(told)), "{ran:?}");
                assert!(ran.stdout.contains("1 passed, 3 failed"), "{ran:?}");
            }
        }
    });
}

#[test]
fn a_file_that_a_test_replaces_is_that_files_failure() {
    each(|stage| {
        for (plant, told) in [
            ("rm b.lua; mkfifo b.lua", "a FIFO, and no regular file"),
            ("ln -sf /dev/zero b.lua", "a link stands there"),
            ("rm b.lua; mkdir b.lua", "is a directory"),
        ] {
            file(stage, "a.lua", &format!("os.execute('{plant}')"));
            file(stage, "b.lua", "check(true)");
            file(stage, "c.lua", "check(true)");
            let ran = stage.run(&mut stage.command(&["test", "-j1", ".", "--artifacts", "failed"]));
            assert_eq!(ran.status, Some(1), "{plant}: {ran:?}");
            assert!(
                ran.stdout.contains(told) && ran.stdout.contains("2 passed, 1 failed"),
                "{plant}: {ran:?}"
            );
            let _ = fs::remove_file(stage.project.join("b.lua"));
            let _ = fs::remove_dir(stage.project.join("b.lua"));
        }
    });
}

/// A command's output is a file as good as any, as in `nsh <(command)`.
#[test]
fn a_pipe_is_read_to_its_end() {
    each(|stage| {
        let line = format!("echo 'print(40 + 2)' | {} /proc/self/fd/0", stage.nsh().display());
        let out = finish(stage.program(Path::new("/bin/sh"), &["-c", &line]).spawn().unwrap());
        assert_eq!(String::from_utf8_lossy(&out.stdout), "42\n", "{out:?}");
    });
}

/// Where nobody reads what is printed, the run still ends when it is told to, and keeps its report.
#[test]
fn a_run_whose_output_nobody_reads_ends_on_a_signal() {
    for (number, status) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        each(|stage| {
            file(stage, "a.lua", "io.open('flooding', 'w') while true do print(('x'):rep(1000)) end");
            file(stage, "b.lua", "check(true)");
            let (_reader, writer) = nix::unistd::pipe().unwrap();
            let mut command = stage.command(&["test", "-j1", "-v", "--output", "r.json", "a.lua", "b.lua"]);
            command.stdout(Stdio::from(writer.try_clone().unwrap()));
            let child = command.spawn().unwrap();
            drop(command);
            until(|| stage.project.join("flooding").exists(), || "the test does not begin".to_owned());
            // It waits for room that there will never be.
            let full = || {
                let mut polled = [PollFd::new(writer.as_fd(), PollFlags::POLLOUT)];
                nix::poll::poll(&mut polled, PollTimeout::ZERO).unwrap() == 0
            };
            until(full, || "the pipe does not fill".to_owned());
            kill(Pid::from_raw(child.id() as i32), number).unwrap();
            let out = finish(child);
            assert_eq!(out.status.code(), Some(status), "{out:?}");
            let report = fs::read_to_string(stage.project.join("r.json")).unwrap();
            assert!(report.contains("\"interrupted\": "), "{report}");
            fs::remove_file(stage.project.join("flooding")).unwrap();
        });
    }
}
