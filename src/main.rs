//! Dispatch and exit status only.

mod cli;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cli::{Command, LabOptions, Source, Translating};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nsh::base::error::{Error, Kind};
use nsh::base::file::{self, LONGEST_SCRIPT};
use nsh::lua::lab::Place;
use nsh::lua::{self, Script, status};
use nsh::sandbox::{self, Exit, Sandbox};
use nsh::scenario::Needs;
use nsh::shell::Foreign;
use nsh::{doc, doctor, labs, project, repl, scenario, shell};

fn main() {
    tell_panics();
    let argv: Vec<_> = std::env::args_os().collect();
    if let Some(answered) = cli::complete(&argv) {
        std::process::exit(sandbox::exit_status(answered));
    }
    // Before signals are reset: what is ignored shall be so in the copy, too.
    sandbox::copy_if_needed();
    sandbox::reset_signals();
    std::process::exit(sandbox::exit_status(cli::parse(&argv).and_then(dispatch)))
}

/// Runs the command; returns the exit status. An error without an [`Exit`] says that this machine can't do it.
fn dispatch(command: Command) -> Result<i32> {
    match command {
        Command::Print(text) => show(&text),
        // `nsh < lab.lua`: nobody is there to talk to.
        Command::Interactive { script: None, options } if !std::io::stdin().is_terminal() => {
            run_file(Source::Stdin, &[], options)
        }
        Command::Run { script, args, options } => run_file(script, &args, options),
        Command::Interactive { script, options } => {
            prompt(script.map(|(script, args)| read(script, &args)).transpose()?, options)
        }
        Command::Doc { name: None } => show(&doc::overview(&doc::Docs::collect())),
        Command::Doc { name: Some(name) } => {
            show(&doc::find(&name).map_err(Error::argument).context(Exit(status::USAGE))?)
        }
        Command::Reference => show(&doc::reference()),
        Command::Types { directory: None } => show(&doc::types()),
        Command::Types { directory: Some(directory) } => {
            project::types(&directory).context(Exit(status::FAILED)).map(|()| status::SUCCESS)
        }
        Command::Init { directory } => show(&project::init(&directory).context(Exit(status::FAILED))?),
        Command::Translate { file, args, output, after, how } => {
            translate(&file, &args, output.as_deref(), after, how)
        }
        Command::Check { file, options } => check(file, options),
        Command::Doctor { json } => Ok(doctor::run(json)),
        Command::Test(options) => {
            sandbox::close_inherited();
            tell_unset(&options.env);
            scenario::test(&options, scenario::Prompt { pause: repl::pause })
        }
        Command::Merge { files, format, outputs } => {
            scenario::merge(&files, format, &outputs).context(Exit(status::USAGE))
        }
        Command::Up { script, args, name, options } => up(script, &args, name, options),
        Command::Ls { json } => show(&labs::list(json)?),
        Command::Exec { lab, words, all } => {
            sandbox::close_inherited();
            labs::exec(&lab, words, all)
        }
        Command::Draw { lab, file } => {
            sandbox::close_inherited();
            labs::draw(&lab, file.as_deref())
        }
        Command::Attach { lab, namespace, trace } => {
            sandbox::close_inherited();
            sandbox::heed_keys();
            let history = repl::History::open();
            labs::attach(lab.as_deref(), namespace.as_deref(), |place, namespace| {
                repl::attach(place, trace, history, doc::install, namespace)
            })
        }
        Command::Logs { lab, follow } => labs::logs(&lab, follow).map(|()| status::SUCCESS),
        Command::Down(which) => labs::down(&which),
    }
}

/// Reads the script before the sandbox is entered: from there, not every path can be seen.
fn read(source: Source, args: &[OsString]) -> Result<Script> {
    let args = args.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let (name, source, directory) = match source {
        Source::Code(code) => ("(command line)".to_owned(), Ok(code.into_bytes()), None),
        Source::Stdin => ("stdin".to_owned(), file::read_from(std::io::stdin(), LONGEST_SCRIPT), None),
        Source::File(path) => {
            let directory = path.canonicalize().ok().and_then(|p| p.parent().map(Path::to_owned));
            (path.to_string_lossy().into_owned(), file::read(&path, LONGEST_SCRIPT), directory)
        }
    };
    let source = source.with_context(|| name.clone()).context(Exit(status::USAGE))?;
    Ok(Script { name, source, args, directory })
}

