//! Labs that were killed, entries that are wrong, numbers that are another process's by now.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nsh::base::wait::Deadline;

use super::bench::{PAIR, fails, listed, names, nsh, prints, stderr, stdout, up, with_labs};
use super::stage::{PATIENCE, Stage, User, finish, have, text, until, users};

fn entry(stage: &Stage, name: &str) -> PathBuf {
    stage.home.join(format!("labs/{name}.lab"))
}

/// The process that keeps a lab: the parent of its first one.
fn supervisor(stage: &Stage, name: &str) -> Pid {
    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(entry(stage, name).join("lab.json")).unwrap()).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", record["first"]["pid"])).unwrap();
    Pid::from_raw(stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().parse().unwrap())
}

/// Kills the process that keeps a lab, and waits until it has given its lock up: a process that ends has no command
/// line any more while its files are still open.
fn kill_supervisor(stage: &Stage, name: &str) {
    let pid = supervisor(stage, name);
    let process = nsh::base::wait::pidfd(pid.as_raw()).unwrap().unwrap();
    kill(pid, Signal::SIGKILL).unwrap();
    assert!(nsh::base::wait::readable(process.as_fd(), Deadline::after(PATIENCE)).unwrap(), "it goes on");
}

#[test]
fn a_killed_lab_is_gone_and_its_entry_is_removed_by_whoever_sees_it() {
    with_labs(|stage| {
        let commands: [(&[&str], i32); 6] = [
            (&["ls"], 0),
            (&["exec", "a", "true"], 125),
            (&["attach", "a"], 1),
            (&["logs", "a"], 1),
            (&["down", "a"], 1),
            (&["down", "--all"], 0),
        ];
        for (command, status) in commands {
            up(stage, "a", &format!("{PAIR} os.execute('setsid sleep 1000 &')"));
            kill_supervisor(stage, "a");
            stage.wait_until_gone();
            assert!(entry(stage, "a").exists());
            let out = nsh(stage, command);
            assert_eq!(out.status.code(), Some(status), "{}", text(&out));
            if status != 0 {
                assert!(
                    stderr(&out).contains("the lab \"a\" has died\n  hint: it was killed"),
                    "{}",
                    text(&out)
                );
            } else {
                assert!(!stdout(&out).contains("up  "), "{}", text(&out));
            }
            assert!(!entry(stage, "a").exists(), "{command:?}");
        }
        // The name is free without anyone having looked.
        up(stage, "a", "");
        kill_supervisor(stage, "a");
        stage.wait_until_gone();
        up(stage, "a", "");
        assert_eq!(prints(stage, &["exec", "a", "echo", "new"]), "new\n");
    });
}

#[test]
fn a_killed_script_process_ends_the_lab() {
    with_labs(|stage| {
        up(stage, "a", PAIR);
        let pid = listed(stage)[0]["pid"].as_i64().unwrap();
        kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
        until(|| names(stage).is_empty(), || format!("{:?}", listed(stage)));
        assert!(!entry(stage, "a").exists());
        stage.wait_until_gone();
    });
}

#[test]
fn a_number_that_was_given_to_another_process_is_not_entered() {
    with_labs(|stage| {
        up(stage, "a", PAIR);
        let path = entry(stage, "a").join("lab.json");
        let record = fs::read_to_string(&path).unwrap();
        let mut other: serde_json::Value = serde_json::from_str(&record).unwrap();
        // The number of a process that was started at another time.
        other["process"]["pid"] = std::process::id().into();
        fs::write(&path, other.to_string()).unwrap();
        assert!(fails(stage, 125, &["exec", "a", "true"]).contains("the lab \"a\" has ended"));
        assert_eq!(listed(stage)[0]["state"], "ending");
        // Not ours to kill.
        other["first"] = other["process"].clone();
        fs::write(&path, other.to_string()).unwrap();
        prints(stage, &["down", "a"]);
        stage.wait_until_gone();
        assert!(!entry(stage, "a").exists());
    });
}

#[test]
fn entries_that_make_no_sense() {
    with_labs(|stage| {
        up(stage, "a", "");
        up(stage, "b", "");
        // Of another version, perhaps: it can be ended, and nothing else.
        fs::write(entry(stage, "b").join("lab.json"), "{").unwrap();
        let e = fails(stage, 125, &["exec", "b", "true"]);
        assert!(e.contains("lab.json") && e.contains("nsh down b ends the lab"), "{e}");
        assert_eq!(listed(stage)[1]["state"], "unknown");
        assert!(prints(stage, &["ls"]).contains("b     unknown"));
        // Left by an interrupted start, and things that are none of ours.
        fs::create_dir(entry(stage, "half")).unwrap();
        fs::write(entry(stage, "file"), "").unwrap();
        fs::write(stage.home.join("labs/notes"), "mine").unwrap();
        fs::create_dir(stage.home.join("labs/.lab")).unwrap();
        assert_eq!(names(stage), ["a", "b"]);
        assert!(!entry(stage, "half").exists() && !entry(stage, "file").exists());
        assert!(stage.home.join("labs/notes").exists());
        prints(stage, &["down", "b"]);
        // Removed behind its back: no command could reach the lab any more, so it ends; a new one of its name is not
        // touched by that.
        let old = supervisor(stage, "a");
        kill(old, Signal::SIGSTOP).unwrap();
        fs::remove_dir_all(entry(stage, "a")).unwrap();
        assert!(names(stage).is_empty());
        up(stage, "a", PAIR);
        kill(old, Signal::SIGCONT).unwrap();
        until(
            || fs::read(format!("/proc/{old}/cmdline")).map_or(true, |line| line.is_empty()),
            || "the old one lives".to_owned(),
        );
        assert_eq!(prints(stage, &["exec", "a", "ns1", "echo", "there"]), "there\n");
    });
}

