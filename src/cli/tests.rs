//! The command line, read.

use std::time::Duration;

use clap::CommandFactory;

use super::*;

fn parsed(line: &str) -> Result<Command> {
    let argv: Vec<OsString> = std::iter::once("nsh").chain(line.split(' ')).map(OsString::from).collect();
    parse(&argv)
}

/// The message of wrong usage, with its hint.
fn refused(line: &str) -> String {
    let e = parsed(line).unwrap_err();
    assert_eq!(e.downcast_ref::<Exit>().map(|exit| exit.0), Some(2), "{line}");
    Error::of(&*e).to_string()
}

fn help(line: &str) -> String {
    match parsed(line) {
        Ok(Command::Print(text)) => text,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_definition_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn what_follows_the_file_is_the_scripts() {
    let Ok(Command::Run { script: Source::File(file), args, options }) =
        parsed("--trace --write /a --timeout=3 x.lua --host -e doc -- --version")
    else {
        panic!();
    };
    assert_eq!(file, PathBuf::from("x.lua"));
    assert_eq!(args, ["--host", "-e", "doc", "--", "--version"]);
    assert!(options.script.trace && !options.host);
    assert_eq!(options.script.write, [PathBuf::from("/a")]);
    assert_eq!(options.script.timeout, Some(Duration::from_secs(3)));
}

#[test]
fn code_takes_arguments_too() {
    let Ok(Command::Run { script: Source::Code(code), args, options }) = parsed("-e return --host x --host")
    else {
        panic!();
    };
    assert_eq!((code.as_str(), options.host), ("return", true));
    assert_eq!(args, ["x", "--host"]);
}

#[test]
fn commands_files_and_stdin() {
    assert!(matches!(parsed("doc link.add"), Ok(Command::Doc { name: Some(_) })));
    assert!(matches!(parsed("doctor --json"), Ok(Command::Doctor { json: true })));
    assert!(matches!(parsed("doc --markdown"), Ok(Command::Reference)));
    assert!(matches!(parsed("types"), Ok(Command::Types { directory: None })));
    assert!(matches!(parsed("./doc"), Ok(Command::Run { script: Source::File(_), .. })));
    assert!(matches!(parsed("- a b"), Ok(Command::Run { script: Source::Stdin, .. })));
    assert!(matches!(parse(&["nsh".into()]), Ok(Command::Interactive { .. })));
    assert!(matches!(parsed("--host"), Ok(Command::Interactive { .. })));
}

#[test]
fn what_follows_the_lab_is_the_commands() {
    let words = |line: &str| match parsed(line) {
        Ok(Command::Exec { lab, words, all: false }) => (lab, words.first, words.command),
        other => panic!("{line}: {other:?}"),
    };
    let lab = || "lab".to_owned();
    let owned = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    assert_eq!(words("exec lab ns1 cat -n"), (lab(), owned(&["ns1", "cat", "-n"]), None));
    assert_eq!(words("exec lab -- cat --help"), (lab(), owned(&[]), Some(owned(&["cat", "--help"]))));
    assert_eq!(words("exec lab ns1 -- cat --"), (lab(), owned(&["ns1"]), Some(owned(&["cat", "--"]))));
    assert_eq!(words("exec lab a b -- c"), (lab(), owned(&["a", "b", "--", "c"]), None));
    assert!(help("exec --help").contains("nsh exec LAB [NAMESPACE]"));
    assert!(
        matches!(parsed("exec --all lab cat --all"), Ok(Command::Exec { all: true, words, .. }) if words.first.len() == 2)
    );
    assert!(parsed("exec").is_err() && parsed("exec --bogus lab true").is_err());
}

#[test]
fn options_of_up_may_stand_behind_the_script() {
    let up = |line: &str| match parsed(line) {
        Ok(Command::Up { script, args, name, options }) => (script, args, name.unwrap_or_default(), options),
        other => panic!("{line}: {other:?}"),
    };
    for line in ["up --name n --timeout 3 x.lua a -- -e --", "up x.lua --name n a --timeout 3 -- -e --"] {
        let (script, args, name, options) = up(line);
        assert!(matches!(script, Source::File(file) if file == Path::new("x.lua")), "{line}");
        assert_eq!((args, name.as_str()), (["a", "-e", "--"].map(OsString::from).to_vec(), "n"), "{line}");
        assert_eq!(options.script.timeout, Some(Duration::from_secs(3)));
    }
    let (script, args, ..) = up("up -e return a --trace -- b");
    assert!(matches!(script, Source::Code(code) if code == "return"));
    assert_eq!(args, ["a", "b"]);
    assert!(matches!(up("up --name n"), (Source::Code(code), _, name, _) if code.is_empty() && name == "n"));
    let e = refused("up x.lua --other");
    assert!(e.contains("'--other'"), "{e}");
    assert!(matches!(parsed("up - a"), Ok(Command::Up { script: Source::Stdin, .. })));
    assert!(matches!(parsed("./up"), Ok(Command::Run { .. })));
    assert!(matches!(parsed("down a b"), Ok(Command::Down(Which::These(labs))) if labs == ["a", "b"]));
    assert!(matches!(parsed("down --all"), Ok(Command::Down(Which::All))));
    for line in ["up --host x", "down", "down a --all", "logs", "ls x", "attach a b c"] {
        assert_eq!(refused(line).lines().count(), 1, "{line}");
    }
}

#[test]
fn code_may_begin_with_a_comment() {
    for words in [&["nsh", "-e", "-- a comment\nreturn"][..], &["nsh", "up", "-e", "-- a comment\nreturn"]] {
        let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
        let code = match parse(&argv) {
            Ok(
                Command::Run { script: Source::Code(code), .. }
                | Command::Up { script: Source::Code(code), .. },
            ) => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code, "-- a comment\nreturn");
    }
}

#[test]
fn a_word_that_is_no_file_may_be_meant_as_a_command() {
    let all = [
        ("destroy", "down"),
        ("translat", "translate"),
        ("list", "ls"),
        ("tset", "test"),
        ("help", "--help"),
    ];
    for (word, command) in all {
        let text =
            format!("there is neither a command nor a file {word:?}\n  hint: did you mean nsh {command}?");
        assert_eq!(refused(word), text);
    }
    for file in ["src", "./destroy", "destroy.lua", "no-such-thing"] {
        assert!(matches!(parsed(file), Ok(Command::Run { .. })), "{file}");
    }
}

#[test]
fn wrong_usage_is_one_line_and_status_2() {
    for line in ["--bogus", "--timeout 0 x", "--timeout -1 x", "--timeout nan x", "-e", "--write"] {
        assert_eq!(refused(line).lines().count(), 1, "{line}");
    }
    for (line, called) in [
        ("--bogus", "nsh"),
        ("test --bogus", "nsh test"),
        ("test --shard 5", "nsh test"),
        ("--trace doc a b", "nsh doc"),
        ("report merge", "nsh report merge"),
        ("report merge --format x", "nsh report merge"),
        ("down", "nsh down"),
        ("--write test --bogus", "nsh"),
    ] {
        let text = refused(line);
        assert!(text.ends_with(&format!(" (see {called} --help)")), "{line}: {text}");
    }
    assert!(help("--version").starts_with("nsh "));
    assert!(help("--help").contains("nsh [OPTIONS] -e CODE [ARGS...]"));
}

fn all_commands(command: &clap::Command) -> Vec<clap::Command> {
    let below = command.get_subcommands().flat_map(all_commands);
    std::iter::once(command.clone()).chain(below).collect()
}

#[test]
fn the_man_page_has_every_command_option_and_status() {
    // As it is read: no markup, one blank between words.
    let page = help("--generate man")
        .replace("\\fB", "")
        .replace("\\fI", "")
        .replace("\\fR", "")
        .replace("\\-", "-");
    let mut definition = Arguments::command();
    definition.build();
    for command in all_commands(&definition) {
        let name = command.get_bin_name().unwrap_or("nsh");
        assert!(page.contains(name), "{name}");
        for option in command.get_opts().filter_map(|o| o.get_long()) {
            let heading = page.split(".TP\n").any(|row| {
                let names = row.lines().next().unwrap_or_default().split([' ', ',', '[', '=']);
                names.into_iter().any(|word| word.strip_prefix("--") == Some(option))
            });
            assert!(heading, "{name} --{option}");
        }
    }
    for (status, means) in generate::STATUSES {
        assert!(page.contains(&format!(".TP\n{status}\n")), "{status}");
        assert!(help("--help").contains(means), "{means}");
    }
}

#[test]
fn the_readme_has_the_same_statuses() {
    let readme = include_str!("../../README.md");
    for (status, _) in generate::STATUSES {
        assert!(readme.contains(&format!("| {status} |")), "{status}");
    }
}

#[test]
fn the_man_page_is_sound() {
    use std::io::Write;
    use std::process::{Command as Program, Stdio};
    let Ok(mut lint) = Program::new("mandoc")
        .args(["-Tlint", "-Wwarning"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
    else {
        println!("skipped: mandoc is not installed");
        return;
    };
    lint.stdin.take().unwrap().write_all(help("--generate man").as_bytes()).unwrap();
    let found = lint.wait_with_output().unwrap();
    // It has no date: that would be another one with each build.
    let found = String::from_utf8(found.stdout).unwrap();
    let found: Vec<&str> = found.lines().filter(|line| !line.contains("missing date")).collect();
    assert_eq!(found, Vec::<&str>::new());
}
