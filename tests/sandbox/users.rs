//! Which users a lab has: all of root's, those of subordinate ids, or one.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Output;

use super::stage::{Stage, User, finish, have, text};

/// Runs `nsh -e code` as an ordinary user to whom these files give subordinate ids; `None` where that can't be tried.
fn with_subordinate_ids(stage: &Stage, subuid: &str, subgid: &str, code: &str) -> Option<Output> {
    if !nix::unistd::geteuid().is_root() || !["newuidmap", "unshare", "setpriv"].into_iter().all(have) {
        return None;
    }
    if !["/etc/subuid", "/etc/subgid"].iter().all(|file| Path::new(file).exists()) {
        eprintln!("skipped: no /etc/subuid or /etc/subgid to cover");
        return None;
    }
    fs::write(stage.directory.join("subuid"), subuid).unwrap();
    fs::write(stage.directory.join("subgid"), subgid).unwrap();
    let cover = "mount --bind ../subuid /etc/subuid && mount --bind ../subgid /etc/subgid &&
        exec setpriv --reuid 65534 --regid 65534 --clear-groups ../nsh -e \"$0\"";
    let mut command = stage.program(Path::new("unshare"), &["-m", "sh", "-c", cover, code]);
    command.uid(0).gid(0);
    Some(finish(command.spawn().unwrap()))
}

const MAPS: &str = "io.write(proc.exec('cat /proc/self/uid_map /proc/self/gid_map').stdout)";
const RANGE: &str = "65534:100000:1000\n65534:200000:65000\n";

fn lines(out: &Output) -> Vec<String> {
    assert!(out.status.success(), "{}", text(out));
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    String::from_utf8_lossy(&out.stdout).lines().map(words).collect()
}

#[test]
fn subordinate_ids_are_the_labs_other_users() {
    let stage = Stage::new(User::Ordinary);
    let code = format!(
        "{MAPS}
        proc.exec('touch /tmp/x && chown nobody /tmp/x', {{ check = true }})
        print((proc.exec({{ 'stat', '-c', '%u', '/tmp/x' }}).stdout))
        print((proc.exec({{ 'id', '-u' }}, {{ user = 'nobody' }}).stdout))"
    );
    let Some(out) = with_subordinate_ids(&stage, RANGE, RANGE, &code) else { return };
    let ids = ["0 0 1", "1 1 1000", "1001 1001 65000"];
    assert_eq!(lines(&out), [&ids[..], &ids[..], &["65534", "", "65534", ""]].concat());
}

#[test]
fn what_newuidmap_refuses_is_done_without() {
    let stage = Stage::new(User::Ordinary);
    // No groups are given; another user's; and ids that can't be had.
    for (subuid, subgid) in
        [(RANGE, ""), (RANGE, "daemon:100000:10\n"), ("65534:4294967295:9\n", "65534:4294967295:9\n")]
    {
        let Some(out) = with_subordinate_ids(&stage, subuid, subgid, MAPS) else { return };
        assert_eq!(lines(&out), ["0 0 1", "0 0 1"], "{subuid} {subgid}");
    }
    // One of the two is refused: that one has the user alone.
    let Some(out) = with_subordinate_ids(&stage, RANGE, "65534:4294967295:9\n", MAPS) else { return };
    assert_eq!(lines(&out), ["0 0 1", "1 1 1000", "1001 1001 65000", "0 0 1"]);
}

#[test]
fn the_one_user_of_a_lab_can_be_told_to_become_another() {
    let stage = Stage::new(User::Ordinary);
    let code = "print((proc.exec('setpriv --reuid 1 --regid 1 --clear-groups id -u; chown 1:1 /tmp; stat -c %u /tmp').stdout))
        print((proc.exec('true', { user = 'root' }).status))";
    if !have("setpriv") || fs::read_to_string("/etc/subuid").is_ok_and(|t| t.contains("nobody")) {
        return;
    }
    assert_eq!(stage.prints(code), "0\n0\n\n0\n");
}