fn up(source: Source, args: &[OsString], name: Option<String>, options: LabOptions) -> Result<i32> {
    sandbox::close_inherited();
    let code = matches!(source, Source::Code(_));
    let script = read(source, args)?;
    let foreign = foreign(&script);
    if foreign.is_none() {
        honoured(&script)?;
    }
    let trace = options.script.trace;
    let request = labs::Request {
        // Code has no name that could be the lab's.
        name: name.or(code.then(|| "lab".to_owned())),
        script: &script,
        options: sandbox::Policy { own_etc: foreign.is_some(), ..policy(options, script.directory.clone()) },
    };
    labs::up(request, |lab, stay| {
        tell_notes(lab, trace);
        let Some(foreign) = &foreign else {
            return lua::stay(Place::of(lab), &script, trace, doc::install, stay);
        };
        let status = foreign.run(lab, args);
        if status == status::SUCCESS {
            stay();
        }
        status
    })
}

fn foreign(script: &Script) -> Option<Foreign> {
    Foreign::of(Path::new(&script.name), &script.source)
}

fn policy(options: LabOptions, script_dir: Option<PathBuf>) -> sandbox::Policy {
    let cli::ScriptOptions { write, env, timeout, trace: _ } = options.script;
    tell_unset(&env);
    sandbox::Policy { host: options.host, write, script_dir, timeout, env, own_etc: false, own_cwd: false }
}

fn tell_unset(env: &[OsString]) {
    for name in sandbox::unset(env) {
        let name = name.to_string_lossy();
        let _ =
            writeln!(std::io::stderr(), "nsh: --env {name}: not set here, so the lab doesn't have it either");
    }
}

fn tell_notes(lab: &Sandbox, trace: bool) {
    if trace {
        lab.notes.iter().for_each(|note| {
            let _ = writeln!(std::io::stderr(), "nsh: note: {note}");
        });
    }
}

/// Runs a shell's script, writes what it did as Lua, and tells whether that makes the same.
fn by_running(
    script: &Script,
    found: &shell::ShellScript,
    (args, timeout): (&[OsString], Duration),
    before: Option<&Before>,
    output: Option<&Path>,
) -> Result<i32> {
    let recording = record(script, found, args, timeout, before)?;
    let transcript = shell::transcribe(&recording, &script.name, &String::from_utf8_lossy(&script.source));
    write_lua(&transcript.lua, output)?;
    let lua = Script {
        name: output.map_or("the Lua".to_owned(), |path| path.display().to_string()),
        source: transcript.replayed.clone().into_bytes(),
        args: Vec::new(),
        directory: None,
    };
    let tape = shell::Tape::new()?;
    let status = sandbox::run(&apart(script, timeout), |lab| {
        // What it prints was printed by the script already.
        if let Ok(null) = std::fs::File::options().write(true).open("/dev/null") {
            let _ = nix::unistd::dup2_stdout(null);
        }
        match Before::run(before, lab) {
            status::SUCCESS => lua::compare::with_legacy(recording.legacy),
            status => return status,
        }
        let status = lua::run(Place::of(lab), &lua, false, None, lua::compare::install);
        match tape.write(&lua::compare::taken()) {
            Ok(()) => status,
            Err(e) => sandbox::exit_status(Err(e.into())),
        }
    })?;
    let compared = transcript.compare(&tape.read::<Vec<_>>().unwrap_or_default());
    let mut told = transcript.report(&script.name);
    if status != status::SUCCESS {
        told.push_str(&format!("{}: the replay ended with status {status}\n", script.name));
    }
    told.push_str(&format!("{}: {}\n{}", script.name, compared.told, compared.difference));
    let _ = write!(std::io::stderr(), "{told}");
    let whole = status == status::SUCCESS && compared.equal() && !transcript.incomplete;
    Ok(if whole { status::SUCCESS } else { status::FAILED })
}

fn write_lua(lua: &str, output: Option<&Path>) -> Result<()> {
    match output {
        Some(output) => std::fs::write(output, lua)
            .with_context(|| output.display().to_string())
            .context(Exit(status::USAGE)),
        None => show(lua).map(drop),
    }
}

