//! System calls that no namespace confines.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::frame::each;
use super::stage::have;

#[test]
fn keys_rings_and_the_kernels_log_are_out_of_reach() {
    each(|stage| {
        let out = stage.in_lab("calls", "");
        for call in ["keyctl", "add_key", "request_key", "io_uring_setup", "userfaultfd", "syslog"] {
            assert!(out.contains(&format!("refused {call}:")), "{:?}: {call}: {out}", stage.user);
        }
        assert!(!out.contains("ACHIEVED"), "{:?}: {out}", stage.user);
        let out = stage.in_lab("sockets", "");
        assert!(out.contains("refused alg") && !out.contains("ACHIEVED"), "{:?}: {out}", stage.user);
    });
}

/// The helper leaves the file `made`, on which it tries what programs can; the shell tries it once more.
#[test]
fn no_file_is_left_that_gives_rights_to_whoever_runs_it() {
    each(|stage| {
        stage.in_lab("calls", "");
        let ran = stage.attack(
            "os.execute('cp /bin/true tool && chmod 4755 tool; chmod u+s,g+s tool made; chmod 2755 tool')
             os.execute('umask 0; cp -p /bin/su . ; setcap cap_net_admin+ep tool')",
        );
        assert_eq!(ran.status, Some(0), "{ran:?}");
        if have("python3") {
            let made = [
                "os.open('open', os.O_CREAT, 0o4755)",
                "os.open('.', os.O_TMPFILE | os.O_RDWR, 0o6755)",
                "os.mknod('node', 0o106755)",
            ];
            for call in made {
                let script =
                    format!("proc.exec({{ 'python3', '-c', [[import os; {call}]] }}, {{ check = true }})");
                let ran = stage.attack(&script);
                assert!(ran.stderr.contains("Operation not permitted"), "{call}: {ran:?}");
            }
        }
        for entry in fs::read_dir(&stage.project).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().mode();
            assert_eq!(mode & 0o6000, 0, "{:?}: {entry:?} {mode:o}", stage.user);
        }
        assert!(stage.project.join("tool").exists(), "{ran:?}");
        if have("getcap") {
            let ran = stage.run(&mut stage.program("getcap".as_ref(), &["tool"]));
            assert_eq!(ran.stdout, "", "{ran:?}");
        }
        stage.unharmed();
    });
}
