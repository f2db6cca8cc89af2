//! `nsh logs`.

use std::fs;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::bench::{nsh, prints, read_line, stderr, stdout, up, wait, with_labs};
use super::stage::{finish, text, until};

#[test]
fn a_hundred_megabytes_are_bounded() {
    with_labs(|stage| {
        // 100,000,000 bytes, shown in full, kept in part.
        let code = "os.execute([[yes 0123456789012345678 | head -n 5000000; echo the end]])";
        let mut child = stage.command(&["up", "--name", "a", "-e", code]);
        let out = finish(child.spawn().unwrap());
        assert!(out.status.success(), "{}", stderr(&out));
        let shown = out.stdout.windows(8).rposition(|w| w == b"the end\n").unwrap();
        assert_eq!(shown, 100_000_000);
        let log = nsh(stage, &["logs", "a"]).stdout;
        assert!(log.len() > 4_000_000 && log.len() < 9_000_000, "{}", log.len());
        assert!(log.ends_with(b"0123456789012345678\nthe end\n"));
        let kept: u64 = fs::read_dir(stage.home.join("labs/a.lab"))
            .unwrap()
            .map(|e| e.unwrap().metadata().unwrap().len())
            .sum();
        assert!(kept < 9_000_000, "{kept}");
        // And after it has come up.
        up(stage, "b", "os.execute('(yes | head -c 20000000; echo; echo over) &')");
        until(|| prints(stage, &["logs", "b"]).ends_with("\nover\n"), || "no end".to_owned());
    });
}

#[test]
fn following_goes_on_until_the_lab_ends() {
    with_labs(|stage| {
        up(stage, "a", "print('one') io.stderr:write('two\\n') defer(function() print('last') end)");
        let mut child = stage.command(&["logs", "a", "--follow"]).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut line = |expected: &str| assert_eq!(read_line(&mut out), expected);
        line("one\n");
        line("two\n");
        // The prompt's own output is not the lab's.
        let pid = "cat /proc/2/comm >/dev/null; echo three > /proc/2/fd/1";
        prints(stage, &["exec", "a", "--", "sh", "-c", pid]);
        line("three\n");
        prints(stage, &["down", "a"]);
        line("last\n");
        line("");
        assert!(wait(&mut child).success());
    });
}

#[test]
fn a_lab_that_ends_without_its_entry_says_so() {
    with_labs(|stage| {
        up(stage, "a", "print('one')");
        let mut child = stage.command(&["logs", "-f", "a"]).spawn().unwrap();
        assert_eq!(read_line(child.stdout.as_mut().unwrap()), "one\n");
        fs::remove_file(stage.home.join("labs/a.lab/lock")).unwrap();
        let out = finish(child);
        assert_eq!(stdout(&out), "nsh: the lab's entry was removed, so the lab ends\n", "{}", text(&out));
        stage.wait_until_gone();
    });
}

#[test]
fn following_ends_at_ctrl_c_and_without_a_reader() {
    with_labs(|stage| {
        up(stage, "a", "print('one')");
        let mut child = stage.command(&["logs", "-f", "a"]).spawn().unwrap();
        assert_eq!(read_line(child.stdout.as_mut().unwrap()), "one\n");
        kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
        let out = finish(child);
        assert!(!out.status.success() && stderr(&out).is_empty(), "{}", text(&out));
        let (read, write) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).unwrap();
        let mut follow = stage.command(&["logs", "-f", "a"]);
        let child = follow.stdout(Stdio::from(write)).spawn().unwrap();
        drop(follow);
        drop(read);
        let out = finish(child);
        assert!(out.status.success(), "{}", text(&out));
        assert_eq!(stdout(&nsh(stage, &["logs", "a"])), "one\n");
    });
}