/// Writes what a shell's script is in Lua; tells on stderr what isn't.
fn translate(
    file: &Path,
    args: &[OsString],
    output: Option<&Path>,
    after: Option<PathBuf>,
    how: Translating,
) -> Result<i32> {
    let before = after.map(Before::read).transpose()?;
    let before = before.as_ref();
    let stdin = file.as_os_str() == "-";
    let script = read(if stdin { Source::Stdin } else { Source::File(file.to_owned()) }, &[])?;
    let found = shell::ShellScript::of(file, &script.source).filter(|_| !stdin);
    match (how, found) {
        (Translating::Running { timeout }, Some(found)) => {
            by_running(&script, &found, (args, timeout), before, output)
        }
        (Translating::Listing { timeout }, Some(found)) => {
            let recording = record(&script, &found, args, timeout, before)?;
            show(&recording.list())?;
            Ok(recording.broken.map_or(status::SUCCESS, |reason| {
                let _ =
                    writeln!(std::io::stderr(), "nsh: {}: not recorded to its end: {reason}", script.name);
                status::FAILED
            }))
        }
        (Translating::Listing { .. }, None) => {
            let e = Error::argument("--commands runs a file that is a shell's script (#!/bin/sh, .sh)");
            Err(anyhow::Error::from(e).context(Exit(status::USAGE)))
        }
        _ if before.is_some() => {
            let e = Error::argument("--after is for a shell's script that is run, and this is only read");
            Err(anyhow::Error::from(e).context(Exit(status::USAGE)))
        }
        _ if !args.is_empty() => {
            let e = Error::argument("arguments are for a shell's script that is run, and this is only read");
            Err(anyhow::Error::from(e).context(Exit(status::USAGE)))
        }
        _ => by_reading(file, &script, output),
    }
}

/// What makes the lab that a script goes on in.
struct Before {
    script: Script,
    foreign: Option<Foreign>,
}

impl Before {
    fn read(path: PathBuf) -> Result<Before> {
        let script = read(Source::File(path), &[])?;
        Ok(Before { foreign: foreign(&script), script })
    }

    /// Runs it in the lab that this process is in, by a process of its own.
    fn run(before: Option<&Before>, lab: &Sandbox) -> i32 {
        let Some(Before { script, foreign }) = before else { return status::SUCCESS };
        shell::aside(|| match foreign {
            Some(foreign) => foreign.run(lab, &[]),
            None => lua::run(Place::of(lab), script, false, None, doc::install),
        })
    }
}

/// Runs a shell's script in a lab whose files are copies, and records what it does.
fn record(
    script: &Script,
    found: &shell::ShellScript,
    args: &[OsString],
    timeout: Duration,
    before: Option<&Before>,
) -> Result<shell::Recording> {
    sandbox::close_inherited();
    let tape = shell::Tape::new()?;
    let status = sandbox::run(&apart(script, timeout), |lab| {
        sandbox::exit(match Before::run(before, lab) {
            status::SUCCESS => found.record(lab, args, &tape),
            status => status,
        })
    })?;
    let recording = match (tape.read(), before) {
        (Some(recording), _) => recording,
        (None, Some(Before { script, .. })) => {
            let e = Error::new(Kind::Unsupported, format!("it ended with status {status}"));
            return Err(
                anyhow::Error::from(e.op(format!("--after {}", script.name))).context(Exit(status::FAILED))
            );
        }
        _ => return Err(Error::new(Kind::Unsupported, "the script was not recorded").into()),
    };
    Ok(recording)
}

fn apart(script: &Script, timeout: Duration) -> sandbox::Policy {
    sandbox::Policy {
        script_dir: script.directory.clone(),
        timeout: Some(timeout),
        own_etc: true,
        own_cwd: true,
        ..sandbox::Policy::default()
    }
}

fn by_reading(file: &Path, script: &Script, output: Option<&Path>) -> Result<i32> {
    let name = file.to_string_lossy();
    let translation = shell::text(&String::from_utf8_lossy(&script.source), &name);
    write_lua(&translation.lua, output)?;
    let _ = write!(std::io::stderr(), "{}", translation.report(&name));
    Ok(if translation.problems.is_empty() { status::SUCCESS } else { status::FAILED })
}

/// Runs a text's commands, and compares what they print with what it shows.
fn check(file: PathBuf, options: cli::ScriptOptions) -> Result<i32> {
    let script = read(if file.as_os_str() == "-" { Source::Stdin } else { Source::File(file) }, &[])?;
    let text = shell::Text::new(Path::new(&script.name), &script.source);
    let options = LabOptions { host: false, echo: false, script: options };
    in_own_lab(script.directory, options, |lab| text.check(lab))
}

/// Runs a script in Lua, one of a shell, or the commands of a text.
fn run_file(source: Source, args: &[OsString], options: LabOptions) -> Result<i32> {
    let script = read(source, args)?;
    match foreign(&script) {
        Some(foreign) => in_own_lab(script.directory, options, |lab| foreign.run(lab, args)),
        None => run(script, options),
    }
}

