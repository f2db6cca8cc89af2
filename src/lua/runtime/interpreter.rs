//! The interpreter: how it is made, stopped and ended, and how a script is parsed.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;

use mlua::chunk::ChunkMode;
use mlua::{
    Function, HookTriggers, IntoLuaMulti, Lua, LuaOptions, MultiValue, StdLib, Table, Value, VmState,
};

use super::{bind, library};
use crate::base::command::Command;
use crate::base::error::Error;
use crate::base::wait;
use crate::lua::lab::{Lab, Place};
use crate::lua::registry::Modules;
use crate::lua::{schema, status};
use crate::net::done::Done;
use crate::net::namespace::expect_bridges;

/// The most memory that a script's Lua values may take.
pub const MEMORY_LIMIT: usize = 1 << 30;

/// Called by `os.exit` with the script's exit status; returns nsh's.
type AtExit = fn(&Lua, &Rc<Lab>, i32) -> i32;

/// What an interpreter has besides Lua's own.
pub struct Bindings {
    pub modules: Modules,
    /// Makes the value of the global `host`.
    pub host: fn(&schema::Cx<'_>) -> mlua::Result<Value>,
    pub at_exit: AtExit,
    /// Runs what was deferred; false if some of it failed.
    pub tidy_up: fn(&Lua, &Rc<Lab>) -> bool,
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

/// Makes a lab and an interpreter for `f`, and ends afterwards what was left running. Returns nsh's exit status.
pub fn with(
    bindings: &Bindings,
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
    let made = new(bindings, &lab).and_then(|lua| {
        setup(&lua)?;
        let status = f(&lua, &lab)?;
        // What a prompt deferred; a script has done it.
        let tidy = (bindings.tidy_up)(&lua, &lab);
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
pub fn new(bindings: &Bindings, lab: &Rc<Lab>) -> mlua::Result<Lua> {
    // SAFETY: all libraries are loaded so that `debug` is there; the prelude takes away what could break the
    // interpreter (debug's setters, package.loadlib) before any script runs, and scripts can't be bytecode.
    let lua = unsafe { Lua::unsafe_new_with(StdLib::ALL, LuaOptions::new()) };
    lua.set_memory_limit(MEMORY_LIMIT)?;
    lua.set_app_data(lab.clone());
    line_buffer_stdout();
    let at_exit = bindings.at_exit;
    let exit = lua.create_function(move |lua, code| exit(lua, code, at_exit))?;
    lua.load(include_str!("prelude.lua")).set_name(bind::INTERNAL).call::<()>((
        exit,
        lua.create_function(stdout_closed)?,
        bind::raising(&lua, execute_shell)?,
        lua.create_function(|_, ()| {
            expect_bridges();
            crate::proc::close_on_exec();
            Ok(())
        })?,
    ))?;
    bind::globals(&lua, lab, bindings.modules)?;
    library::install(&lua)?;
    let cx = schema::Cx { lua: &lua, lab, ns: lab.namespaces.host() };
    lua.globals().raw_set("host", (bindings.host)(&cx)?)?;
    watch(&lua)?;
    Ok(lua)
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
fn exit(lua: &Lua, code: Value, at_exit: AtExit) -> mlua::Result<()> {
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
        code = at_exit(lua, &lab, code);
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
    let told = Command::new(&["sh", "-c"]).word(command.to_string_lossy());
    Lab::of(lua)?.namespaces.host().report(Done::Ran(&told));
    let refused = |e: std::io::Error| bind::named(Error::from(e).detail("running /bin/sh"), "os.execute");
    let words = OsStr::from_bytes(&command.as_bytes()).to_owned();
    expect_bridges();
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
