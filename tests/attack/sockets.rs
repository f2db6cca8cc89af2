//! The machine's Unix sockets, however they came to where they are.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::frame::{Stage, each};
use super::helper::command_line;

/// Services of the machine, for as long as this lives.
fn listeners(directory: &Path) -> Vec<UnixListener> {
    fs::create_dir_all(directory.join("deep")).unwrap();
    let absolute = UnixListener::bind(directory.join("absolute")).unwrap();
    let renamed = UnixListener::bind(directory.join("before")).unwrap();
    fs::rename(directory.join("before"), directory.join("renamed")).unwrap();
    let linked = UnixListener::bind(directory.join("linked")).unwrap();
    fs::hard_link(directory.join("linked"), directory.join("deep/link")).unwrap();
    let newline = UnixListener::bind(directory.join("new\nline")).unwrap();
    let relative =
        UnixListener::bind(up(&std::env::current_dir().unwrap(), directory).join("relative")).unwrap();
    for name in ["absolute", "renamed", "linked", "new\nline", "relative"] {
        fs::set_permissions(directory.join(name), fs::Permissions::from_mode(0o777)).unwrap();
    }
    vec![absolute, renamed, linked, newline, relative]
}

/// The relative path from one directory to another.
fn up(from: &Path, to: &Path) -> PathBuf {
    let ups = std::iter::repeat_n("..", from.components().count() - 1);
    ups.collect::<PathBuf>().join(to.strip_prefix("/").unwrap())
}

fn refused(stage: &Stage, out: &str, names: &[&str]) {
    for name in names {
        assert!(out.contains(&format!("refused {name:?}")), "{:?}: {name}: {out}", stage.user);
    }
    assert!(!out.contains("ACHIEVED"), "{:?}: {out}", stage.user);
}

const ALL: &[&str] = &["absolute", "renamed", "linked", "link", "new\nline", "relative"];

/// Where a lab sees the place: on machines where tests stand below /tmp, it is covered.
fn seen(stage: &Stage) -> bool {
    !nsh::sandbox::is_private(&stage.directory)
}

#[test]
fn beside_the_working_directory_none_can_be_reached() {
    each(|stage| {
        let services = stage.directory.join("services");
        let _open = listeners(&services);
        let out = stage.in_lab("connect below", services.to_str().unwrap());
        refused(stage, &out, if seen(stage) { ALL } else { &[] });
    });
}

#[test]
fn nor_those_that_are_made_while_the_lab_runs() {
    each(|stage| {
        let services = stage.directory.join("services");
        fs::create_dir(&services).unwrap();
        let line = command_line(stage, "connect below", services.to_str().unwrap());
        let script = format!("print('ready') io.stdout:flush() io.read() os.execute([==[{line}]==])");
        fs::write(stage.project.join("attack.lua"), script).unwrap();
        let mut nsh = stage.command(&["attack.lua"]).stdin(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(nsh.stdout.take().unwrap());
        let mut said = String::new();
        output.read_line(&mut said).unwrap();
        let _open = listeners(&services);
        nsh.stdin.take().unwrap().write_all(b"go\n").unwrap();
        while output.read_line(&mut said).unwrap() > 0 {}
        nsh.wait().unwrap();
        assert!(said.contains("looked in"), "{said}");
        refused(stage, &said, if seen(stage) { ALL } else { &[] });
    });
}

#[test]
fn in_the_working_directory_those_that_were_there_can_not_be_reached() {
    each(|stage| {
        let _open = listeners(&stage.project.join("services"));
        let out = stage.in_lab("connect below", stage.project.to_str().unwrap());
        refused(stage, &out, ALL);
    });
}

/// A directory below /tmp: the lab has an empty /tmp of its own, and this in it.
#[test]
fn nor_in_one_below_tmp() {
    each(|stage| {
        let project = std::env::temp_dir().join(format!("nsh-project-{}", std::process::id()));
        let _open = listeners(&project.join("services"));
        stage.give(&project);
        let line = command_line(stage, "connect below", project.to_str().unwrap());
        let line = line.replace("./helper", stage.project.join("helper").to_str().unwrap());
        let code = format!("local p = io.popen([==[{line}]==]) io.write(p:read('a'))");
        let mut nsh = stage.command(&["--write", stage.project.to_str().unwrap(), "-e", &code]);
        let ran = stage.run(nsh.current_dir(&project));
        refused(stage, &ran.stdout, ALL);
        fs::remove_dir_all(&project).unwrap();
    });
}

/// What a lab makes for itself works.
#[test]
fn a_labs_own_sockets_work() {
    each(|stage| {
        for place in ["/tmp", "/run", "."] {
            let task = command_line(stage, "talk", place);
            let ran = stage.attack(&format!("os.execute([==[{task}]==])"));
            assert!(ran.stdout.contains("talked"), "{:?}: {place}: {ran:?}", stage.user);
        }
    });
}
