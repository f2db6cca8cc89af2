//! `nsh exec` and `nsh attach`: processes in a lab that is up.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Result, bail};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;

use super::entry::LiveLab;
use super::everywhere;
use super::inside::Inside;
use super::tools;
use crate::base::error::{Error, Kind, complain};
use crate::lua::lab::Place;
use crate::net::hosts;
use crate::net::names::similar;
use crate::net::namespace::{HOST, Namespace, Namespaces};
use crate::proc::{self, Context, Spec};
use crate::sandbox::{self, HOSTS, PINS, Target};

/// Variables that describe the terminal of whoever enters the lab.
const TERMINAL: &[&str] = &["TERM", "COLORTERM", "LINES", "COLUMNS"];

/// Exit statuses of `nsh exec`, as of `env` and its like, where the command's own could be meant otherwise.
pub mod status {
    /// nsh could not try: there is no such lab or namespace.
    pub const NOT_TRIED: i32 = 125;
    /// The program is there and can't be run.
    pub const CANNOT_RUN: i32 = 126;
    /// There is no such program.
    pub const NO_PROGRAM: i32 = 127;
}

/// What `nsh exec LAB` is to do.
#[derive(Debug)]
pub struct Words {
    /// In front of `--`; all of them where there is none.
    pub first: Vec<OsString>,
    /// Behind it.
    pub command: Option<Vec<OsString>>,
}

/// The namespace and the command. An error for words that can't be told apart.
fn read(words: Words, namespaces: &[String], programs: &OsStr) -> Result<(String, Vec<OsString>)> {
    let known = |word: &OsStr| namespaces.iter().find(|n| word == n.as_str()).cloned();
    let Words { mut first, command } = words;
    if let Some(command) = command {
        let namespace = match first.as_slice() {
            [] => HOST.to_owned(),
            [name] => known(name).ok_or_else(|| unknown(name, namespaces))?,
            _ => bail!("expected at most a namespace in front of --"),
        };
        if command.is_empty() {
            bail!(no_command());
        }
        return Ok((namespace, command));
    }
    let Some(word) = first.first() else {
        bail!(no_command());
    };
    let is_program =
        word.as_encoded_bytes().contains(&b'/') || tools::is_tool(word) || proc::in_path(word, programs);
    match known(word) {
        None if is_program => Ok((HOST.to_owned(), first)),
        // One word that is like no namespace's is left to fail as a program.
        None if first.len() > 1 || nearest(word, namespaces).is_some() => bail!(missing(
            format!("there is neither a namespace nor a program named {word:?}"),
            word,
            namespaces,
        )),
        None => Ok((HOST.to_owned(), first)),
        // Whatever programs are installed: the words mean the same on every machine.
        Some(namespace) => {
            first.remove(0);
            if first.is_empty() {
                bail!(
                    Error::argument(format!("no command is given for the namespace {namespace}")).hint(
                        "nsh exec LAB NAMESPACE -- COMMAND..., or nsh exec LAB -- COMMAND... for a program of that name"
                    )
                );
            }
            Ok((namespace, first))
        }
    }
}

/// The words of a command for all namespaces.
fn whole(words: Words) -> Result<Vec<OsString>> {
    match words {
        Words { first, command: Some(_) } if !first.is_empty() => {
            bail!("with --all, no namespace is named")
        }
        Words { first, command } => {
            Ok(Some(command.unwrap_or(first)).filter(|c| !c.is_empty()).ok_or_else(no_command)?)
        }
    }
}

fn no_command() -> Error {
    Error::argument("no command is given").hint("nsh exec LAB [NAMESPACE] -- COMMAND...")
}

fn unknown(name: &OsStr, namespaces: &[String]) -> Error {
    missing(format!("there is no namespace named {name:?}"), name, namespaces)
}

fn missing(what: String, name: &OsStr, namespaces: &[String]) -> Error {
    let e = Error::new(Kind::NotFound, what);
    match nearest(name, namespaces) {
        Some(near) => e.hint(format!("did you mean {near:?}?")),
        None => e.hint(format!("the lab has {}", namespaces.join(", "))),
    }
}

