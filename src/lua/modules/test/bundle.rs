//! What is kept of a failure: the state of the lab before and after, what changed, and the last packets.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mlua::Lua;

use super::event::{Failure, Id};
use super::scope::Sort;
use super::state::Tests;
use crate::lua::lab::Lab;
use crate::lua::modules::lab::{self, Moment};
use crate::lua::runtime::explain;
use crate::lua::schema::Cx;
use crate::net::namespace::Namespace;
use crate::probe::capture::{self, Capture, Place, Recording};

/// How much of the packets is kept, for the whole lab.
const PACKETS: usize = 5000;
const BYTES: usize = 8 << 20;

/// What a lab needs to tell of failures later. Nothing is done unless it is asked for.
#[derive(Default)]
pub struct Bundle {
    /// The state at the beginning of the file, and of the groups and the test that run.
    before: RefCell<Vec<Result<Moment, String>>>,
    capture: RefCell<Option<Capture>>,
    /// It could not be, and why.
    refused: RefCell<Option<String>>,
    /// What is to be told at a prompt.
    failure: RefCell<Option<String>>,
    /// A prompt is open, in which nothing is a failure of the file's.
    pausing: Cell<bool>,
}

impl Bundle {
    /// Looks at the lab as it is before the file, a group or a test begins.
    pub fn enter(&self, lua: &Lua, lab: &Rc<Lab>) {
        if !Tests::of(lab).wants_artifacts() {
            return;
        }
        if self.before.borrow().is_empty() && Tests::of(lab).settings.borrow().capture {
            self.record(lab);
        }
        let cx = Cx { lua, lab, ns: lab.namespaces.host() };
        self.before.borrow_mut().push(lab::now(&cx).map_err(|e| e.message()));
    }

    pub fn leave(&self, lab: &Lab) {
        if Tests::of(lab).wants_artifacts() {
            self.before.borrow_mut().pop();
        }
    }

    /// Records the packets of all namespaces that there are.
    fn record(&self, lab: &Lab) {
        let options =
            Recording { max_packets: PACKETS, max_bytes: BYTES, last: true, ..Recording::default() };
        let started = lab.namespaces.all().and_then(|all| {
            let places: Vec<Place<'_>> =
                all.iter().map(|namespace| Place { namespace, links: Vec::new() }).collect();
            capture::start(&places, options)
        });
        match started {
            Ok(capture) => *self.capture.borrow_mut() = Some(capture),
            Err(e) => *self.refused.borrow_mut() = Some(e.message()),
        }
    }

    /// Records the packets of a new namespace, too.
    pub fn watch(&self, ns: &Namespace) {
        if let Some(capture) = &*self.capture.borrow()
            && let Err(e) = capture.watch(ns)
        {
            self.refused.borrow_mut().get_or_insert_with(|| format!("{}: {}", ns.name(), e.message()));
        }
    }

    /// Lets go of a namespace that is about to be deleted.
    pub fn unwatch(&self, name: &str) {
        if let Some(capture) = &*self.capture.borrow() {
            capture.unwatch(name);
        }
    }

    /// Keeps what there is to keep of a failure.
    pub fn keep(&self, lua: &Lua, lab: &Rc<Lab>, sort: Sort, id: &Id, failures: &[Failure]) {
        if !Tests::of(lab).wants_artifacts() {
            return;
        }
        let sink = Tests::of(lab).sink();
        let directory = directory(if sort == Sort::File { &[] } else { &id.path });
        let put = |name: &str, bytes: &[u8]| sink.artifact(&format!("{directory}{name}"), bytes);
        // The packets first: to look at the rest may cause some.
        if let Some(capture) = &*self.capture.borrow() {
            put("capture.pcapng", &capture.pcapng());
        }
        let outputs = crate::lua::modules::proc::outputs();
        if !outputs.is_empty() {
            put("processes.txt", &outputs);
        }
        let mut told: String = failures.iter().map(|f| explain::text(f) + "\n").collect();
        if let Some(reason) = &*self.refused.borrow() {
            told.push_str(&format!("packets were not captured everywhere: {reason}\n"));
        }
        let cx = Cx { lua, lab, ns: lab.namespaces.host() };
        let after = lab::now(&cx).map_err(|e| e.message()).and_then(|after| table(lua, &after));
        let before = match self.before.borrow().last() {
            Some(Ok(before)) => table(lua, before),
            Some(Err(e)) => Err(e.clone()),
            None => Err("it was not looked at".to_owned()),
        };
        for (name, state) in [("before", &before), ("after", &after)] {
            match state {
                Ok(state) => {
                    put(&format!("{name}.json"), lab::to_json(state).as_bytes());
                    put(&format!("{name}.txt"), line(lab::text(state)).as_bytes());
                }
                Err(e) => told.push_str(&format!("no {name}: the state of the lab could not be read: {e}\n")),
            }
        }
        if let (Ok(before), Ok(after)) = (&before, &after) {
            match lab::difference(lua, before, after) {
                Ok(text) => put("diff.txt", text.as_bytes()),
                Err(e) => told.push_str(&format!("no diff: {e}\n")),
            }
        }
        put("failure.txt", told.as_bytes());
    }

    /// Opens the prompt, if that is wanted.
    pub fn pause(&self, lua: &Lua, lab: &Rc<Lab>, sort: Sort, id: &Id, failures: &[Failure]) {
        let Some(pause) = Tests::of(lab).settings.borrow().pause else { return };
        if self.pausing.replace(true) {
            return;
        }
        let what = match sort {
            Sort::File => format!("{} failed", id.name()),
            Sort::Group => format!("group {:?} failed", id.name()),
            Sort::Test => format!("test {:?} failed", id.name()),
        };
        let texts: Vec<String> = failures.iter().map(explain::text).collect();
        *self.failure.borrow_mut() = Some(format!("{what}\n{}", texts.join("\n")));
        pause(lua, lab);
        self.pausing.set(false);
    }

    /// What failed, for the prompt to say.
    pub fn failure(&self) -> Option<String> {
        self.failure.borrow().clone()
    }
}

fn table(lua: &Lua, moment: &Moment) -> Result<mlua::Table, String> {
    lab::record().table(lua, moment).map_err(|e| e.to_string())
}

fn line(text: mlua::Result<String>) -> String {
    text.map_or_else(|e| e.to_string(), |text| text + "\n")
}

/// Where the files of a failure go: in a directory for each group and test, and at the top for the file itself, whose
/// path is empty.
pub fn directory(path: &[String]) -> String {
    path.iter().map(|part| part.replace(['/', '\0'], "_") + "/").collect()
}
