//! Dispatch and exit status only.

mod cli;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use cli::{Command, LabOptions, Source};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nsh::base::error::{Error, Kind, complain};
use nsh::base::file::{self, LONGEST_SCRIPT};
use nsh::lua::lab::Place;
use nsh::lua::{self, Script, status};
use nsh::sandbox::{self, Sandbox};
use nsh::scenario::Needs;
use nsh::{doc, doctor, labs, repl, scenario, shell};

fn main() {
    tell_panics();
    // Before signals are reset: what is ignored shall be so in the copy, too.
    sandbox::copy_if_needed();
    sandbox::reset_signals();
    let argv: Vec<_> = std::env::args_os().collect();
    let status = match cli::parse(&argv) {
        Ok(command) => dispatch(command),
        Err(instead) if instead.on_stderr => {
            let _ = writeln!(std::io::stderr(), "{}", instead.text);
            instead.status
        }
        Err(instead) => show(&instead.text, instead.status),
    };
    std::process::exit(status)
}

fn dispatch(command: Command) -> i32 {
    match command {
        // `nsh < lab.lua`: nobody is there to talk to.
        Command::Interactive { script: None, options } if !std::io::stdin().is_terminal() => {
            dispatch(Command::Run { script: Source::Stdin, args: Vec::new(), options })
        }
        Command::Run { script, args, options } => match read(script, &args) {
            Ok(script) => run(script, options),
            Err(e) => complain(&e, status::USAGE),
        },
        Command::Interactive { script, options } => {
            match script.map(|(script, args)| read(script, &args)).transpose() {
                Ok(script) => prompt(script, options),
                Err(e) => complain(&e, status::USAGE),
            }
        }
        Command::Doc { name: None } => show(&doc::overview(&doc::Docs::collect()), status::SUCCESS),
        Command::Doc { name: Some(name) } => match doc::find(&name) {
            Ok(page) => show(&page, status::SUCCESS),
            Err(reason) => complain(&Error::argument(reason), status::USAGE),
        },
        Command::Reference => show(&doc::reference(), status::SUCCESS),
        Command::Types { directory: None } => show(&doc::types(), status::SUCCESS),
        Command::Types { directory: Some(directory) } => write_types(&directory),
        Command::Translate { file, output } => translate(&file, output.as_deref()),
        Command::Doctor { json } => doctor::run(json),
        Command::Test(options) => {
            sandbox::close_inherited();
            let prompt = scenario::Prompt { pause: repl::pause };
            scenario::test(&options, prompt).unwrap_or_else(|e| complain(&e, scenario::status_of(&e)))
        }
        Command::Merge { files, format, outputs } => {
            scenario::merge(&files, format, &outputs).unwrap_or_else(|e| complain(&e, status::USAGE))
        }
        Command::Up { script, args, name, options } => up(script, &args, name, options),
        Command::Ls { json } => match labs::list(json) {
            Ok(text) => show(&text, status::SUCCESS),
            Err(e) => complain(&e, status::CANNOT),
        },
        Command::Exec { lab, words, all } => {
            sandbox::close_inherited();
            labs::exec(&lab, words, all)
        }
        Command::Attach { lab, namespace, trace } => {
            sandbox::close_inherited();
            sandbox::heed_keys();
            let history = repl::History::open();
            labs::attach(lab.as_deref(), namespace.as_deref(), |place, namespace| {
                repl::attach(place, trace, history, doc::install, namespace)
            })
        }
        Command::Logs { lab, follow } => labs::logs(&lab, follow),
        Command::Down(which) => labs::down(&which),
    }
}

/// Reads the script before the sandbox is entered: from there, not every path can be seen.
fn read(source: Source, args: &[OsString]) -> nsh::base::error::Result<Script> {
    let (name, source, directory) = match source {
        Source::Code(code) => ("(command line)".to_owned(), code.into_bytes(), None),
        Source::Stdin => {
            let source = file::read_from(std::io::stdin(), LONGEST_SCRIPT).map_err(|e| e.op("stdin"))?;
            ("stdin".to_owned(), source, None)
        }
        Source::File(path) => {
            let name = path.to_string_lossy().into_owned();
            let source = file::read(&path, LONGEST_SCRIPT).map_err(|e| e.op(name.clone()))?;
            let directory = path.canonicalize().ok().and_then(|p| p.parent().map(Path::to_owned));
            (name, source, directory)
        }
    };
    let args = args.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    Ok(Script { name, source, args, directory })
}

fn up(source: Source, args: &[OsString], name: Option<String>, options: LabOptions) -> i32 {
    sandbox::close_inherited();
    let code = matches!(source, Source::Code(_));
    let script = match read(source, args) {
        Ok(script) => script,
        Err(e) => return complain(&e, status::USAGE),
    };
    if let Err(status) = honoured(&script) {
        return status;
    }
    let LabOptions { host, write, env, timeout, trace, echo: _ } = options;
    let request = labs::Request {
        // Code has no name that could be the lab's.
        name: name.or(code.then(|| "lab".to_owned())),
        script: &script,
        options: sandbox::Policy { host, write, script_dir: script.directory.clone(), timeout, env },
    };
    labs::up(request, |lab, stay| {
        tell_notes(lab, trace);
        lua::stay(Place::of(lab), &script, trace, doc::install, stay)
    })
}

fn tell_notes(lab: &Sandbox, trace: bool) {
    if trace {
        lab.notes.iter().for_each(|note| {
            let _ = writeln!(std::io::stderr(), "nsh: note: {note}");
        });
    }
}