fn run(script: Script, options: LabOptions) -> Result<i32> {
    if !options.host {
        sandbox::close_inherited();
    }
    let (trace, echo) = (options.script.trace, options.echo);
    let missing = honoured(&script)?.map(|needs| needs.missing);
    sandbox::run(&policy(options, script.directory.clone()), |lab| {
        tell_notes(lab, trace);
        let mut place = Place::of(lab);
        if echo {
            match lua::lab::echo::to_stdout(shell::lines).context("--echo") {
                Ok(output) => place.echo = Some(output),
                Err(e) => return sandbox::exit_status(Err(e)),
            }
        }
        let output = place.echo.clone();
        match lua::run(place, &script, trace, missing, doc::install) {
            status::SUCCESS if output.is_some_and(|output| output.failed()) => status::FAILED,
            status => status,
        }
    })
}

/// Runs what is of a shell in a lab with an `/etc` of its own.
fn in_own_lab(
    directory: Option<PathBuf>,
    options: LabOptions,
    run: impl FnOnce(&Sandbox) -> i32,
) -> Result<i32> {
    let refused = [(options.host, "--host"), (options.echo, "--echo")];
    if let Some((_, option)) = refused.iter().find(|(given, _)| *given) {
        return Err(for_lua(option));
    }
    sandbox::close_inherited();
    let trace = options.script.trace;
    let policy = sandbox::Policy { own_etc: true, ..policy(options, directory) };
    sandbox::run(&policy, |lab| {
        tell_notes(lab, trace);
        // The script's own status, though a signal may have come meanwhile.
        sandbox::exit(run(lab))
    })
}

/// An error for what works with scripts in Lua alone, if this is one of a shell.
fn in_lua(script: &Script, what: &str) -> Result<()> {
    foreign(script).map_or(Ok(()), |_| Err(for_lua(what)))
}

fn for_lua(what: &str) -> anyhow::Error {
    let e = Error::argument(format!("{what} takes scripts in Lua, and this one is a shell's"));
    anyhow::Error::from(e.hint("nsh FILE runs it in a lab; nsh translate FILE makes Lua of it"))
        .context(Exit(status::USAGE))
}

/// Tries what `-- needs:` in the script's head asks for. An error if that can't be had.
fn honoured(script: &Script) -> Result<Option<Needs>> {
    let needs = scenario::needs(&script.source).context(Exit(status::USAGE))?;
    if let Some(reason) = needs.as_ref().and_then(|needs| needs.lacking.as_ref()) {
        bail!("{}: skipped: {reason}", script.name);
    }
    Ok(needs)
}

/// A prompt. When it asks for a fresh lab, nsh begins anew.
fn prompt(script: Option<Script>, options: LabOptions) -> Result<i32> {
    if !options.host {
        sandbox::close_inherited();
    }
    script.iter().try_for_each(|script| in_lua(script, "-i"))?;
    sandbox::heed_keys();
    let history = repl::History::open();
    // Set in the lab, read out here; it counts, so nothing need be open on both sides but this.
    let reset = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK).context("eventfd")?;
    let reset = Rc::new(reset);
    let (host, trace, echo) = (options.host, options.script.trace, options.echo);
    let policy = policy(options, script.as_ref().and_then(|s| s.directory.clone()));
    let named = script.as_ref().map(|s| (s.name.clone(), s.args.clone()));
    let ended = labs::prompt(&policy, named, |lab| {
        tell_notes(lab, trace);
        lab.claim_terminal();
        let asked = reset.clone();
        let ask: Box<dyn Fn()> = Box::new(move || {
            let _ = asked.write(1);
        });
        let options = repl::Settings { trace, echo, history, script, reset: (!host).then_some(ask) };
        repl::run(Place::of(lab), options, doc::install)
    });
    if reset.read().is_ok_and(|asked| asked > 0) {
        let mut argv = std::env::args_os();
        let name = argv.next().unwrap_or_else(|| "nsh".into());
        let e = std::process::Command::new("/proc/self/exe").arg0(name).args(argv).exec();
        return Err(e).context("a fresh lab");
    }
    ended
}

/// Prints; a closed stdout is no error.
fn show(text: &str) -> Result<i32> {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(e).context("stdout").context(Exit(status::FAILED))
        }
        _ => Ok(status::SUCCESS),
    }
}

/// A bug of ours is told in one line, too.
fn tell_panics() {
    std::panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or(payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given");
        let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "nsh: internal error{place}: {text}; please report this");
    }));
}
