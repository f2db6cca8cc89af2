//! `proc`: processes inside a namespace.

mod expect;
mod files;
mod options;
mod outputs;
mod ready;
mod result;
mod running;

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use mlua::{MultiValue, Value};

use crate::base::error::{Error, Kind};
use crate::lua::registry::Module;
use crate::lua::schema::{Failure, Function, opts, param, ret, ty};
use crate::net::done::Done;
use crate::proc::{self, Program};
use options::{command, context, exec_options, spawn_options, surroundings};
pub use outputs::outputs;
use result::result;
use running::Running;

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
         A process sees the namespace's network and its devices in `/sys`, and finds each namespace of the lab by \
         its name (in `/etc/hosts`). It has a process group of its own, ends with the lab at the latest, and reads \
         nothing unless given `stdin`. What lies in `/etc/netns/NAME`, such as `resolv.conf`, stands over `/etc` for \
         the processes of the namespace NAME; in a sandbox that directory is the lab's own, and empty at first."
    )
    .function(
        Function::new(
            "proc.exec",
            (program(), opts(exec_options())),
            ret::record(result(), "how it ended"),
            |cx, (program, options)| {
                let (mut spec, _files) = options.spec(cx, program)?;
                let place = proc::Place::of(cx.ns)?;
                let check = std::mem::take(&mut spec.check);
                let result = proc::exec(place, &spec, &context(cx));
                // One that ran and failed did what it did, too.
                let ran = |e: &Error| matches!(e.kind(), Kind::Exit | Kind::Timeout | Kind::Interrupted);
                if result.as_ref().err().is_none_or(ran) {
                    cx.ns.report(Done::Ran(&spec.command()));
                }
                let output = result?;
                outputs::ran(cx, &spec, &output);
                if check {
                    output.check().map_err(|e| e.on(spec.shown()))?;
                }
                Ok(output)
            },
        )
        .doc(
            "Runs a process, and waits until it ends. Processes that it leaves in the background keep running, but \
             their output is lost.\n\n\
             Raises `not_found` for a missing program or directory, `permission` for a file that can't be executed, \
             `timeout` when `timeout` ran out (it is then ended), and with `check` `exit` unless its status is 0.",
        )
        .command("ip netns exec NAME PROGRAM ARGS..."),
    )
    .function(
        Function::new(
            "proc.spawn",
            (program(), opts(spawn_options())),
            ret::handle("the running process"),
            |cx, (program, mut options)| {
                let ready = options.ready.take();
                let (spec, files) = options.spec(cx, program)?;
                let on = |failure: Failure| match failure {
                    Failure::User(e) => Failure::User(e.on(spec.shown())),
                    lua => lua,
                };
                let (stays, timeout) = (ready.is_some(), ready.as_ref().map(|ready| ready.timeout).unwrap_or_default());
                let conditions = ready.map(|r| r.conditions(cx, &spec.covers)).transpose();
                let conditions = conditions.map_err(|e| on(e.into()))?.unwrap_or_default();
                let process = proc::spawn(proc::Place::of(cx.ns)?, &spec, &context(cx))?;
                cx.ns.report(Done::Ran(&spec.command().in_background()));
                drop(files);
                outputs::spawned(cx, &process);
                // What is raised here drops the process, which ends it.
                process.until(conditions, timeout).map_err(on)?;
                Ok(Running::new(cx, process, stays))
            },
        )
        .doc(
            "Starts a process that runs beside the script; returns when its program has been executed, with `ready` \
             when it is ready. It is ended at the end of the script, or of the handle's block \
             (`<close>`).\n\nRaises as `proc.exec` does for a program that can't be started; with `ready` also \
             `timeout` if it doesn't get ready, `exit` if it ends before (each with what it printed last; nothing of \
             it is left running), and `exists` if something listens on the port already.",
        )
        .command("ip netns exec NAME PROGRAM ARGS... &"),
    )
    .function(
        Function::new(
            "proc.private",
            (param(
                "paths",
                ty::one_or_list(ty::string()),
                "an absolute path, or an array of such; they need not exist",
            ),),
            ret::values::<MultiValue>("string ...", "where each of them lies in the lab"),
            |cx, (paths,)| {
                let places = paths.iter().map(|path| files::private(cx, Path::new(path)));
                let places = places.collect::<crate::base::error::Result<Vec<_>>>()?;
                let strings = places.iter().map(|p| cx.lua.create_string(p.as_os_str().as_bytes()).map(Value::String));
                Ok(strings.collect::<mlua::Result<MultiValue>>()?)
            },
        )
        .doc(
            "Gives the processes of the namespace private directories: empty at first, writable, and shared by all \
             processes that are started in this namespace from now on. Several daemons of one kind then each find \
             their own configuration and sockets in the usual place: `r1.proc.private({ \"/etc/frr\", \"/run/frr\" \
             })`. The script reaches what is in them by the returned paths, or writes it with `files`.\n\n\
             Raises `unsupported` with `--host`.",
        )
        .command("mount --bind DIRECTORY PATH"),
    )
    .function(
        Function::new("proc.deaths", (), ret::value("string[]", "one line for each, oldest first"), |cx, ()| {
            Ok(proc::deaths::of_lab(cx.lab.place.sandboxed))
        })
        .doc(
            "Lists the processes that ended by themselves while the script goes on, each with the reason: those \
             spawned with `ready`, and others that failed. Processes that the script sent a signal to, or whose \
             result it has from `wait`, are left out. In a lab that is up, `nsh ls` and `nsh logs` show them too, \
             and a prompt of `nsh attach` shows those that the script started.",
        ),
    )
    .function(
        Function::new(
            "proc.shell",
            (opts(surroundings("nsh.proc.ShellOptions")),),
            ret::value("integer?", "its exit status; nil if a signal ended it"),
            |cx, (options,)| {
                // The program is the user's shell, whatever stands here.
                let (spec, _files) = options.spec(cx, Program::Args(Vec::new()))?;
                Ok(proc::shell(proc::Place::of(cx.ns)?, &spec, &context(cx))?.code())
            },
        )
        .doc(
            "Opens the user's `$SHELL` on the terminal, inside the namespace, and waits until it is left.\n\nRaises \
             `unsupported` if there is no terminal.",
        )
        .command("nsenter --net=/run/netns/NAME"),
    )
}