fn nearest<'a>(name: &OsStr, namespaces: &'a [String]) -> Option<&'a str> {
    similar(&name.to_string_lossy(), namespaces.iter().map(String::as_str))
}

fn target<'a>(inside: &'a Inside, environment: &[(OsString, OsString)]) -> Result<Target<'a>> {
    Ok(Target {
        process: inside.fd(),
        pid: inside.pid(),
        confined: inside.confined()?,
        filtered: inside.filtered()?,
        directory: &inside.record.directory,
        environment: environment.to_vec().into(),
        open_files: inside.record.open_files,
    })
}

/// The environment of the lab's processes, on this terminal.
fn environment(inside: &Inside) -> Result<Vec<(OsString, OsString)>> {
    let mut environment = inside.environment()?;
    environment.retain(|(name, _)| !TERMINAL.iter().any(|t| name == t));
    environment.extend(TERMINAL.iter().filter_map(|name| Some(((*name).into(), std::env::var_os(name)?))));
    Ok(environment)
}

/// `status`, with a word on what ended the command, if it was the lab's end.
fn told(inside: &Inside, name: &str, status: i32) -> i32 {
    // The kernel kills the processes of a lab that ends in any order.
    if status == 128 + libc::SIGKILL && inside.ends_within(1.0) {
        // Nobody may read it.
        let _ = writeln!(std::io::stderr(), "nsh: the lab {name} has ended, and what ran in it");
    }
    status
}

/// Runs a command in the lab to its end; returns its status. With `all`, in each namespace.
///
/// An error says why it could not be tried.
pub fn exec(lab: &LiveLab, words: Words, all: bool) -> Result<i32> {
    let inside = Inside::of(lab)?;
    let environment = environment(&inside)?;
    if all {
        let command = whole(words)?;
        let status = sandbox::join(&target(&inside, &environment)?, || {
            everywhere::run(&environment, &command)
                .unwrap_or_else(|e| complain(&*e.context("exec"), status::NOT_TRIED))
        })?;
        return Ok(told(&inside, &lab.name, status));
    }
    let path = environment.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
    let path = path.unwrap_or_else(|| proc::DEFAULT_PATH.into());
    let (namespace, command) = read(words, &inside.namespaces()?, &path)?;
    let status = sandbox::join(&target(&inside, &environment)?, || {
        if command.first().is_some_and(|word| tools::is_tool(word)) {
            return tools::run(&namespace, &command).unwrap_or_else(|e| {
                complain(&e.op(command[0].to_string_lossy().into_owned()), status::NOT_TRIED)
            });
        }
        match prepare(&namespace).and_then(|(ns, hosts)| run(&ns, hosts, environment, command)) {
            Ok(e) if e.kind() == Kind::NotFound => complain(&e, status::NO_PROGRAM),
            Ok(e) => complain(&e, status::CANNOT_RUN),
            Err(e) => complain(&*e.context("exec"), status::NOT_TRIED),
        }
    })?;
    Ok(told(&inside, &lab.name, status))
}

/// In the lab: the namespace, and the file for `/etc/hosts`.
fn prepare(namespace: &str) -> Result<(Rc<Namespace>, Option<PathBuf>)> {
    let all = Namespaces::new(PINS)?;
    let ns = all.require(namespace)?;
    let hosts = hosts::refresh(&all, &ns, HOSTS.as_ref())?;
    Ok((ns, hosts))
}

/// Replaces this process by the command; returns why exec failed. Any other error says why it could not be tried.
fn run(
    ns: &Namespace,
    hosts: Option<PathBuf>,
    environment: Vec<(OsString, OsString)>,
    command: Vec<OsString>,
) -> Result<Error> {
    let spec = spec(ns, hosts, &environment, &command);
    Ok(proc::replace(&proc::Place::of(ns)?, &spec, &Context::default()))
}