#[test]
fn the_directory_must_be_the_users_own() {
    with_labs(|stage| {
        let path = stage.home.join("labs");
        up(stage, "a", "");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let e = fails(stage, 3, &["ls"]);
        assert!(e.contains("others may use it (mode 755)"), "{e}");
        assert!(fails(stage, 3, &["up", "-e", ""]).contains("NSH_LABS"));
        for command in [&["attach", "a"][..], &["logs", "a"], &["down", "a"]] {
            assert!(fails(stage, 3, command).contains("others may use it (mode 755)"), "{command:?}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(names(stage), ["a"]);
        let mut elsewhere = stage.command(&["up", "-e", ""]);
        let out = finish(elsewhere.env("NSH_LABS", "/proc/labs").spawn().unwrap());
        assert_eq!(out.status.code(), Some(3), "{}", text(&out));
        assert!(stderr(&out).contains("/proc/labs"), "{}", text(&out));
        // Without a home, with nothing in the environment.
        let mut bare = stage.command(&["ls"]);
        let out = finish(bare.env_clear().env("NSH_LABS", &path).spawn().unwrap());
        assert!(out.status.success(), "{}", text(&out));
    });
}

#[test]
fn a_lab_may_not_write_where_labs_are_written_down() {
    with_labs(|stage| {
        let labs = stage.home.join("labs");
        names(stage);
        let inside = labs.join("x");
        fs::create_dir(&inside).unwrap();
        for write in [&stage.home, &labs, &inside] {
            let write = write.to_str().unwrap();
            let e = fails(stage, 3, &["up", "--name", "a", "--write", write, "-e", ""]);
            assert!(
                e.contains(&format!("written to from within the lab, which may write to {write}")),
                "{e}"
            );
            assert!(e.contains("hint: set NSH_LABS"), "{e}");
            assert!(!entry(stage, "a").exists());
        }
        let mut below = stage.command(&["up", "-e", ""]);
        let out = finish(below.env("NSH_LABS", stage.project.join("labs")).spawn().unwrap());
        assert_eq!(out.status.code(), Some(3), "{}", text(&out));
        assert!(stderr(&out).contains("from within the lab"), "{}", text(&out));
        // What can't be written anyway is told as ever.
        fails(stage, 2, &["up", "--name", "a", "--write", "/nowhere", "-e", ""]);
    });
}

#[test]
fn a_lab_of_another_pid_namespace_is_told() {
    if !have("unshare") {
        return;
    }
    with_labs(|stage| {
        up(stage, "a", "");
        let nsh = stage.nsh();
        let elsewhere = |words: &[&str]| {
            let words = [&["-Urpf", nsh.to_str().unwrap()], words].concat();
            finish(stage.program("unshare".as_ref(), &words).spawn().unwrap())
        };
        let out = elsewhere(&["ls"]);
        assert!(stdout(&out).contains("a     elsewhere  -"), "{}", text(&out));
        let out = elsewhere(&["down", "--all"]);
        assert_eq!(out.status.code(), Some(1), "{}", text(&out));
        assert!(stderr(&out).contains("the lab \"a\" is kept in another PID namespace"), "{}", text(&out));
        assert_eq!(names(stage), ["a"]);
    });
}

#[test]
fn two_users_with_one_name_do_not_meet() {
    if users().len() < 2 {
        eprintln!("skipped: needs root, to be two users");
        return;
    }
    let (root, user) = (Stage::new(User::Root), Stage::new(User::Ordinary));
    let (_root_ends, _user_ends) = (super::bench::Ends(&root), super::bench::Ends(&user));
    up(&root, "same", "namespace.add('of-root')");
    up(&user, "same", "namespace.add('of-user')");
    assert_eq!(listed(&root)[0]["namespaces"][1], "of-root");
    assert_eq!(listed(&user)[0]["namespaces"][1], "of-user");
    prints(&root, &["down", "--all"]);
    assert_eq!(prints(&user, &["exec", "same", "of-user", "echo", "there"]), "there\n");
    // The other one's directory, by its path.
    up(&root, "same", "");
    let mut foreign = user.command(&["exec", "same", "true"]);
    let out = finish(foreign.env("NSH_LABS", root.home.join("labs")).spawn().unwrap());
    assert_eq!(out.status.code(), Some(125), "{}", text(&out));
    assert!(stderr(&out).contains("belongs to another user"), "{}", text(&out));
    let mut foreign = root.command(&["down", "--all"]);
    let out = finish(foreign.env("NSH_LABS", user.home.join("labs")).spawn().unwrap());
    assert!(stderr(&out).contains("belongs to another user"), "{}", text(&out));
    assert_eq!(names(&user), ["same"]);
}
