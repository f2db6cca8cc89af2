//! Shell scripts run as they are in a lab, as root and as an ordinary user, and do no damage.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use super::stage::{Stage, each, finish, have, text};

/// Runs a script that stands in the project's `lab.sh`.
fn run(stage: &Stage, script: impl AsRef<[u8]>, arguments: &[&str]) -> Output {
    fs::write(stage.project.join("lab.sh"), script).unwrap();
    stage.give(&stage.project.join("lab.sh"));
    let words: Vec<&str> = arguments.iter().copied().chain(["lab.sh"]).collect();
    finish(stage.command(&words).spawn().unwrap())
}

fn prints(stage: &Stage, script: &str, expected: &str) {
    let out = run(stage, script, &[]);
    let told = format!("{:?}: {script}\n{}", stage.user, text(&out));
    assert_eq!(String::from_utf8_lossy(&out.stdout), expected, "{told}");
    assert!(out.status.success(), "{told}");
}

#[test]
fn a_script_is_root_of_a_network_of_its_own() {
    each(|stage| {
        prints(stage, "#!/bin/sh\nid -u\necho $USER $0\nls /sys/class/net", "0\nroot lab.sh\nlo\n");
        prints(stage, "ls /run/netns /var/run/netns | sort -u | wc -w", "2\n");
        prints(stage, "#!/bin/sh -e\ncase $- in *e*) echo yes ;; esac", "yes\n");
        prints(stage, "sudo -E A=b sh -c 'echo $A'; sudo -n id -u", "b\n0\n");
    });
}

#[test]
fn bash_reads_what_is_bashs() {
    if !have("bash") {
        return;
    }
    each(|stage| {
        prints(
            stage,
            "#!/bin/bash\na=(x y)\n[[ $EUID -eq 0 ]] && echo ${a[1]} ${BASH_SOURCE[0]}",
            "y lab.sh\n",
        );
        prints(stage, "#!/usr/bin/env bash\necho ${BASH_VERSION:+bash}", "bash\n");
    });
}

#[test]
fn namespaces_files_of_one_and_sysctls_work() {
    if !have("ip") || !have("sysctl") {
        return;
    }
    each(|stage| {
        let script = "set -e
            mkdir -p /etc/netns/ns1
            echo 'nameserver 10.0.0.53' > /etc/netns/ns1/resolv.conf
            sudo ip netns add ns1
            ip netns exec ns1 cat /etc/resolv.conf
            ip netns exec ns1 ls /sys/class/net
            ls /var/run/netns
            echo '101 isp1' >> /etc/iproute2/rt_tables
            echo 'net.ipv4.ip_forward=1' | sudo tee -a /etc/sysctl.conf > /dev/null
            sysctl -q -p > /dev/null
            cat /proc/sys/net/ipv4/ip_forward
            sysctl -q -w net.ipv4.ip_forward=0
            cat /proc/sys/net/ipv4/ip_forward
            echo '10.0.0.1 peer' >> /etc/hosts
            sed -i s/peer/other/ /etc/hosts
            grep -c other /etc/hosts
            unshare -n ls /sys/class/net";
        let made = "mkdir -p /etc/iproute2; : >> /etc/iproute2/rt_tables\n";
        let expected = "nameserver 10.0.0.53\nlo\nns1\n1\n0\n1\nlo\n";
        prints(stage, &format!("{made}{script}"), expected);
        assert!(!Path::new("/etc/netns/ns1").exists());
        assert!(!fs::read_to_string("/etc/hosts").unwrap().contains("other"));
    });
}

#[test]
fn a_namespace_is_entered_from_within_another() {
    if !have("ip") {
        return;
    }
    each(|stage| {
        let script = "for n in a b c; do ip netns add $n; ip -n $n link add of-$n type bridge; done
            ip netns exec a ip netns exec b ls /sys/class/net
            ip netns exec a ip netns exec b ip netns exec c sh -c 'ls /sys/class/net; echo x 2> /dev/null > /sys/kernel/new || echo no'
            ip netns exec a ip netns exec a ip netns exec a sh -c 'ls /sys/class/net; ip netns exec b ip netns exec a ls /sys/class/net'
            ip netns exec a ip netns add d
            ip netns exec a ip netns del d && ls /run/netns
            mkdir m; mount -t tmpfs m m 2> /dev/null && umount -l m; echo $?";
        prints(stage, script, "lo\nof-b\nlo\nof-c\nno\nlo\nof-a\nlo\nof-a\na\nb\nc\n0\n");
    });
}

#[test]
fn the_status_is_the_scripts() {
    each(|stage| {
        for (script, expected) in
            [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("no-such-program-here", 127)]
        {
            let out = run(stage, script, &[]);
            assert_eq!(out.status.code(), Some(expected), "{script}\n{}", text(&out));
        }
        let script = "printf '%s.' \"$@\"; exit 3";
        fs::write(stage.project.join("args.sh"), script).unwrap();
        let word = std::ffi::OsStr::from_bytes(b"\xff x");
        let out = finish(stage.command(&["args.sh", "a b", "--timeout"]).arg(word).spawn().unwrap());
        assert_eq!(
            (out.status.code(), out.stdout.as_slice()),
            (Some(3), b"a b.--timeout.\xff x.".as_slice())
        );
    });
}

