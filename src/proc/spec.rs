//! What to run, where, and with what around it.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use nix::errno::Errno;

use super::buffer::Keep;
use super::child::{self, Bind, Child, Failure, Ids, Mounts, Plan, Session, Step};
use super::cover::{self, Cover};
use super::user::User;
use super::{pipe, terminal};
use crate::base::command::quoted;
use crate::base::error::{Error, Kind, Result};
use crate::net::namespace::Namespace;

/// Where a program is looked for if the environment has no PATH.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Of each stream; 16 MiB.
const LIMIT: usize = 16 << 20;
/// How much of a command an error quotes.
const SHOWN: usize = 80;

/// What nsh was started with and how its processes are set up.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The soft limit of open files (RLIMIT_NOFILE) that nsh was started with; processes get it back. `None` leaves
    /// it.
    pub open_files: Option<u64>,
    /// On the machine's own network (`--host`), where the host's name stays as it is.
    pub on_host: bool,
}

/// The namespace to run in.
#[derive(Clone)]
pub struct Place<'a> {
    pub name: &'a str,
    /// `None` for the namespace in which nsh itself is.
    pub net: Option<Rc<OwnedFd>>,
}

impl<'a> Place<'a> {
    /// Raises `not_found` if the namespace was deleted.
    pub fn of(ns: &'a Namespace) -> Result<Self> {
        let net = if ns.is_host() { None } else { Some(ns.fd()?) };
        Ok(Place { name: ns.name(), net })
    }
}

/// What to run.
#[derive(Clone, Debug)]
pub enum Program {
    /// A program, looked for in PATH unless it has a slash, and its arguments.
    Args(Vec<OsString>),
    /// A line for `/bin/sh -c`.
    Shell(OsString),
}

/// What a process reads.
#[derive(Clone, Debug, Default)]
pub enum Stdin {
    /// Nothing: `/dev/null`.
    #[default]
    Null,
    /// This, and then the end of the file.
    Text(Vec<u8>),
    /// This, and then what [`super::Process::write`] writes.
    Open(Vec<u8>),
}

/// How to run it.
#[derive(Clone, Debug)]
pub struct Spec {
    pub program: Program,
    pub stdin: Stdin,
    /// Variables added to the environment of nsh; `None` takes one away.
    pub env: Vec<(OsString, Option<OsString>)>,
    /// Start from an empty environment.
    pub clear_env: bool,
    pub cwd: Option<PathBuf>,
    /// How long it may run.
    pub timeout: Option<Duration>,
    /// Raise `exit` when the status is not 0.
    pub check: bool,
    /// The file that it sees as `/etc/hosts`.
    pub hosts: Option<PathBuf>,
    /// How many bytes to keep of each of stdout and stderr.
    pub limit: usize,
    /// Which, if there are more.
    pub keep: Keep,
    /// Print each line as it comes, behind this name.
    pub show: Option<String>,
    /// A terminal of its own instead of pipes.
    pub terminal: bool,
    /// The user to be.
    pub user: Option<User>,
    /// What stands over what in its file system, if it is not to see the lab's.
    pub covers: Vec<Cover>,
}

impl Default for Spec {
    fn default() -> Self {
        Spec {
            program: Program::Args(Vec::new()),
            stdin: Stdin::Null,
            env: Vec::new(),
            clear_env: false,
            cwd: None,
            timeout: None,
            check: false,
            hosts: None,
            limit: LIMIT,
            keep: Keep::default(),
            show: None,
            terminal: false,
            user: None,
            covers: Vec::new(),
        }
    }
}

impl Spec {
    pub fn new(program: Program) -> Self {
        Spec { program, ..Spec::default() }
    }

    /// A program and its arguments.
    pub fn args<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Self {
        Self::new(Program::Args(args.into_iter().map(|a| a.as_ref().to_owned()).collect()))
    }

    /// A line for the shell.
    pub fn shell(line: impl Into<OsString>) -> Self {
        Self::new(Program::Shell(line.into()))
    }

