//! The handle of a process that runs beside the script.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use mlua::{BString, IntoLuaMulti, MultiValue};
use nix::sys::signal::Signal;

use super::expect::{self, Expect};
use super::result::result;
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::Deadline;
use crate::lua::runtime::bind;
use crate::lua::schema::{Class, Cx, Failure, Handle, MethodDoc, Type, options, opts, param, ret, ty};
use crate::proc::deaths;
use crate::proc::{self, Process, Which};

thread_local! {
    /// Processes that run although the script dropped their handles: they end with the test, group or script that
    /// started them, not whenever Lua collects its garbage. Each with its [`Running::number`].
    static DROPPED: RefCell<Vec<(u64, Rc<Process>)>> = const { RefCell::new(Vec::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// A process that runs beside the script.
pub(super) struct Running {
    process: RefCell<Option<Rc<Process>>>,
    /// What tells it from the others.
    number: u64,
}

impl Running {
    /// `stays`: it is not to end before the script ends it.
    pub fn new(cx: &Cx<'_>, process: Process, stays: bool) -> Self {
        let number = NEXT.replace(NEXT.get() + 1);
        cx.lab.at_end(move || {
            let ours = DROPPED.try_with(|all| {
                let mut all = all.borrow_mut();
                let place = all.iter().position(|(n, _)| *n == number)?;
                Some(all.swap_remove(place))
            });
            // Dropping it ends it.
            matches!(ours, Ok(Some(_)))
        });
        let process = Rc::new(process);
        deaths::watch(&process, stays);
        Running { process: RefCell::new(Some(process)), number }
    }

    pub fn process(&self) -> Result<Rc<Process>> {
        // Empty only while it is dropped.
        self.process.borrow().clone().ok_or_else(|| Error::new(Kind::Io, "the process is gone"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let process = self.process.borrow_mut().take();
        if let Some(process) = process.filter(|p| matches!(p.exit(), Ok(None))) {
            DROPPED.with_borrow_mut(|all| {
                all.retain(|(_, p)| matches!(p.exit(), Ok(None)));
                all.push((self.number, process));
            });
        }
    }
}

options! {
    struct WaitOptions = "nsh.proc.WaitOptions" {
        timeout: Option<Duration>, ty::seconds(), "how long to wait; default for ever";
        check: bool, ty::boolean(), "raise `exit` unless its status is 0; default false";
    }
}

options! {
    struct LinesOptions = "nsh.proc.LinesOptions" {
        timeout: Option<Duration>, ty::seconds(), "seconds for all of it; default no limit";
        stderr: bool, ty::boolean(), "of stderr instead of stdout; default false";
    }
}

options! {
    struct StopOptions = "nsh.proc.StopOptions" {
        grace: Option<Duration>, ty::seconds(), "seconds from SIGTERM to SIGKILL; default 0.5";
    }
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
    let which = if options.stderr { Which::Stderr } else { Which::Stdout };
    let this = this.clone();
    Ok(bind::raising(cx.lua, move |lua, _: mlua::MultiValue| {
        let line = this.process().and_then(|p| p.line(which, deadline));
        let line = line.map_err(|e| bind::named(e, "Process:lines"))?;
        Ok(line.map(BString::from).into_lua_multi(lua)?)
    })?)
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
                "Waits until it ends.\n\n\
                 Raises `timeout` if it still runs then (it is left running), and with `check` `exit` unless its \
                 status is 0.",
            ),
            (opts(WaitOptions::shape()),),
            ret::record(result(), "how it ended"),
            |_, this, (options,)| {
                let process = this.process()?;
                let output = process.wait(options.timeout)?;
                deaths::seen(&process);
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
            MethodDoc("pid", "Its pid, as processes of the lab see it."),
            (),
            ret::value("integer", "its number"),
            |_, this, ()| Ok(this.process()?.pid().as_raw()),
        )
        .method(
            MethodDoc("stdout", "What it has written to stdout so far."),
            (),
            ret::value("string", "its output so far"),
            |_, this, ()| Ok(BString::from(this.process()?.printed(Which::Stdout).bytes())),
        )
        .method(
            MethodDoc("stderr", "What it has written to stderr so far."),
            (),
            ret::value("string", "its error messages so far"),
            |_, this, ()| Ok(BString::from(this.process()?.printed(Which::Stderr).bytes())),
        )
        .method(
            MethodDoc(
                "lines",
                "Iterates over the lines that it prints, as they come, until it ends. Each line comes once.\n\n\
                 Raises `timeout` if it hasn't ended by then.",
            ),
            (opts(LinesOptions::shape()),),
            ret::values("fun(): string?", "an iterator: `for line in process:lines() do`"),
            |cx, this, (options,)| lines(cx, this, &options),
        )
        .method(
            MethodDoc(
                "expect",
                "Waits for a line in which Lua's pattern is found, such as a server's \"listening\"; lines before it \
                 are skipped, and each line comes once. With several patterns, the first line in which one of them \
                 is found counts. Returns the line, then with several patterns which of them it was, then what the \
                 pattern captured.\n\n\
                 Raises `timeout` if none came, `exit` if it ended before.",
            ),
            (
                param("pattern", expect::patterns(), "a pattern as of string.find, or an array of such"),
                opts(Expect::shape()),
            ),
            ret::values::<MultiValue>("string ...", "the line, and what was found in it"),
            |cx, this, (patterns, options)| expect::expect(cx, this, &patterns, &options),
        )
        .method(
            MethodDoc(
                "mark",
                "Skips what it has printed so far: `expect` and `lines` go on with what comes next.",
            ),
            (),
            ret::nothing(),
            |_, this, ()| {
                let process = this.process()?;
                process.mark(Which::Stdout);
                process.mark(Which::Stderr);
                Ok(())
            },
        )
        .method(
            MethodDoc(
                "write",
                "Writes to its stdin, if it was spawned with `keep_stdin` or `pty`. What it doesn't read at once is \
                 written in the background.\n\n\
                 Raises `connection_reset` if its stdin is closed.",
            ),
            (param("text", ty::bytes(), "what to write"),),
            ret::nothing(),
            |_, this, (text,)| Ok(this.process()?.write(&text)?),
        )
        .method(
            MethodDoc("close_stdin", "Closes its stdin once all that was written has arrived."),
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
            (opts(StopOptions::shape()),),
            ret::record(result(), "how it ended"),
            |_, this, (options,)| {
                let process = this.process()?;
                process.stop(options.grace)?;
                Ok(process.wait(None)?)
            },
        )
    }
}
