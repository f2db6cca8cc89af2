//! `proc`: processes inside a namespace.

mod options;
mod result;
mod running;

use super::registry::{Module, Scope};
use super::schema::{Function, opts, param, ret};
use crate::proc::{self, Program};
use options::{command, context, exec_options, spawn_options, surroundings};
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
                Ok(Running::new(cx, process))
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