/// Writes what a shell's script is in Lua; tells on stderr what isn't.
fn translate(file: &Path, output: Option<&Path>) -> i32 {
    let source = if file.as_os_str() == "-" { Source::Stdin } else { Source::File(file.to_owned()) };
    let source = match read(source, &[]) {
        Ok(script) => script.source,
        Err(e) => return complain(&e, status::USAGE),
    };
    let name = file.to_string_lossy();
    let translation = shell::text(&String::from_utf8_lossy(&source), &name);
    let written = match output {
        Some(output) => std::fs::write(output, &translation.lua)
            .map_err(|e| complain(&Error::from(e).op(output.to_string_lossy().into_owned()), status::USAGE)),
        None => match show(&translation.lua, status::SUCCESS) {
            status::SUCCESS => Ok(()),
            failed => Err(failed),
        },
    };
    if let Err(status) = written {
        return status;
    }
    let _ = write!(std::io::stderr(), "{}", translation.report(&name));
    if translation.problems.is_empty() { status::SUCCESS } else { status::FAILED }
}

fn run(script: Script, options: LabOptions) -> i32 {
    if !options.host {
        sandbox::close_inherited();
    }
    let (trace, echo) = (options.trace, options.echo);
    let directory = script.directory.clone();
    let needs = match honoured(&script) {
        Ok(needs) => needs,
        Err(status) => return status,
    };
    let missing = needs.map(|needs| needs.missing);
    enter(options, directory, |lab| {
        let mut place = Place::of(lab);
        if echo {
            match lua::lab::echo::to_stdout(shell::lines) {
                Ok(output) => place.echo = Some(output),
                Err(e) => return complain(&e.op("--echo"), status::CANNOT),
            }
        }
        let output = place.echo.clone();
        match lua::run(place, &script, trace, missing, doc::install) {
            status::SUCCESS if output.is_some_and(|output| output.failed()) => status::FAILED,
            status => status,
        }
    })
}

/// Tries what `-- needs:` in the script's head asks for; the exit status, if that can't be had.
fn honoured(script: &Script) -> Result<Option<Needs>, i32> {
    let needs = scenario::needs(&script.source).map_err(|e| complain(&e.on(&*script.name), status::USAGE))?;
    match needs.as_ref().and_then(|needs| needs.lacking.as_ref()) {
        Some(reason) => {
            let reason = format!("skipped: {reason}");
            Err(complain(&Error::new(Kind::Unsupported, reason).op(script.name.clone()), status::CANNOT))
        }
        None => Ok(needs),
    }
}

/// A prompt. When it asks for a fresh lab, nsh begins anew.
fn prompt(script: Option<Script>, options: LabOptions) -> i32 {
    if !options.host {
        sandbox::close_inherited();
    }
    sandbox::heed_keys();
    let history = repl::History::open();
    // Set in the lab, read out here; it counts, so nothing need be open on both sides but this.
    let reset = match EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK) {
        Ok(reset) => Rc::new(reset),
        Err(e) => return complain(&Error::from(e).op("eventfd"), status::CANNOT),
    };
    let LabOptions { host, write, env, timeout, trace, echo } = options;
    let script_dir = script.as_ref().and_then(|s| s.directory.clone());
    let options = sandbox::Policy { host, write, script_dir, timeout, env };
    let named = script.as_ref().map(|s| (s.name.clone(), s.args.clone()));
    let ended = labs::prompt(&options, named, |lab| {
        tell_notes(lab, trace);
        lab.claim_terminal();
        let asked = reset.clone();
        let ask: Box<dyn Fn()> = Box::new(move || {
            let _ = asked.write(1);
        });
        let options = repl::Settings { trace, echo, history, script, reset: (!host).then_some(ask) };
        repl::run(Place::of(lab), options, doc::install)
    });
    let status = status_of(ended);
    if reset.read().is_ok_and(|asked| asked > 0) {
        let mut argv = std::env::args_os();
        let name = argv.next().unwrap_or_else(|| "nsh".into());
        let e = std::process::Command::new("/proc/self/exe").arg0(name).args(argv).exec();
        return complain(&Error::from(e).op("a fresh lab"), status::CANNOT);
    }
    status
}

/// Runs `f` in the world that the options ask for.
fn enter(options: LabOptions, script_dir: Option<PathBuf>, f: impl FnOnce(&Sandbox) -> i32) -> i32 {
    let LabOptions { host, write, env, timeout, trace, echo: _ } = options;
    let result = sandbox::run(&sandbox::Policy { host, write, script_dir, timeout, env }, |lab| {
        tell_notes(lab, trace);
        f(lab)
    });
    status_of(result)
}

/// The status of what ran in a lab, or of what kept it from being begun.
fn status_of(result: nsh::base::error::Result<i32>) -> i32 {
    match result {
        Ok(status) => status,
        Err(e) if matches!(e.fields().op.as_deref(), Some("--write" | "--env")) => {
            complain(&e, status::USAGE)
        }
        Err(e) => complain(&e, status::CANNOT),
    }
}

/// Writes the types, and the library as editors read it, into a directory.
fn write_types(directory: &Path) -> i32 {
    for (path, text) in doc::type_files() {
        let file = directory.join(path);
        let written =
            file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, text));
        if let Err(e) = written {
            return complain(&Error::from(e).op(file.to_string_lossy().into_owned()), status::FAILED);
        }
    }
    status::SUCCESS
}

/// Prints; a closed stdout is no error.
fn show(text: &str, status: i32) -> i32 {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&Error::from(e).with_kind(Kind::Io).op("stdout"), status::FAILED)
        }
        _ => status,
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
