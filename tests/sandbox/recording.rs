//! What `nsh translate --commands` tells of a script: every program that it starts, by whatever path, and the script runs as
//! without.

use std::fs;
use std::process::Output;

use super::stage::{Stage, each, finish, have, text};

fn recorded(stage: &Stage, script: &str, arguments: &[&str]) -> Output {
    fs::write(stage.project.join("lab.sh"), script).unwrap();
    stage.give(&stage.project.join("lab.sh"));
    let words = [&["translate", "--commands"], arguments, &["lab.sh"]].concat();
    finish(stage.command(&words).spawn().unwrap())
}

fn lines(out: &Output) -> Vec<String> {
    String::from_utf8_lossy(&out.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn every_command_is_told_with_its_namespace_and_status() {
    if !have("ip") || !have("bash") {
        return;
    }
    each(|stage| {
        let script = "#!/bin/bash
IP=$(command -v ip)
sudo ip netns add ns1
for n in 1 2; do ip link add d$n type bridge; done
\"$IP\" -n ns1 link set lo up
ip netns exec ns1 bash -c 'exec ip addr add 10.0.0.1/8 dev lo'
ip link del nothing
echo 'a b' | xargs -n 1 true
(cd / && exec env A=b ip link show d1 | grep -c MULTI)
ip netns exec ns1 sleep 1000 &
until grep -q sleep /proc/$!/comm; do :; done
echo $? ${IP##*/}";
        let out = recorded(stage, script, &[]);
        assert!(out.status.success(), "{}", text(&out));
        let told = lines(&out);
        let ip = told.iter().find_map(|line| line.strip_suffix(" -n ns1 link set lo up")).unwrap_or_default();
        assert!(ip.starts_with("lab.sh:5: /") && ip.ends_with("/ip"), "{}", text(&out));
        for line in [
            "lab.sh:3: ip netns add ns1",
            "lab.sh:4: ip link add d1 type bridge",
            "lab.sh:4: ip link add d2 type bridge",
            "lab.sh:6: [ns1] ip addr add 10.0.0.1/8 dev lo",
            "lab.sh:7: ip link del nothing  # status 1",
            "lab.sh:8: true a",
            "lab.sh:8: true b",
            "lab.sh:9: ip link show d1",
            "lab.sh:10: [ns1] sleep 1000  # runs on",
        ] {
            assert!(told.iter().any(|there| there == line), "{line}\n{}", text(&out));
        }
        assert!(String::from_utf8_lossy(&out.stderr).ends_with("1\n0 ip\n"), "{}", text(&out));
    });
}

#[test]
fn a_recorded_script_runs_as_without() {
    if !have("bash") {
        return;
    }
    each(|stage| {
        let script = "#!/bin/bash -u
set -e
f() { local x=$1; echo \"f $x $_\"; return 3; }
f 1 || echo \"got $?\"
true | false | true; echo ${PIPESTATUS[@]}
trap 'echo term; exit 5' TERM
(sleep 1000 & kill -9 $!; wait $! || echo \"killed $?\") 2> /dev/null
cat <<< 'a text' | cat -
printf '%s\\n' a b | while read -r line; do echo \"<$line>\"; done
yes | head -n 100000 | wc -l
bash -c 'kill -STOP $$; echo > went' & until [ -e went ]; do kill -CONT $! || :; done 2> /dev/null; wait $!; rm went
echo kept > file; cat file
kill $$
echo never";
        let out = recorded(stage, script, &[]);
        let plain = finish(stage.command(&["lab.sh"]).spawn().unwrap());
        assert_eq!(plain.status.code(), Some(5), "{}", text(&plain));
        // The script's own output is no part of what is told.
        assert_eq!(
            String::from_utf8_lossy(&out.stderr),
            String::from_utf8_lossy(&plain.stdout),
            "{}",
            text(&plain)
        );
        fs::remove_file(stage.project.join("file")).unwrap();
        recorded(stage, script, &[]);
        assert!(!stage.project.join("file").exists());
    });
}

#[test]
fn what_is_not_recorded_to_its_end_is_told() {
    each(|stage| {
        let out = recorded(stage, "cat; sleep 1000", &["--timeout", "0.5"]);
        assert_eq!(out.status.code(), Some(1), "{}", text(&out));
        let told = String::from_utf8_lossy(&out.stderr);
        assert!(told.contains("lab.sh: not recorded to its end: the script's time limit ran out"), "{told}");
        assert!(lines(&out).iter().any(|line| line.starts_with("sleep 1000")), "{}", text(&out));
        let out = finish(stage.command(&["translate", "--commands", "-"]).spawn().unwrap());
        assert_eq!(out.status.code(), Some(2), "{}", text(&out));
    });
}
