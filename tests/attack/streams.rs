//! What lies behind stdin, stdout and stderr.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

use super::frame::{Stage, each};

/// Changes what it can reach through each descriptor.
const CHANGE: &str = "os.execute([[
  for fd in 0 1 2; do for name in /proc/self/fd/$fd /proc/$PPID/fd/$fd; do
    chmod 777 $name; touch -d 2001-01-01 $name
    echo harm >> $name/keep; rm -f $name/keep; echo x > $name/new; echo x > $name/../home/new
    test $fd = 0 && echo harm > $name
  done; done 2>/dev/null]])";

fn attacked(stage: &Stage, give: impl Fn(&mut std::process::Command)) {
    fs::write(stage.project.join("attack.lua"), CHANGE).unwrap();
    let mut command = stage.command(&["attack.lua"]);
    give(&mut command);
    stage.run(&mut command);
    stage.unharmed();
}

#[test]
fn a_directory_is_no_way_out() {
    each(|stage| {
        let home = || Stdio::from(File::open(&stage.home).unwrap());
        attacked(stage, |nsh| {
            nsh.stdin(home());
        });
        attacked(stage, |nsh| {
            nsh.stdout(home());
        });
        attacked(stage, |nsh| {
            nsh.stderr(home());
        });
    });
}

#[test]
fn a_file_to_read_from_stays_as_it_is() {
    each(|stage| {
        let hidden = std::env::temp_dir().join(format!("nsh-hidden-{}", std::process::id()));
        fs::write(&hidden, "kept").unwrap();
        stage.give(&hidden);
        for file in [&stage.home.join("keep"), &hidden] {
            let before = fs::metadata(file).unwrap();
            attacked(stage, |nsh| {
                nsh.stdin(File::open(file).unwrap());
            });
            let now = fs::metadata(file).unwrap();
            assert_eq!((before.mode(), before.mtime()), (now.mode(), now.mtime()), "{file:?}");
            assert_eq!(fs::read(file).unwrap(), b"kept");
        }
        fs::remove_file(&hidden).unwrap();
    });
}

#[test]
fn the_machines_devices_keep_their_mode() {
    let of = |name: &str| fs::metadata(name).map(|m| (m.mode(), m.uid(), m.mtime())).unwrap();
    let before = ["/dev/null", "/dev/zero", "/dev/tty"].map(of);
    each(|stage| {
        let ran = stage.attack("os.execute('chmod 600 /dev/null /dev/zero /dev/tty; chown 1 /dev/zero')");
        assert_eq!(ran.status, Some(0), "{ran:?}");
        attacked(stage, |nsh| {
            nsh.stdout(Stdio::null()).stderr(Stdio::null());
        });
        // They are devices still.
        let ran =
            stage.attack("os.execute('echo x > /dev/null && head -c 1 /dev/zero | wc -c; cat /dev/stdin')");
        assert_eq!(ran.stdout.trim(), "1", "{ran:?}");
    });
    assert_eq!(before, ["/dev/null", "/dev/zero", "/dev/tty"].map(of));
}

#[test]
fn nor_does_who_enters_a_lab_bring_one() {
    each(|stage| {
        let up = stage.run(&mut stage.command(&["up", "--name", "a", "-e", ""]));
        assert_eq!(up.status, Some(0), "{up:?}");
        stage.prepared();
        let script = CHANGE.trim_start_matches("os.execute([[").trim_end_matches("]])");
        for path in [&stage.home, &stage.home.join("keep")] {
            let mut exec = stage.command(&["exec", "a", "--", "sh", "-c", script]);
            stage.run(exec.stdin(File::open(path).unwrap()));
            stage.unharmed();
        }
        let mut exec = stage.command(&["exec", "a", "--", "cat"]);
        let ran = stage.run(exec.stdin(File::open(stage.home.join("keep")).unwrap()));
        assert_eq!(ran.stdout, "kept", "{ran:?}");
        assert_eq!(stage.run(&mut stage.command(&["down", "a"])).status, Some(0));
    });
}

#[test]
fn the_prompts_history_is_out_of_reach() {
    each(|stage| {
        let change = "os.execute([[for name in /proc/$PPID/fd/*; do
            chmod 777 $name; touch -d 2001-01-01 $name; test -f $name && cat $name; done 2>/dev/null]])";
        fs::write(stage.project.join("attack.lua"), change).unwrap();
        let mut prompt = stage.command(&["-i", "attack.lua"]);
        prompt.env("NSH_HISTORY", stage.home.join("keep")).env("NSH_LABS", stage.project.join("labs"));
        let file = File::open(stage.project.join("attack.lua")).unwrap();
        let ran = stage.run(prompt.stdin(file));
        assert!(!ran.stdout.contains("kept"), "{ran:?}");
        stage.unharmed();
    });
}