    /// The command as it would be typed, for messages.
    pub fn shown(&self) -> String {
        let text = match &self.program {
            Program::Shell(line) => line.to_string_lossy().into_owned(),
            Program::Args(args) => {
                args.iter().map(|a| quoted(&a.to_string_lossy())).collect::<Vec<_>>().join(" ")
            }
        };
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}...", &text[..end]),
            None => text,
        }
    }

    /// The program's name alone, as in `r1 bird| `.
    pub fn name(&self) -> String {
        let first = match &self.program {
            Program::Args(args) => args.first().map(|a| a.to_string_lossy().into_owned()),
            Program::Shell(line) => line.to_string_lossy().split_whitespace().next().map(str::to_owned),
        };
        let first = first.unwrap_or_default();
        first.rsplit('/').next().unwrap_or(&first).to_owned()
    }

    fn argv(&self) -> Result<Vec<CString>> {
        let args = match &self.program {
            Program::Shell(line) => vec!["/bin/sh".into(), "-c".into(), line.clone()],
            Program::Args(args) => args.clone(),
        };
        if args.first().is_none_or(|a| a.is_empty()) {
            return Err(Error::argument("no program is named"));
        }
        args.iter().map(|a| c_string(a)).collect()
    }

    fn environment(&self) -> BTreeMap<OsString, OsString> {
        let mut env: BTreeMap<OsString, OsString> =
            if self.clear_env { BTreeMap::new() } else { std::env::vars_os().collect() };
        if self.terminal {
            env.insert("TERM".into(), "dumb".into());
        }
        if let Some(user) = &self.user {
            env.insert("HOME".into(), user.home.clone().into());
            env.insert("USER".into(), user.name.clone().into());
            env.insert("LOGNAME".into(), user.name.clone().into());
        }
        for (name, value) in &self.env {
            match value {
                Some(value) => env.insert(name.clone(), value.clone()),
                None => env.remove(name),
            };
        }
        env
    }
}

/// Our ends of the process's pipes.
pub(super) struct Pipes {
    pub stdin: Option<OwnedFd>,
    pub stdout: OwnedFd,
    /// `None` with a terminal, which has one descriptor for all.
    pub stderr: Option<OwnedFd>,
}

/// Starts the process with pipes, or with a terminal of its own.
pub(super) fn start(place: &Place<'_>, spec: &Spec, context: &Context) -> Result<(Child, Pipes)> {
    if spec.terminal {
        let (ours, theirs) = terminal::open()?;
        let stdin = ours.try_clone()?;
        let child = launch(place, spec, context, [theirs.as_fd(); 3], Session::OwnTerminal)?;
        return Ok((child, Pipes { stdin: Some(stdin), stdout: ours, stderr: None }));
    }
    let (stdin, their_stdin) = match spec.stdin {
        Stdin::Null => {
            let null = File::open("/dev/null").map_err(|e| Error::from(e).detail("opening /dev/null"))?;
            (None, OwnedFd::from(null))
        }
        Stdin::Text(_) | Stdin::Open(_) => {
            let (theirs, ours) = pipe()?;
            (Some(ours), theirs)
        }
    };
    let (stdout, their_stdout) = pipe()?;
    let (stderr, their_stderr) = pipe()?;
    let stdio = [their_stdin.as_fd(), their_stdout.as_fd(), their_stderr.as_fd()];
    let child = launch(place, spec, context, stdio, Session::Group)?;
    Ok((child, Pipes { stdin, stdout, stderr: Some(stderr) }))
}

