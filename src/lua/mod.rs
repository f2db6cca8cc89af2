//! The Lua side: the interpreter, and one file for each module with its shapes and docs. No netlink here.
//!
//! How a binding is written: see `link.rs`. A module file has a `module()` that lists its functions, each with
//! typed parameters ([`schema::param`], [`schema::opts`] with a [`schema::Shape`]), a typed return
//! ([`schema::ret`] with a [`schema::Record`]), docs, the equivalent command and an example that runs as it
//! stands in a fresh lab. It is entered in [`registry`]; everything else (errors with the call's name, subject,
//! namespace and line; `help`; types; reference pages) follows from that.

pub mod modules;
pub mod registry;
pub mod runtime;
pub mod schema;

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;

use mlua::chunk::ChunkMode;
use mlua::{
    Function, HookTriggers, IntoLuaMulti, Lua, LuaOptions, MultiValue, StdLib, Table, Value, VmState,
};

use crate::base::error::Error;
use crate::base::wait;
use crate::net::echo::Command;
use modules::{namespace, test};
pub use runtime::explain::{Raised, call, report};
use runtime::lab::{Lab, Place};
use runtime::{bind, library};

/// The most memory that a script's Lua values may take.
pub const MEMORY_LIMIT: usize = 1 << 30;

/// Exit statuses, as documented in the README.
pub mod status {
    pub const SUCCESS: i32 = 0;
    /// A check or the script failed.
    pub const FAILED: i32 = 1;
    /// Wrong usage, or a script that can't be read or parsed.
    pub const USAGE: i32 = 2;
    /// This machine can't do it: no permission, no user namespaces, a missing kernel feature.
    pub const CANNOT: i32 = 3;
}

/// A script to run.
pub struct Script {
    /// As it stands in messages: the file's path, `stdin`, or `(command line)`.
    pub name: String,
    pub source: Vec<u8>,
    /// The script's own arguments, `arg[1]` and on.
    pub args: Vec<String>,
    /// Where `require` looks for the script's own modules.
    pub directory: Option<std::path::PathBuf>,
}

/// Runs a script in the lab of the calling thread's namespace, prints how its tests went, if it has any, and returns
/// nsh's exit status. Errors go to stderr. What the script left running is ended. `setup` adds what the floors above
/// have (`help`).
/// `missing` answers to what tests say that they need.
pub fn run(
    place: Place,
    script: &Script,
    trace: bool,
    missing: Option<test::Missing>,
    setup: fn(&Lua) -> mlua::Result<()>,
) -> i32 {
    let settings = test::Settings { plain: true, missing, ..test::Settings::default() };
    let told = Rc::new(test::Plain::new(&script.name));
    match test::run(place, script, trace, settings, told.clone(), setup) {
        status::SUCCESS if told.lost() => status::FAILED,
        status => status,
    }
}

/// As [`run`]; but once the script has ended well, `stay` is called before what it deferred runs and what it left
/// running is ended. It returns when that is to be.
pub fn stay(
    place: Place,
    script: &Script,
    trace: bool,
    setup: fn(&Lua) -> mlua::Result<()>,
    stay: Rc<dyn Fn()>,
) -> i32 {
    let settings = test::Settings { plain: true, stay: Some(stay), ..test::Settings::default() };
    let told = Rc::new(test::Plain::new(&script.name));
    match test::run(place, script, trace, settings, told.clone(), setup) {
        status::SUCCESS if told.lost() => status::FAILED,
        status => status,
    }
}

/// Makes a lab and an interpreter for `f`, and ends afterwards what was left running. Returns nsh's exit status.
pub fn with_interpreter(
    place: Place,
    trace: bool,
    setup: fn(&Lua) -> mlua::Result<()>,
    f: impl FnOnce(&Lua, &Rc<Lab>) -> mlua::Result<i32>,
) -> i32 {
    let lab = match Lab::new(place, trace) {
        Ok(lab) => lab,
        Err(e) => {
            eprintln!("nsh: {e}");
            return status::CANNOT;
        }
    };
    let made = interpreter(&lab).and_then(|lua| {
        setup(&lua)?;
        let status = f(&lua, &lab)?;
        // What a prompt deferred; a script has done it.
        let tidy = test::tidy_up(&lua, &lab);
        Ok(if tidy { status } else { status.max(status::FAILED) })
    });
    let status = made.unwrap_or_else(|e| {
        eprintln!("nsh: {e}");
        status::FAILED
    });
    lab.close_all();
    match wait::interrupted() {
        Some(signal) if signal > 0 => 128 + signal,
        Some(_) => status::FAILED,
        None => status,
    }
}

