//! What a process is given: its program, its surroundings, what it reads, how much of its output is kept.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use mlua::Value;

use crate::base::error::Result;
use crate::lua::schema::ty::No;
use crate::lua::schema::{Cx, Shape, Type, Wrong, ty};
use crate::net::hosts;
use crate::proc::{self, Context, Keep, Program, Spec, Stdin, User};

use super::files::Files;
use super::ready::{self, Ready};

#[derive(Default)]
pub(super) struct Options {
    stdin: Option<Vec<u8>>,
    keep_stdin: bool,
    env: Vec<(String, Option<Vec<u8>>)>,
    clear_env: bool,
    cwd: Option<PathBuf>,
    timeout: Option<Duration>,
    check: bool,
    limit: Option<usize>,
    keep: Keep,
    show: Show,
    pty: bool,
    user: Option<User>,
    files: Vec<(PathBuf, Vec<u8>)>,
    pub ready: Option<Ready>,
}

/// Whether to print what it prints, and behind which name.
#[derive(Clone, Default)]
enum Show {
    #[default]
    No,
    Yes,
    As(String),
}

impl Options {
    /// What to run. The files that it has for itself can go once it was started.
    pub fn spec(self, cx: &Cx<'_>, program: Program) -> Result<(Spec, Files)> {
        let stdin_kept = self.keep_stdin || self.pty;
        let stdin = match (self.stdin, stdin_kept) {
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
            keep: self.keep,
            terminal: self.pty,
            user: self.user,
            ..Spec::new(program)
        };
        let files = Files::write(cx, &self.files)?;
        let show = match self.show {
            Show::No => None,
            Show::Yes => Some(format!("{} {}", cx.ns.name(), spec.name())),
            Show::As(name) => Some(name),
        };
        let limit = self.limit.unwrap_or(spec.limit);
        Ok((Spec { limit, show, covers: files.covers.clone(), ..spec }, files))
    }
}

pub(super) fn context(cx: &Cx<'_>) -> Context {
    Context { open_files: cx.lab.place.open_files, on_host: !cx.lab.place.sandboxed }
}

fn hosts_file(cx: &Cx<'_>) -> Result<Option<PathBuf>> {
    match &cx.lab.place.hosts {
        Some(of_host) => hosts::refresh(&cx.lab.namespaces, cx.ns, of_host),
        None => Ok(None),
    }
}

/// A shell line, or a program and its arguments.
pub(super) fn command() -> Type<Program> {
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
pub(super) fn surroundings(name: &'static str) -> Shape<Options> {
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
        .field(
            "user",
            ty::parsed("a user's name", |s| User::named(s).map_err(|e| Wrong::new(e.message()))),
            "the user to run as, with its groups; default root. An ordinary user's lab has root alone, unless they have \
             subordinate ids (`nsh doctor` tells)",
            |o, v| o.user = Some(v),
        )
        .field(
            "files",
            ty::map(ty::bytes()).try_map(|files| {
                let absolute = |(path, text): (String, Vec<u8>)| {
                    let path = PathBuf::from(path);
                    proc::check_path(&path).map_err(|e| e.message())?;
                    Ok((path, text))
                };
                files.into_iter().map(absolute).collect()
            }).luals("table<string, string>"),
            "files that it sees with these contents, such as its configuration. Those within a directory of \
             `proc.private` are written there; others are its own, and nobody else sees them. One that begins with `#!` can be executed",
            |o, v| o.files = v,
        )
}

fn with_output(shape: Shape<Options>) -> Shape<Options> {
    shape
        .field("stdin", ty::bytes(), "what it reads; default nothing (`/dev/null`)", |o, v| o.stdin = Some(v))
        .field(
            "limit",
            ty::int(0..=1 << 31),
            "how many bytes to keep of each of stdout and stderr; default 16 MiB. The rest is counted",
            |o, v| o.limit = Some(v),
        )
        .field(
            "keep",
            ty::one_of(&[("both", Keep::Both), ("first", Keep::First), ("last", Keep::Last)]),
            "what is kept of an output beyond `limit`: its first half and its last (both, the default), the first or \
             the last of it",
            |o, v| o.keep = v,
        )
        .field(
            "show",
            show(),
            "print each line as it comes, with the namespace's and the program's name in front (`r1 bird| ...`), or \
             this name; default false",
            |o, v| o.show = v,
        )
}

pub(super) fn exec_options() -> Shape<Options> {
    with_output(surroundings("nsh.proc.ExecOptions"))
        .field("timeout", ty::seconds(), "seconds that it may run; default no limit", |o, v| {
            o.timeout = Some(v)
        })
        .field("check", ty::boolean(), "raise `exit` unless its status is 0; default false", |o, v| {
            o.check = v
        })
}

pub(super) fn spawn_options() -> Shape<Options> {
    with_output(surroundings("nsh.proc.SpawnOptions")).field(
        "keep_stdin",
        ty::boolean(),
        "leave its stdin open for `write`, until `close_stdin`; default false",
        |o, v| o.keep_stdin = v,
    )
    .field(
        "pty",
        ty::boolean(),
        "give it a terminal instead of pipes, for programs that insist on one, or that hold back what they print \
         through a pipe. All that it prints is then `stdout`, and `write` types on it; default false",
        |o, v| o.pty = v,
    )
    .field("ready", ready::options().into(), "wait until it is ready: until all of these hold", |o, v| {
        o.ready = Some(v)
    })
}

fn show() -> Type<Show> {
    ty::boolean()
        .map(|yes| if yes { Show::Yes } else { Show::No })
        .or(ty::string().map(Show::As))
        .called("a boolean or a name")
}