/// Starts the process with these as its descriptors 0, 1 and 2.
pub(super) fn launch(
    place: &Place<'_>,
    spec: &Spec,
    context: &Context,
    stdio: [BorrowedFd<'_>; 3],
    session: Session,
) -> Result<Child> {
    let path = search_path(spec);
    let plan = plan(place, spec, context, stdio, session, &path)?;
    child::start(&plan)?.map_err(|failure| explain(&failure, &plan, place, spec, &path))
}

/// Puts the program in the place of the calling process, with its descriptors 0, 1 and 2, its process group and its
/// parent. Returns only if that fails.
pub fn replace(place: &Place<'_>, spec: &Spec, context: &Context) -> Error {
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let stdio = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
    let path = search_path(spec);
    match plan(place, spec, context, stdio, Session::Group, &path) {
        Ok(plan) => {
            let plan = Plan { replace: true, ..plan };
            explain(&child::replace(&plan), &plan, place, spec, &path)
        }
        Err(e) => e,
    }
}

fn search_path(spec: &Spec) -> OsString {
    spec.environment().remove(OsStr::new("PATH")).unwrap_or_else(|| DEFAULT_PATH.into())
}

fn plan<'a>(
    place: &Place<'a>,
    spec: &Spec,
    context: &Context,
    stdio: [BorrowedFd<'a>; 3],
    session: Session,
    path: &OsStr,
) -> Result<Plan<'a>> {
    let args = spec.argv()?;
    let elsewhere = place.net.is_some();
    Ok(Plan {
        programs: programs(&args[0], path)?,
        args,
        env: spec.environment().iter().map(|(name, value)| variable(name, value)).collect::<Result<_>>()?,
        cwd: spec.cwd.as_deref().map(|d| c_string(d.as_os_str())).transpose()?,
        net: place.net.clone(),
        mounts: mounts(place, spec, context)?,
        hostname: (elsewhere && !context.on_host).then(|| host_name(place.name)),
        stdio,
        open_files: context.open_files,
        replace: false,
        session,
        user: spec.user.as_ref().map(|u| Ids { uid: u.uid, gid: u.gid, groups: u.groups.clone() }),
    })
}

/// The files to try for a program's name.
fn programs(name: &CString, path: &OsStr) -> Result<Vec<CString>> {
    if name.as_bytes().contains(&b'/') {
        return Ok(vec![name.clone()]);
    }
    path.as_bytes()
        .split(|b| *b == b':')
        .map(|dir| {
            // An empty entry is the current directory.
            let dir: &[u8] = if dir.is_empty() { b"." } else { dir };
            c_string(OsStr::from_bytes(&[dir, b"/", name.as_bytes()].concat()))
        })
        .collect()
}

fn variable(name: &OsStr, value: &OsStr) -> Result<CString> {
    if name.is_empty() || name.as_bytes().contains(&b'=') {
        return Err(Error::argument(format!("{name:?} can't name an environment variable")));
    }
    c_string(OsStr::from_bytes(&[name.as_bytes(), b"=", value.as_bytes()].concat()))
}

/// A host's name has at most 64 bytes; a namespace's may be longer.
fn host_name(name: &str) -> Vec<u8> {
    name.bytes().take(64).collect()
}

fn mounts(place: &Place<'_>, spec: &Spec, context: &Context) -> Result<Option<Mounts>> {
    let elsewhere = place.net.is_some();
    if !elsewhere && spec.hosts.is_none() && spec.covers.is_empty() {
        return Ok(None);
    }
    let mut covers = spec.covers.clone();
    if elsewhere && !context.on_host {
        let files = of_etc_netns(place.name).map(|(from, at)| Cover { at, from });
        let other = |cover: &Cover| !spec.covers.iter().any(|own| own.at == cover.at);
        covers.extend(files.filter(other));
    }
    let (mut binds, covers) = cover::binds(&covers, context.on_host)?;
    if let Some(hosts) = &spec.hosts {
        binds.push(Bind::optional(hosts, Path::new("/etc/hosts"))?);
    }
    if elsewhere && context.on_host {
        for (from, at) in of_etc_netns(place.name) {
            binds.push(Bind::optional(&from, &at)?);
        }
    }
    let hidden = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    let sysfs_flags = if context.on_host { 0 } else { hidden | libc::MS_RDONLY };
    Ok(Some(Mounts { binds, covers, sysfs: elsewhere, sysfs_flags }))
}

/// What stands over what in `/etc` for the processes of a namespace, as under `ip netns exec`.
fn of_etc_netns(name: &str) -> impl Iterator<Item = (PathBuf, PathBuf)> {
    let directory = Path::new("/etc/netns").join(name);
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| (entry.path(), Path::new("/etc").join(entry.file_name())))
}