/// Makes an interpreter with every module bound, and the hook that Ctrl-C stops it by.
pub fn interpreter(lab: &Rc<Lab>) -> mlua::Result<Lua> {
    // SAFETY: all libraries are loaded so that `debug` is there; the prelude takes away what could break the
    // interpreter (debug's setters, package.loadlib) before any script runs, and scripts can't be bytecode.
    let lua = unsafe { Lua::unsafe_new_with(StdLib::ALL, LuaOptions::new()) };
    lua.set_memory_limit(MEMORY_LIMIT)?;
    lua.set_app_data(lab.clone());
    line_buffer_stdout();
    let exit = lua.create_function(exit)?;
    lua.load(include_str!("runtime/prelude.lua")).set_name(bind::INTERNAL).call::<()>((
        exit,
        lua.create_function(stdout_closed)?,
        bind::raising(&lua, execute_shell)?,
        lua.create_function(|_, ()| {
            crate::proc::close_on_exec();
            Ok(())
        })?,
    ))?;
    bind::globals(&lua, lab)?;
    library::install(&lua)?;
    lua.globals().raw_set("host", host(&lua, lab)?)?;
    watch(&lua)?;
    Ok(lua)
}

fn host(lua: &Lua, lab: &Rc<Lab>) -> mlua::Result<Value> {
    let cx = schema::Cx { lua, lab, ns: lab.namespaces.host() };
    namespace::handle(&cx, lab.namespaces.host())
}

/// Goes on after an interrupt: the prompt survives Ctrl-C.
pub fn resume(lua: &Lua) -> mlua::Result<()> {
    wait::clear();
    watch(lua)
}

/// Watches for the next interrupt; to be called when one has been dealt with.
pub fn watch(lua: &Lua) -> mlua::Result<()> {
    stop_when_interrupted(lua, 1000)
}

/// Once interrupted, every instruction raises, so that no loop around `pcall` goes on.
fn stop_when_interrupted(lua: &Lua, every: u32) -> mlua::Result<()> {
    lua.set_global_hook(HookTriggers::new().every_nth_instruction(every), move |lua, _| {
        if wait::interrupted().is_none() {
            return Ok(VmState::Continue);
        }
        if every > 1 {
            stop_when_interrupted(lua, 1)?;
        }
        Err(mlua::Error::runtime(wait::interrupted_error().message()))
    })
}

/// Parses the script; the inner error is the syntax error's one line.
pub fn prepare(lua: &Lua, script: &Script) -> mlua::Result<Result<Function, String>> {
    let arg = lua.create_table()?;
    arg.raw_set(0, script.name.as_str())?;
    for (i, value) in script.args.iter().enumerate() {
        arg.raw_set(i + 1, value.as_str())?;
    }
    lua.globals().raw_set("arg", arg)?;
    let package: Table = lua.globals().get("package")?;
    package.raw_set("path", search_path(script))?;
    let chunk = lua
        .load(without_shebang(&script.source))
        .set_name(format!("@{}", script.name))
        .set_mode(ChunkMode::Text)
        .into_function();
    Ok(chunk.map_err(|e| match e {
        mlua::Error::SyntaxError { message, .. } => message,
        e => e.to_string(),
    }))
}

fn search_path(script: &Script) -> String {
    match script.directory.as_deref().map(|d| d.display().to_string()) {
        Some(d) => format!("{d}/?.lua;{d}/?/init.lua"),
        None => "./?.lua;./?/init.lua".to_owned(),
    }
}

