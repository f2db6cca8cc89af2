//! Completion, by the shells themselves: each completes command lines, and the test looks at what they do then.

use std::fs;
use std::path::Path;
use std::process::Output;

use super::bench::{Ends, up};
use super::pty::Terminal;
use super::stage::{Stage, each, finish, have, text};

/// With a lab `web` that has the namespace `north`, and a test file.
fn on_stage(shell: &str, test: impl Fn(&Stage)) {
    if !have(shell) {
        return;
    }
    each(|stage| {
        let _ends = Ends(stage);
        up(stage, "web", "namespace.add('north')");
        fs::create_dir(stage.project.join("tests")).unwrap();
        fs::write(stage.project.join("tests/one.lua"), "check(true)").unwrap();
        fs::write(stage.project.join("tests/other.txt"), "").unwrap();
        test(stage);
    });
}

fn script(stage: &Stage, shell: &str) -> String {
    let made = finish(stage.command(&["--generate", &format!("complete-{shell}")]).spawn().unwrap());
    assert!(made.status.success(), "{}", text(&made));
    String::from_utf8(made.stdout).unwrap()
}

/// `nsh` is found by its name.
fn path(stage: &Stage) -> String {
    format!("{}:{}", stage.directory.display(), std::env::var("PATH").unwrap())
}

/// Types the first letters, and looks what was called.
fn completes(mut shell: Terminal) {
    let mut line = |keys: &str, told: &str| {
        shell.send(&format!("{keys}\n"));
        shell.expect(told);
        shell.expect("PROMPT> ");
    };
    line("nsh ex\tw\tn\techo thi\"\"s-is-north", "this-is-north");
    line("nsh test tests/o\t", "1 passed");
    line("nsh dow\t--al\t; echo stat\"\"us=$?.", "status=0.");
}

#[test]
fn bash_completes() {
    on_stage("bash", |stage| {
        fs::write(stage.project.join("completion"), script(stage, "bash")).unwrap();
        let mut command = stage.program(Path::new("/bin/bash"), &["--norc", "-i"]);
        command.env("PATH", path(stage)).env("PS1", "PROMPT> ").env("TERM", "dumb");
        let mut shell = Terminal::start(command);
        shell.expect("PROMPT> ");
        shell.send(". ./completion\n");
        shell.expect("PROMPT> ");
        completes(shell);
    });
}

#[test]
fn zsh_completes_from_its_directory_of_functions() {
    on_stage("zsh", |stage| {
        let functions = stage.directory.join("functions");
        fs::create_dir(&functions).unwrap();
        fs::write(functions.join("_nsh"), script(stage, "zsh")).unwrap();
        let mut command = stage.program(Path::new("zsh"), &["-f", "-i"]);
        command.env("PATH", path(stage)).env("PS1", "PROMPT> ").env("TERM", "dumb");
        let mut shell = Terminal::start(command);
        shell.expect("PROMPT> ");
        let load = format!("fpath=({} $fpath); autoload -Uz compinit", functions.display());
        shell.send(&format!("{load}; compinit -u -d $HOME/dump; echo load\"\"ed\n"));
        shell.expect("loaded");
        shell.expect("PROMPT> ");
        completes(shell);
    });
}

#[test]
fn fish_completes() {
    on_stage("fish", |stage| {
        fs::write(stage.project.join("completion"), script(stage, "fish")).unwrap();
        let proposed = |line: &str| -> Vec<String> {
            let code = format!("source completion; complete -C '{line}'");
            let mut command = stage.program(Path::new("fish"), &["--no-config", "-c", &code]);
            let out: Output = finish(command.env("PATH", path(stage)).spawn().unwrap());
            let lines = String::from_utf8(out.stdout).unwrap();
            lines.lines().map(|l| l.split('\t').next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(proposed("nsh exec "), ["web"]);
        assert_eq!(proposed("nsh exec web "), ["host", "north"]);
        assert_eq!(proposed("nsh attach web n"), ["north"]);
        assert_eq!(proposed("nsh test tests/"), ["tests/one.lua"]);
        assert_eq!(proposed("nsh test --sh"), ["--shard", "--shuffle"]);
        assert_eq!(proposed("nsh doc link.sh"), ["link.shape"]);
        assert_eq!(proposed("nsh up --e"), ["--env"]);
        // The script's own words: its options aren't nsh's.
        assert_eq!(proposed("nsh x.lua --tr"), Vec::<String>::new());
    });
}