/// What to run in the namespace.
pub(super) fn spec(
    ns: &Namespace,
    hosts: Option<PathBuf>,
    environment: &[(OsString, OsString)],
    command: &[OsString],
) -> Spec {
    Spec {
        clear_env: true,
        env: environment.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect(),
        hosts,
        covers: proc::private::of_namespace(ns),
        ..Spec::args(command)
    }
}

/// Runs `prompt` in the lab, with the namespace to begin in; returns its status.
///
/// An error says why it could not be tried.
pub fn attach(
    lab: &LiveLab,
    namespace: Option<&str>,
    prompt: impl FnOnce(Place, &str) -> i32,
) -> Result<i32> {
    let inside = Inside::of(lab)?;
    let namespaces = inside.namespaces()?;
    let namespace = namespace.unwrap_or(HOST);
    if !namespaces.iter().any(|n| n == namespace) {
        bail!(unknown(namespace.as_ref(), &namespaces));
    }
    let environment = environment(&inside)?;
    let place = Place {
        sandboxed: true,
        open_files: inside.record.open_files,
        hosts: Some(HOSTS.into()),
        ..Place::default()
    };
    let status = sandbox::join(&target(&inside, &environment)?, || {
        // As the script's process: namespaces need descriptors.
        if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
            let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
        }
        // A group of its own, so that Ctrl-C is the prompt's alone.
        let _ = nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0));
        sandbox::claim_terminal();
        prompt(place, namespace)
    })?;
    Ok(told(&inside, &lab.name, status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(first: &[&str], command: Option<&[&str]>) -> std::result::Result<String, String> {
        let owned = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let words = Words { first: owned(first), command: command.map(owned) };
        let namespaces = ["host", "ns1", "sh"].map(str::to_owned);
        let show = |(namespace, command): (String, Vec<OsString>)| {
            let words: Vec<_> = command.iter().map(|w| w.to_string_lossy()).collect();
            format!("{namespace}: {}", words.join(" "))
        };
        read(words, &namespaces, OsStr::new("/usr/bin:/bin"))
            .map(show)
            .map_err(|e| Error::of(&*e).to_string())
    }

    #[test]
    fn the_namespace_and_the_command_are_told_apart() {
        assert_eq!(parsed(&["ns1", "cat", "-n"], None).unwrap(), "ns1: cat -n");
        assert_eq!(parsed(&["host", "cat"], None).unwrap(), "host: cat");
        // A namespace, though there is such a program.
        assert_eq!(parsed(&["sh", "cat"], None).unwrap(), "sh: cat");
        assert_eq!(parsed(&[], Some(&["sh", "-c", "true"])).unwrap(), "host: sh -c true");
        assert_eq!(parsed(&["cat", "ns1"], None).unwrap(), "host: cat ns1");
        assert_eq!(parsed(&["./x"], None).unwrap(), "host: ./x");
        assert_eq!(parsed(&[], Some(&["ns1"])).unwrap(), "host: ns1");
        assert_eq!(parsed(&["ns1"], Some(&["cat", "--"])).unwrap(), "ns1: cat --");
        assert_eq!(parsed(&["sh"], Some(&["sh"])).unwrap(), "sh: sh");
        // Left to fail as a program.
        assert_eq!(parsed(&["no-such-thing"], None).unwrap(), "host: no-such-thing");
    }

    #[test]
    fn what_is_unclear_is_an_error() {
        for name in ["ns1", "sh"] {
            let e = parsed(&[name], None).unwrap_err();
            assert!(e.contains(&format!("no command is given for the namespace {name}")), "{e}");
        }
        for (first, command) in [(&[][..], None), (&[], Some(&[][..])), (&["ns1"], Some(&[]))] {
            assert!(parsed(first, command).unwrap_err().contains("no command is given"), "{first:?}");
        }
        assert!(parsed(&["ns11", "cat"], None).unwrap_err().contains("did you mean \"ns1\"?"));
        assert!(parsed(&["ns11"], Some(&["cat"])).unwrap_err().contains("did you mean \"ns1\"?"));
        assert!(parsed(&["x", "y"], Some(&["cat"])).unwrap_err().contains("at most a namespace"));
    }
}
