//! `proc`: processes inside a namespace.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use mlua::{BString, IntoLuaMulti, Table, Value};
use nix::sys::signal::Signal;

use super::bind;
use super::registry::{Module, Scope};
use super::schema::ty::No;
use super::schema::{
    Class, Cx, Failure, Function, Handle, MethodDoc, Record, Shape, Type, opts, param, ret, ty,
};
use crate::error::{Error, Kind, Result};
use crate::net::hosts;
use crate::net::namespace::HOST;
use crate::proc::{self, Context, Exit, Output, Process, Program, Spec, Stdin, Which};
use crate::wait::Deadline;

/// How long [`Running`]'s `expect` waits unless told otherwise.
const EXPECT: Duration = Duration::from_secs(5);

const MOMENT: Duration = Duration::from_millis(200);

thread_local! {
    /// Processes that run although the script dropped their handles: they end with the script, not whenever Lua
    /// collects its garbage.
    static DROPPED: RefCell<Vec<Process>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct Options {
    stdin: Option<Vec<u8>>,
    keep_stdin: bool,
    env: Vec<(String, Option<Vec<u8>>)>,
    clear_env: bool,
    cwd: Option<PathBuf>,
    timeout: Option<Duration>,
    check: bool,
    limit: Option<usize>,
}

impl Options {
    fn spec(self, cx: &Cx<'_>, program: Program) -> Result<Spec> {
        let stdin = match (self.stdin, self.keep_stdin) {
            (text, true) => Stdin::Open(text.unwrap_or_default()),
            (Some(text), false) => Stdin::Text(text),
            (None, false) => Stdin::Null,
        };
        let variable =
            |(name, value): (String, Option<Vec<u8>>)| (name.into(), value.map(OsString::from_vec));
        let spec = Spec {
            stdin,
            env: self.env.into_iter().map(variable).collect(),
            clear_env: self.clear_env,
            cwd: self.cwd,
            timeout: self.timeout,
            check: self.check,
            hosts: hosts_file(cx)?,
            ..Spec::new(program)
        };
        let limit = self.limit.unwrap_or(spec.limit);
        Ok(Spec { limit, ..spec })
    }
}

fn context(cx: &Cx<'_>) -> Context {
    Context { open_files: cx.lab.place.open_files, on_host: !cx.lab.place.sandboxed }
}

/// Brings the namespace's `/etc/hosts` up to date. The file that processes are to see there, unless they see it
/// already: those of `host` do.
fn hosts_file(cx: &Cx<'_>) -> Result<Option<PathBuf>> {
    let Some(of_host) = &cx.lab.place.hosts else { return Ok(None) };
    let text = hosts::file(&cx.lab.namespaces, cx.ns)?;
    let (path, bound) = match cx.ns.name() {
        HOST => (of_host.clone(), false),
        name => (of_host.with_file_name("hosts.d").join(name), true),
    };
    overwrite(&path, &text).map_err(|e| Error::from(e).detail(format!("writing {}", path.display())))?;
    Ok(bound.then_some(path))
}

/// Writes into the same file, since other processes have it mounted.
fn overwrite(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut file = std::fs::File::options().create(true).write(true).truncate(false).open(path)?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

/// A shell line, or a program and its arguments.
fn command() -> Type<Program> {
    let line = ty::bytes().map(|line| Program::Shell(OsString::from_vec(line)));
    let args = ty::list(ty::bytes()).try_map(|args| match args.first() {
        None => Err("expected a program and its arguments, got an empty table".to_owned()),
        Some(_) => Ok(Program::Args(args.into_iter().map(OsString::from_vec).collect())),
    });
    line.or(args).called("a shell line, or an array of a program and its arguments")
}

fn variable() -> Type<Option<Vec<u8>>> {
    let none = Type::new("false", "false to take it away", |_, v| match v {
        Value::Boolean(false) => Ok(None),
        _ => Err(No::Other),
    });
    ty::bytes().map(Some).or(none)
}

/// The options about what a process finds around it.
fn surroundings(name: &'static str) -> Shape<Options> {
    Shape::<Options>::new(name)
        .field(
            "env",
            ty::map(variable()),
            "variables added to its environment; false takes one away",
            |o, v| o.env = v,
        )
        .field("clear_env", ty::boolean(), "begin with an empty environment; default false", |o, v| {
            o.clear_env = v
        })
        .field("cwd", ty::string().map(PathBuf::from), "its working directory; default nsh's own", |o, v| {
            o.cwd = Some(v)
        })
}

fn with_output(shape: Shape<Options>) -> Shape<Options> {
    shape
        .field("stdin", ty::bytes(), "what it reads; default nothing (`/dev/null`)", |o, v| o.stdin = Some(v))
        .field(
            "limit",
            ty::int(0..=1 << 31),
            "how many bytes to keep of each of stdout and stderr; default 64 MiB. The rest is counted",
            |o, v| o.limit = Some(v),
        )
}

fn exec_options() -> Shape<Options> {
    with_output(surroundings("nsh.proc.ExecOptions"))
        .field("timeout", ty::seconds(), "how long it may run; default for ever", |o, v| o.timeout = Some(v))
        .field("check", ty::boolean(), "raise `exit` unless its status is 0; default false", |o, v| {
            o.check = v
        })
}

fn spawn_options() -> Shape<Options> {
    with_output(surroundings("nsh.proc.SpawnOptions")).field(
        "keep_stdin",
        ty::boolean(),
        "leave its stdin open for `write`, until `close_stdin`; default false",
        |o, v| o.keep_stdin = v,
    )
}

/// How a process ended.
fn result() -> Record<Output> {
    Record::of("nsh.proc.Result", "How a process ended, and what it printed. Prints as what it printed.")
        .field("status", "integer?", "its exit status; nil if a signal ended it", |o: &Output| o.exit.code())
        .field("signal", "string?", "the signal that ended it, such as SIGKILL", |o| o.exit.signal())
        .field("stdout", "string", "what it printed", |o| BString::from(o.stdout.bytes.clone()))
        .field("stderr", "string", "its error messages", |o| BString::from(o.stderr.bytes.clone()))
        .field("time", "number", "how long it ran, in seconds", |o| o.time.as_secs_f64())
        .field("lost", "integer?", "how many bytes of its output were beyond `limit`", |o| {
            Some(o.stdout.lost + o.stderr.lost).filter(|lost| *lost > 0)
        })
        .show(|table| {
            let mut out = String::new();
            for part in ["stdout", "stderr"] {
                out.push_str(&table.raw_get::<mlua::LuaString>(part)?.to_string_lossy());
            }
            let out = out.trim_end_matches('\n').to_owned();
            let ended =
                match (table.raw_get::<Option<i32>>("status")?, table.raw_get::<Option<String>>("signal")?) {
                    (Some(0), _) => return Ok(out),
                    (Some(status), _) => Exit::Code(status).to_string(),
                    (None, signal) => format!("killed by {}", signal.unwrap_or_default()),
                };
            Ok(if out.is_empty() { ended } else { format!("{out}\n{ended}") })
        })
}

/// A process that runs beside the script.
struct Running(RefCell<Option<Rc<Process>>>);

impl Running {
    fn process(&self) -> Result<Rc<Process>> {
        // Empty only while it is dropped.
        self.0.borrow().clone().ok_or_else(|| Error::new(Kind::Io, "the process is gone"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let process = self.0.borrow_mut().take().and_then(Rc::into_inner);
        if let Some(process) = process.filter(|p| matches!(p.exit(), Ok(None))) {
            DROPPED.with_borrow_mut(|all| {
                all.retain(|p| matches!(p.exit(), Ok(None)));
                all.push(process);
            });
        }
    }
}

#[derive(Default)]
struct WaitOptions {
    timeout: Option<Duration>,
    check: bool,
}

#[derive(Default)]
struct LinesOptions {
    timeout: Option<Duration>,
    stderr: bool,
}

impl LinesOptions {
    fn which(&self) -> Which {
        if self.stderr { Which::Stderr } else { Which::Stdout }
    }
}

fn lines_options(name: &'static str, timeout: &'static str) -> Shape<LinesOptions> {
    Shape::<LinesOptions>::new(name)
        .field("timeout", ty::seconds(), timeout, |o, v| o.timeout = Some(v))
        .field("stderr", ty::boolean(), "of stderr instead of stdout; default false", |o, v| o.stderr = v)
}

fn wait_options() -> Shape<WaitOptions> {
    Shape::<WaitOptions>::new("nsh.proc.WaitOptions")
        .field("timeout", ty::seconds(), "how long to wait; default for ever", |o, v| o.timeout = Some(v))
        .field("check", ty::boolean(), "raise `exit` unless its status is 0; default false", |o, v| {
            o.check = v
        })
}

#[derive(Default)]
struct StopOptions {
    grace: Option<Duration>,
}

fn signal() -> Type<i32> {
    ty::parsed("a signal such as \"TERM\" or \"SIGKILL\"", |s| {
        proc::signal_number(s).map_err(|e| e.message())
    })
    .or(ty::int(1..=64))
}

/// An iterator function over the lines that it prints.
fn lines(
    cx: &Cx<'_>,
    this: &Rc<Running>,
    options: &LinesOptions,
) -> std::result::Result<mlua::Function, Failure> {
    let deadline = options.timeout.map_or(Deadline::NEVER, Deadline::after);
    let (which, this) = (options.which(), this.clone());
    Ok(bind::raising(cx.lua, move |lua, _: mlua::MultiValue| {
        let line = this.process().and_then(|p| p.line(which, deadline));
        let line = line.map_err(|e| bind::named(e, "Process:lines"))?;
        Ok(line.map(BString::from).into_lua_multi(lua)?)
    })?)
}

/// The first line from here on that Lua's `pattern` is found in.
fn expect(
    cx: &Cx<'_>,
    this: &Running,
    pattern: &mlua::LuaString,
    options: &LinesOptions,
) -> std::result::Result<BString, Failure> {
    let find: mlua::Function = cx.lua.globals().get::<Table>("string")?.get("find")?;
    let process = this.process()?;
    let deadline = Deadline::after(options.timeout.unwrap_or(EXPECT));
    let wanted = || format!("waiting for {:?}", pattern.to_string_lossy());
    loop {
        match process.line(options.which(), deadline) {
            Ok(Some(line)) => {
                let line = BString::from(line);
                if find.call::<Option<i64>>((line.clone(), pattern))?.is_some() {
                    return Ok(line);
                }
            }
            Ok(None) => {
                // A process closes its output a moment before it has ended.
                let ended = process.wait(Some(MOMENT));
                let how = ended.map_or("closed its output".to_owned(), |output| output.exit.to_string());
                return Err(Error::new(Kind::Exit, format!("{}: it {how}", wanted()))
                    .on(process.shown())
                    .into());
            }
            Err(e) => return Err(e.detail(wanted()).into()),
        }
    }
}

impl Handle for Running {
    fn class() -> Class<Self> {
        Class::new("nsh.Process", "A process that runs beside the script.", |this: &Self| match this.process() {
            Err(_) => "process".to_owned(),
            Ok(p) => match p.exit() {
                Ok(Some(exit)) => format!("process {} ({}), {exit}", p.pid(), p.shown()),
                _ => format!("process {} ({})", p.pid(), p.shown()),
            },
        })
        .close(|this| {
            if let Ok(process) = this.process() {
                let _ = process.stop(None);
            }
        })
        .method(
            MethodDoc(
                "wait",
                "Waits for its end.\n\nRaises `timeout` if it still runs then (it is left running), and with `check` \
                 `exit` unless its status is 0.",
            ),
            (opts(wait_options()),),
            ret::record(result(), "how it ended"),
            |_, this, (options,)| {
                let process = this.process()?;
                let output = process.wait(options.timeout)?;
                if options.check {
                    output.check().map_err(|e| e.on(process.shown()))?;
                }
                Ok(output)
            },
        )
        .method(
            MethodDoc("running", "Whether it still runs."),
            (),
            ret::value("boolean", "false once it has ended"),
            |_, this, ()| Ok(this.process()?.exit()?.is_none()),
        )
        .method(
            MethodDoc("pid", "Its process number, as processes of the lab see it."),
            (),
            ret::value("integer", "its number"),
            |_, this, ()| Ok(this.process()?.pid().as_raw()),
        )
        .method(
            MethodDoc("stdout", "What it printed up to this moment."),
            (),
            ret::value("string", "its output so far"),
            |_, this, ()| Ok(BString::from(this.process()?.printed(Which::Stdout).bytes)),
        )
        .method(
            MethodDoc("stderr", "Its error messages up to this moment."),
            (),
            ret::value("string", "its error messages so far"),
            |_, this, ()| Ok(BString::from(this.process()?.printed(Which::Stderr).bytes)),
        )
        .method(
            MethodDoc(
                "lines",
                "Iterates over the lines that it prints, as they come, until it ends. Each line is told once.\n\n\
                 Raises `timeout` if it hasn't ended by then.",
            ),
            (opts(lines_options("nsh.proc.LinesOptions", "how long all of it may take; default for ever")),),
            ret::values("fun(): string?", "an iterator: `for line in process:lines() do`"),
            |cx, this, (options,)| lines(cx, this, &options),
        )
        .method(
            MethodDoc(
                "expect",
                "Waits for a line in which Lua's pattern is found, such as a server's \"listening\"; lines before it \
                 are passed over.\n\nRaises `timeout` if none came, `exit` if it ended before.",
            ),
            (
                param("pattern", ty::lua_string(), "a pattern as of string.find"),
                opts(lines_options("nsh.proc.ExpectOptions", "how long to wait; default 5 seconds")),
            ),
            ret::value("string", "the line"),
            |cx, this, (pattern, options)| expect(cx, this, &pattern, &options),
        )
        .method(
            MethodDoc(
                "write",
                "Gives it something to read, if it was spawned with `keep_stdin`. What it doesn't read at once is \
                 written in the background.\n\nRaises `connection_reset` if its stdin is closed.",
            ),
            (param("text", ty::bytes(), "what to write"),),
            ret::nothing(),
            |_, this, (text,)| Ok(this.process()?.write(&text)?),
        )
        .method(
            MethodDoc("close_stdin", "Ends what it reads, when all that was written has arrived."),
            (),
            ret::nothing(),
            |_, this, ()| {
                this.process()?.close_stdin();
                Ok(())
            },
        )
        .method(
            MethodDoc("kill", "Sends a signal to it and all of its process group."),
            (param("signal", signal(), "TERM (the default), KILL, HUP, USR1, ..., or a number").optional(),),
            ret::value("boolean", "false if it had ended already"),
            |_, this, (signal,)| Ok(this.process()?.kill(signal.unwrap_or(Signal::SIGTERM as i32))?),
        )
        .method(
            MethodDoc(
                "stop",
                "Ends it and all of its process group: SIGTERM, and SIGKILL for what is left after `grace`. Done at \
                 the end of the script in any case.",
            ),
            (opts(Shape::<StopOptions>::new("nsh.proc.StopOptions").field(
                "grace",
                ty::seconds(),
                "how long to leave it; default 0.5 seconds",
                |o, v| o.grace = Some(v),
            )),),
            ret::record(result(), "how it ended"),
            |_, this, (options,)| {
                let process = this.process()?;
                process.stop(options.grace)?;
                Ok(process.wait(None)?)
            },
        )
    }
}

pub fn module() -> Module {
    let program = || {
        param(
            "command",
            command(),
            "a line for `/bin/sh -c`, or a program (looked for in PATH) and its arguments, given as they are",
        )
    };
    Module::new(
        "proc",
        "Processes inside a namespace.\n\n\
         A process sees the namespace's network, its devices in `/sys`, and by name every namespace of the lab (in \
         `/etc/hosts`). It has a process group of its own, ends with the lab at the latest, and reads nothing unless \
         given `stdin`.",
        Scope::Namespace,
    )
    .function(
        Function::new(
            "proc.exec",
            (program(), opts(exec_options())),
            ret::record(result(), "how it ended"),
            |cx, (program, options)| {
                let spec = options.spec(cx, program)?;
                Ok(proc::exec(proc::Place::of(cx.ns)?, &spec, &context(cx))?)
            },
        )
        .doc(
            "Runs a process to its end. What it leaves in the background keeps running, but what that prints is \
             lost.\n\nRaises `not_found` for a missing program or directory, `permission` for a file that can't be \
             executed, `timeout` when `timeout` ran out (it is then ended), and with `check` `exit` unless its \
             status is 0.",
        )
        .command("ip netns exec NAME PROGRAM ARGS...")
        .example(
            "local r = proc.exec(\"echo hello; exit 3\")\ncheck.equal(r.stdout, \"hello\\n\")\ncheck.equal(r.status, 3)\n\nlocal ns1 = namespace.add(\"ns1\")\nprint(ns1.exec({ \"cat\", \"/proc/net/dev\" }, { check = true }))",
        ),
    )
    .function(
        Function::new(
            "proc.spawn",
            (program(), opts(spawn_options())),
            ret::handle("the running process"),
            |cx, (program, options)| {
                let spec = options.spec(cx, program)?;
                let process = proc::spawn(proc::Place::of(cx.ns)?, &spec, &context(cx))?;
                cx.lab.at_end(|| DROPPED.try_with(RefCell::take).is_ok_and(|all| !all.is_empty()));
                Ok(Running(RefCell::new(Some(Rc::new(process)))))
            },
        )
        .doc(
            "Starts a process that runs beside the script; returns when its program has been executed. It is ended at \
             the end of the script, or of the handle's block (`<close>`).\n\nRaises as `proc.exec` does for a \
             program that can't be started.",
        )
        .command("ip netns exec NAME PROGRAM ARGS... &")
        .example(
            "local cat <close> = proc.spawn({ \"cat\" }, { keep_stdin = true })\ncat:write(\"ready\\n\")\ncheck.equal(cat:expect(\"^rea\"), \"ready\")\ncat:close_stdin()\ncheck.equal(cat:wait({ timeout = 5 }).status, 0)",
        ),
    )
    .function(
        Function::new(
            "proc.shell",
            (opts(surroundings("nsh.proc.ShellOptions")),),
            ret::value("integer?", "its exit status; nil if a signal ended it"),
            |cx, (options,)| {
                // The program is the user's shell, whatever stands here.
                let spec = options.spec(cx, Program::Args(Vec::new()))?;
                Ok(proc::shell(proc::Place::of(cx.ns)?, &spec, &context(cx))?.code())
            },
        )
        .doc(
            "Opens the user's `$SHELL` on the terminal, inside the namespace, and waits until it is left.\n\nRaises \
             `unsupported` if there is no terminal.",
        )
        .command("nsenter --net=/run/netns/NAME")
        .example("proc.shell()")
        .example_needs("terminal"),
    )
}
