//! The command line, read.

use clap::CommandFactory;

use super::*;

fn parsed(line: &str) -> Result<Command, Instead> {
    let argv: Vec<OsString> = std::iter::once("nsh").chain(line.split(' ')).map(OsString::from).collect();
    parse(&argv)
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
    assert!(options.trace && !options.host);
    assert_eq!(options.write, [PathBuf::from("/a")]);
    assert_eq!(options.timeout, Some(Duration::from_secs(3)));
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
    assert!(matches!(parsed("types"), Ok(Command::Types)));
    assert!(matches!(parsed("./doc"), Ok(Command::Run { script: Source::File(_), .. })));
    assert!(matches!(parsed("- a b"), Ok(Command::Run { script: Source::Stdin, .. })));
    assert!(matches!(parse(&["nsh".into()]), Ok(Command::Interactive { .. })));
    assert!(matches!(parsed("--host"), Ok(Command::Interactive { .. })));
}

#[test]
fn wrong_usage_is_one_line_and_status_2() {
    for line in ["--bogus", "--timeout 0 x", "--timeout -1 x", "--timeout nan x", "doc a b", "-e", "--write"]
    {
        let e = parsed(line).unwrap_err();
        assert_eq!(e.status, 2, "{line}");
        assert!(e.on_stderr && e.text.lines().count() == 1, "{line}: {}", e.text);
        assert!(e.text.starts_with("nsh: "), "{}", e.text);
    }
    assert_eq!(parsed("--version").unwrap_err().status, 0);
    assert!(parsed("--help").unwrap_err().text.contains("nsh [OPTIONS] -e CODE [ARGS...]"));
}