#[test]
fn what_a_lab_has_not_is_said() {
    each(|stage| {
        let out = run(
            stage,
            "systemctl restart x; echo $?; apt-get install -y y; modprobe no_such_module; echo $?",
            &[],
        );
        assert_eq!(String::from_utf8_lossy(&out.stdout), "1\n1\n", "{}", text(&out));
        let told = String::from_utf8_lossy(&out.stderr);
        assert!(
            told.contains("nsh: systemctl: not in a lab") && told.contains("nsh: apt-get: not in a lab"),
            "{told}"
        );
        assert!(told.contains("no_such_module: a lab neither loads nor removes modules"), "{told}");
        prints(
            stage,
            "for module in /sys/module/*; do break; done; modprobe ${module##*/} x=1; echo $?",
            "0\n",
        );
    });
}

#[test]
fn a_ping_without_a_count_ends() {
    if !have("ping") {
        return;
    }
    each(|stage| {
        let out = run(stage, "ping -i 0.01 127.0.0.1; ping -c1 -q 127.0.0.1", &[]);
        assert!(out.status.success(), "{}", text(&out));
        let told = String::from_utf8_lossy(&out.stdout);
        assert!(told.contains("10 packets transmitted") && told.contains("1 packets transmitted"), "{told}");
    });
}

#[test]
fn a_time_limit_and_what_runs_beside_the_script_end_with_it() {
    each(|stage| {
        let begun = Instant::now();
        let out = run(stage, "sleep 1000 & echo on\nwait", &["--timeout", "0.3"]);
        assert_eq!(
            (out.status.code(), out.stdout.as_slice()),
            (Some(1), b"on\n".as_slice()),
            "{}",
            text(&out)
        );
        let out = run(stage, "trap '' TERM; while :; do :; done", &["--timeout", "0.3"]);
        assert_eq!(out.status.code(), Some(1), "{}", text(&out));
        assert!(begun.elapsed() < Duration::from_secs(30));
        prints(stage, "sleep 1000 > /dev/null 2>&1 &\necho over", "over\n");
        stage.wait_until_gone();
    });
}

#[test]
fn damage_stays_in_the_lab() {
    each(|stage| {
        let script = "echo x > \"$HOME/new\"; echo x > \"$HOME/keep\"; rm -rf \"$HOME\"/*
            rm -rf /etc/* /usr/bin/id /run/* /tmp/*; echo x > /tmp/new; echo x > here; echo done";
        let out = run(stage, script, &[]);
        assert_eq!(String::from_utf8_lossy(&out.stdout), "done\n", "{}", text(&out));
        assert_eq!(fs::read_to_string(stage.home.join("keep")).unwrap(), "kept");
        assert_eq!(fs::read_dir(&stage.home).unwrap().count(), 1);
        assert!(Path::new("/etc/passwd").exists() && fs::read(stage.project.join("here")).unwrap() == b"x\n");
        let out = run(stage, "kill -9 -1; echo on", &[]);
        assert!(matches!(out.status.code(), Some(0 | 137)), "{}", text(&out));
        let out = run(stage, "rm -rf \"$PWD\"; cd /; echo on", &[]);
        assert_eq!(String::from_utf8_lossy(&out.stdout), "on\n", "{}", text(&out));
        stage.wait_until_gone();
    });
}

#[test]
fn texts_of_other_systems_run() {
    each(|stage| {
        let out = run(stage, "\u{feff}#!/bin/sh\r\nif true; then\r\n  echo yes\r\nfi\r\n", &[]);
        assert_eq!(String::from_utf8_lossy(&out.stdout), "yes\n", "{}", text(&out));
        let told = String::from_utf8_lossy(&out.stderr);
        assert_eq!(told, "nsh: lab.sh: runs without its byte order mark and carriage returns\n");
        let out = run(stage, b"#!/bin/sh\n# \xff\nprintf '\xfe'; read x; echo \"$? $x\"", &[]);
        assert_eq!(out.stdout, b"\xfe1 \n", "{}", text(&out));
    });
}

#[test]
fn what_can_not_be_is_refused_in_one_line() {
    each(|stage| {
        for words in [["--echo"].as_slice(), &["-i"], &["--host"]] {
            let out = run(stage, "echo", words);
            assert_eq!(out.status.code(), Some(2), "{}", text(&out));
            assert!(text(&out).contains("takes scripts in Lua, and this one is a shell's"), "{}", text(&out));
        }
        let out = run(stage, "#!/nowhere/ash\n", &[]);
        if !have("ash") {
            assert_eq!(out.status.code(), Some(3), "{}", text(&out));
            assert!(text(&out).contains("ash is not installed here"), "{}", text(&out));
        }
    });
}