pub(super) fn c_string(s: &OsStr) -> Result<CString> {
    CString::new(s.to_owned().into_vec())
        .map_err(|_| Error::argument(format!("{:?} has a NUL byte in it", s.to_string_lossy())))
}

/// Says what a failure of the child means.
fn explain(failure: &Failure, plan: &Plan<'_>, place: &Place<'_>, spec: &Spec, path: &OsStr) -> Error {
    let error = Error::from(failure.errno);
    let error = match failure.step {
        Step::None | Step::Setup => error.detail("setting up the process"),
        Step::Terminal => error.detail("giving the terminal to the process"),
        Step::Limit => error.detail("setting the limit of open files"),
        Step::Enter => error.detail(format!("entering namespace {}", place.name)),
        Step::Unshare => error.detail("making a mount namespace for the process"),
        Step::User => become_user(failure.errno, spec),
        Step::Hostname => error.detail("setting the host name of the process"),
        Step::Bind(i) => {
            let mounts = plan.mounts.as_ref().and_then(|m| m.binds.iter().chain(&m.covers).nth(i));
            let what =
                mounts.map(|b| format!("{} over {}", b.from.to_string_lossy(), b.onto.to_string_lossy()));
            error.detail(format!("mounting {}", what.unwrap_or_default()))
        }
        Step::Directory => directory(failure.errno, spec),
        Step::Exec(i) => exec(failure.errno, plan, i, path),
    };
    error.on(spec.shown())
}

fn become_user(errno: Errno, spec: &Spec) -> Error {
    let name = spec.user.as_ref().map_or("", |u| u.name.as_str());
    let error = Error::from(errno).detail(format!("becoming the user {name}"));
    match errno {
        Errno::EINVAL | Errno::EPERM => error.with_kind(Kind::Permission).hint(
            "an ordinary user's lab has root alone, unless they have subordinate ids (see nsh doctor); root's labs have \
             all users",
        ),
        _ => error,
    }
}

fn directory(errno: Errno, spec: &Spec) -> Error {
    let dir = spec.cwd.as_deref().unwrap_or(Path::new("."));
    let error = Error::from(errno).detail(format!("entering the working directory {}", dir.display()));
    match errno {
        Errno::ENOTDIR => error.with_kind(Kind::Invalid),
        _ => error,
    }
}

fn exec(errno: Errno, plan: &Plan<'_>, index: usize, path: &OsStr) -> Error {
    let name = plan.args[0].to_string_lossy();
    let by_path = !name.contains('/');
    let file = plan.programs.get(index).map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    let there = |p: &CString| Path::new(OsStr::from_bytes(p.as_bytes())).exists();
    // EACCES is also what a directory of PATH says that we may not search.
    let absent = by_path && !plan.programs.iter().any(there);
    match errno {
        Errno::EACCES if absent => exec(Errno::ENOENT, plan, index, path),
        Errno::ENOENT => match plan.programs.iter().find(|p| there(p)) {
            Some(script) => Error::from(errno)
                .detail(format!("the interpreter of {} doesn't exist", script.to_string_lossy()))
                .hint("see its first line (#!), or with a binary the loader that `file` names"),
            None if by_path => Error::new(Kind::NotFound, format!("no program named {name:?}"))
                .hint(format!("looked for it in PATH: {}", path.to_string_lossy())),
            None => Error::new(Kind::NotFound, format!("no file {name:?}")),
        },
        Errno::EACCES if Path::new(&file).is_dir() => {
            Error::from(errno).detail(format!("{file} is a directory"))
        }
        Errno::EACCES => Error::from(errno)
            .detail(format!("{file} is not executable"))
            .hint(format!("chmod +x {file}, or run its interpreter on it")),
        Errno::ENOEXEC => Error::from(errno)
            .with_kind(Kind::Invalid)
            .detail(format!("{file} is neither a program nor a script"))
            .hint("a script's first line names its interpreter, such as #!/bin/sh"),
        Errno::E2BIG => {
            Error::from(errno).with_kind(Kind::Limit).detail("the arguments and environment are too long")
        }
        _ => Error::from(errno).detail(format!("executing {file}")),
    }
}
