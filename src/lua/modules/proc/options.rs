//! What a process is given: its program, its surroundings, what it reads, how much of its output is kept.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use mlua::Value;

use crate::base::error::Result;
use crate::lua::schema::ty::No;
use crate::lua::schema::{Cx, Shape, Type, Wrong, shape, ty};
use crate::net::hosts;
use crate::proc::{self, Context, Keep, Program, Spec, Stdin, User};

use super::super::dns;
use super::files::Files;
use super::ready::Ready;

/// What a script says of a process besides its program.
#[derive(Default)]
pub(super) struct Launch {
    spec: Spec,
    stdin: Option<Vec<u8>>,
    keep_stdin: bool,
    show: Show,
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

impl Launch {
    /// What to run. The files that it has for itself can go once it was started.
    pub fn spec(self, cx: &Cx<'_>, program: Program) -> Result<(Spec, Files)> {
        let stdin = match (self.stdin, self.keep_stdin || self.spec.terminal) {
            (text, true) => Stdin::Open(text.unwrap_or_default()),
            (Some(text), false) => Stdin::Text(text),
            (None, false) => Stdin::Null,
        };
        let hosts = hosts_file(cx)?;
        dns::refresh(cx)?;
        let files = Files::write(cx, &self.files)?;
        let spec = Spec { program, stdin, hosts, covers: files.covers.clone(), ..self.spec };
        let show = match self.show {
            Show::No => None,
            Show::Yes => Some(format!("{} {}", cx.ns.name(), spec.name())),
            Show::As(name) => Some(name),
        };
        Ok((Spec { show, ..spec }, files))
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

fn variables() -> Type<Vec<(OsString, Option<OsString>)>> {
    let none = Type::new("false", "false to take it away", |_, v| match v {
        Value::Boolean(false) => Ok(None),
        _ => Err(No::Other),
    });
    let value = ty::bytes().map(|value| Some(OsString::from_vec(value))).or(none);
    ty::map(value).map(|all| all.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn files() -> Type<Vec<(PathBuf, Vec<u8>)>> {
    let absolute = |(path, text): (String, Vec<u8>)| {
        let path = PathBuf::from(path);
        proc::check_path(&path).map_err(|e| e.message())?;
        Ok((path, text))
    };
    ty::map(ty::bytes())
        .try_map(move |files| files.into_iter().map(absolute).collect())
        .luals("table<string, string>")
}

/// The options about what a process finds around it.
pub(super) fn surroundings(name: &'static str) -> Shape<Launch> {
    shape!(Launch = name => {
        spec.env: variables(), "variables added to its environment; false takes one away";
        spec.clear_env: ty::boolean(), "begin with an empty environment; default false";
        spec.cwd: ty::string().map(PathBuf::from), "its working directory; default nsh's own";
        spec.user: ty::parsed("a user's name", |s| User::named(s).map_err(|e| Wrong::new(e.message()))),
            "the user to run as, with its groups; default root. An ordinary user's lab has root alone, unless they have \
             subordinate ids (`nsh doctor` tells)";
        files: files(),
            "files that it sees with these contents, such as its configuration. Those within a directory of \
             `proc.private` are written there; others are its own, and nobody else sees them. One that begins with `#!` \
             can be executed";
    })
}

fn with_output(name: &'static str) -> Shape<Launch> {
    let output = shape!(Launch = "" => {
        stdin: ty::bytes(), "what it reads; default nothing (`/dev/null`)";
        spec.limit: ty::int(0..=1usize << 31),
            "how many bytes to keep of each of stdout and stderr; default 16 MiB. The rest is counted";
        spec.keep: ty::one_of(&[("both", Keep::Both), ("first", Keep::First), ("last", Keep::Last)]),
            "what is kept of an output beyond `limit`: its first half and its last (both, the default), the first or \
             the last of it";
        show: show(),
            "print each line as it comes, with the namespace's and the program's name in front (`r1 bird| ...`), or \
             this name; default false";
    });
    surroundings(name).include(output, |launch| launch)
}

pub(super) fn exec_options() -> Shape<Launch> {
    let exec = shape!(Launch = "" => {
        spec.timeout: ty::seconds(), "seconds that it may run; default no limit";
        spec.check: ty::boolean(), "raise `exit` unless its status is 0; default false";
    });
    with_output("nsh.proc.ExecOptions").include(exec, |launch| launch)
}

pub(super) fn spawn_options() -> Shape<Launch> {
    let spawn = shape!(Launch = "" => {
        keep_stdin: ty::boolean(), "leave its stdin open for `write`, until `close_stdin`; default false";
        spec.terminal as "pty": ty::boolean(),
            "give it a terminal instead of pipes, for programs that insist on one, or that hold back what they print \
             through a pipe. All that it prints is then `stdout`, and `write` types on it; default false";
        ready: Type::from(Ready::shape()), "wait until it is ready: until all of these hold";
    });
    with_output("nsh.proc.SpawnOptions").include(spawn, |launch| launch)
}

fn show() -> Type<Show> {
    ty::boolean()
        .map(|yes| if yes { Show::Yes } else { Show::No })
        .or(ty::string().map(Show::As))
        .called("a boolean or a name")
}