/// The first line of `#!/usr/bin/env nsh`, left empty so that lines keep their numbers.
fn without_shebang(source: &[u8]) -> &[u8] {
    match source {
        [b'#', ..] => &source[source.iter().position(|b| *b == b'\n').unwrap_or(source.len())..],
        _ => source,
    }
}

/// `os.exit([code])`: ends what the script left running, then nsh.
fn exit(lua: &Lua, code: Value) -> mlua::Result<()> {
    let code = match code {
        Value::Nil | Value::Boolean(true) => 0,
        Value::Boolean(false) => 1,
        Value::Integer(i) => i as i32,
        Value::Number(n) => n as i32,
        other => {
            return Err(mlua::Error::runtime(format!(
                "os.exit: expected a number, got {}",
                other.type_name()
            )));
        }
    };
    let mut code = code;
    if let Ok(lab) = Lab::of(lua) {
        code = test::leave_by_exit(lua, &lab, code);
        lab.close_all();
    }
    // Runs C's exit handlers, which flush what Lua has written.
    std::process::exit(code)
}

unsafe extern "C" {
    /// C's own, through which Lua writes.
    static stdout: *mut libc::FILE;
}

/// Whether writing to stdout failed because nobody reads it any more. Any other failure is an error.
fn stdout_closed(_: &Lua, _: ()) -> mlua::Result<bool> {
    // SAFETY: C's stdout is open, or NULL, which is checked.
    let failed = unsafe { !stdout.is_null() && libc::ferror(stdout) != 0 };
    if !failed {
        return Ok(false);
    }
    let mut polled = libc::pollfd { fd: libc::STDOUT_FILENO, events: 0, revents: 0 };
    // SAFETY: polled is one pollfd. A pipe or socket whose other end is closed has an error or is hung up.
    unsafe { libc::poll(&raw mut polled, 1, 0) };
    if polled.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0 {
        return Ok(true);
    }
    // SAFETY: as above. What could not be written is lost; the next write shall be judged by itself.
    unsafe { libc::clearerr(stdout) };
    Err(mlua::Error::runtime("cannot write to standard output: is the disk full?"))
}

/// `os.execute([command])`: as Lua's own, but Ctrl-C ends the wait and the script. C's `system` ignores the signal
/// meanwhile, and the script would go on as if nothing had happened.
fn execute_shell(lua: &Lua, command: Option<mlua::LuaString>) -> Result<MultiValue, schema::Failure> {
    use std::os::unix::process::ExitStatusExt;
    let Some(command) = command else { return Ok(true.into_lua_multi(lua)?) };
    let told = || [Command::new(&["sh", "-c"]).word(command.to_string_lossy())];
    Lab::of(lua)?.namespaces.echo.tell(told);
    let refused = |e: std::io::Error| bind::named(Error::from(e).detail("running /bin/sh"), "os.execute");
    let words = OsStr::from_bytes(&command.as_bytes()).to_owned();
    crate::proc::close_on_exec();
    let mut child = std::process::Command::new("/bin/sh").arg("-c").arg(words).spawn().map_err(refused)?;
    if let Ok(Some(pidfd)) = wait::pidfd(child.id() as i32)
        && wait::readable(pidfd.as_fd(), wait::Deadline::NEVER).is_err()
    {
        let _ = child.kill();
        let _ = child.wait();
        return Err(mlua::Error::runtime(wait::interrupted_error().message()).into());
    }
    let status = child.wait().map_err(refused)?;
    Ok(match (status.code(), status.signal()) {
        (Some(0), _) => (true, "exit", 0).into_lua_multi(lua)?,
        (Some(code), _) => (Value::Nil, "exit", code).into_lua_multi(lua)?,
        (None, signal) => (Value::Nil, "signal", signal.unwrap_or(0)).into_lua_multi(lua)?,
    })
}

/// Lines of the script and of its processes come in the order in which they were written.
fn line_buffer_stdout() {
    // SAFETY: C's stdout is open (or NULL, checked), and nothing has been written to it yet.
    unsafe {
        if !stdout.is_null() {
            libc::setvbuf(stdout, std::ptr::null_mut(), libc::_IOLBF, 0);
        }
    }
}
