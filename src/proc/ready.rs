//! Waiting until a process is ready: until it listens, says so, or has made a file.

use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::{Exit, Next, Process, Which};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::Deadline;
use crate::model::Words;
use crate::net::namespace::Namespace;
use crate::net::socket::{self, Filter, Owners, Proto};

/// How soon what can't be waited for by events is looked at again; doubled each time, up to the second.
const SOON: Duration = Duration::from_millis(2);
const LATER: Duration = Duration::from_millis(50);

/// What must hold until a process counts as ready.
pub struct Condition<E> {
    /// As in "not ready after 10 s: no file /run/x.ctl".
    missing: Box<dyn Fn() -> String>,
    met: Met<E>,
    /// Whether nothing tells when it comes true, so that it must be looked at again and again.
    polled: bool,
    /// Readable when there may be news.
    watch: Option<Inotify>,
}

type Met<E> = Box<dyn FnMut(&Process) -> std::result::Result<bool, E>>;

impl<E: From<Error> + 'static> Condition<E> {
    /// Anything: `met` is asked again and again.
    pub fn new(
        missing: impl Fn() -> String + 'static,
        met: impl FnMut(&Process) -> std::result::Result<bool, E> + 'static,
    ) -> Self {
        Condition { missing: Box::new(missing), met: Box::new(met), polled: true, watch: None }
    }

    /// A line of its stdout or stderr that `matches`.
    pub fn line(
        shown: &str,
        mut matches: impl FnMut(&[u8]) -> std::result::Result<bool, E> + 'static,
    ) -> Self {
        let missing = format!("no line matched {shown:?}");
        let mut cursors = [(Which::Stdout, 0), (Which::Stderr, 0)];
        let met = move |process: &Process| {
            for (which, at) in &mut cursors {
                while let Next::Line(line) = process.line_at(*which, at)? {
                    if matches(&line)? {
                        return Ok(true);
                    }
                }
            }
            Ok(false)
        };
        Condition { polled: false, ..Condition::new(move || missing.clone(), met) }
    }

    /// Something that listens on the port of TCP or UDP.
    ///
    /// Raises `exists` if something does already, since that would tell nothing.
    pub fn port(ns: &Rc<Namespace>, proto: Proto, port: u16) -> Result<Self> {
        let what = format!("{} port {port}", proto.name().to_uppercase());
        if listening(ns, proto, port)? {
            let e = Error::new(Kind::Exists, format!("something listens on {what} already"));
            return Err(e.hint("so it can't tell when the process is ready; `ss -lntup` shows who it is"));
        }
        let ns = ns.clone();
        let met = move |_: &Process| Ok(listening(&ns, proto, port)?);
        Ok(Condition::new(move || format!("nothing listens on {what}"), met))
    }

    /// A file, made anew or written since now. `shown` is its path as the process knows it.
    pub fn file(path: PathBuf, shown: &Path) -> Self {
        let watch = path.parent().and_then(|directory| watch(directory).ok());
        let before = state_of(&path);
        let missing = match before {
            None => format!("no file {}", shown.display()),
            Some(_) => format!("{} is as it was before", shown.display()),
        };
        let polled = watch.is_none();
        let met = move |_: &Process| Ok(state_of(&path).is_some_and(|now| Some(now) != before));
        Condition { polled, watch, ..Condition::new(move || missing.clone(), met) }
    }
}

/// What tells two files under one name apart, and a file from what it was.
fn state_of(path: &Path) -> Option<(u64, u64, i64, i64)> {
    let m = path.symlink_metadata().ok()?;
    Some((m.dev(), m.ino(), m.ctime(), m.ctime_nsec()))
}

fn watch(directory: &Path) -> nix::Result<Inotify> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    let news = AddWatchFlags::IN_CREATE
        | AddWatchFlags::IN_MOVED_TO
        | AddWatchFlags::IN_CLOSE_WRITE
        | AddWatchFlags::IN_ATTRIB;
    inotify.add_watch(directory, news)?;
    Ok(inotify)
}

/// Whether something listens on the port in the namespace, on whatever address.
fn listening(ns: &Namespace, proto: Proto, port: u16) -> Result<bool> {
    Ok(!socket::list(ns, &Filter::waiting(proto, port), &Owners::nobody())?.is_empty())
}

impl Process {
    /// Waits until all the conditions hold. Each that held once is not looked at again.
    ///
    /// Raises `timeout` if they don't in time, and `exit` if it ended before, with what it printed last.
    pub fn until<E: From<Error> + 'static>(
        &self,
        mut conditions: Vec<Condition<E>>,
        timeout: Duration,
    ) -> std::result::Result<(), E> {
        let (started, deadline) = (Instant::now(), Deadline::after(timeout));
        let mut again = SOON;
        loop {
            let ended = self.exit()?;
            let mut i = 0;
            while let Some(condition) = conditions.get_mut(i) {
                if let Some(watch) = &condition.watch {
                    let _ = watch.read_events();
                }
                match (condition.met)(self)? {
                    true => drop(conditions.remove(i)),
                    false => i += 1,
                }
            }
            if conditions.is_empty() {
                return Ok(());
            }
            let missing: Vec<String> = conditions.iter().map(|c| (c.missing)()).collect();
            let missing = missing.join(", ");
            if let Some(exit) = ended {
                return Err(self.ended_unready(exit, &missing).into());
            }
            if deadline.passed() {
                let after = started.elapsed().as_secs_f64();
                let text = format!("not ready after {after:.1} s: {missing}{}", self.said());
                return Err(Error::new(Kind::Timeout, text).into());
            }
            let watches: Vec<_> =
                conditions.iter().filter_map(|c| c.watch.as_ref()).map(AsFd::as_fd).collect();
            let next = match conditions.iter().any(|c| c.polled) {
                true => Deadline::after(again).min(deadline),
                false => deadline,
            };
            self.news(&watches, next)?;
            again = (again * 2).min(LATER);
        }
    }

    fn ended_unready(&self, exit: Exit, missing: &str) -> Error {
        let e = Error::new(Kind::Exit, format!("{exit} before it was ready: {missing}{}", self.said()));
        match exit {
            Exit::Code(0) => {
                e.hint("a daemon that goes into the background must be told to stay: -f, --foreground, ...")
            }
            _ => e,
        }
    }
}
