//! What a lab knows of its script's tests: how they are to be run, where it stands, and what came so far.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mlua::Lua;

use super::event::{Event, Failure, Id, Sink};
use super::plain::Plain;
use super::scope::{Scope, Sort};
use crate::base::error::{Error, Kind};
use crate::base::wait;
use crate::lua::lab::Lab;
use crate::lua::schema::Cx;

/// Which tests of the file run; the others are told as found.
#[derive(Clone, Default)]
pub enum Selection {
    /// All but those with a lab of their own.
    #[default]
    All,
    /// None. The file's own code runs, since it is what makes the tests.
    List,
    /// The one of this name ([`Id::name`]), be it with a lab of its own or not.
    Only(String),
    /// Those whose name suits, but for those with a lab of their own.
    Matching(Rc<dyn Fn(&str) -> bool>),
}

/// Says why something that a test needs (`ip`, `vlan`, `root`) is not there; `None` if it is. Fails for what nothing is
/// called.
pub type Missing = Rc<dyn Fn(&str) -> Result<Option<String>, Error>>;

/// How a file's tests are run.
#[derive(Clone, Default)]
pub struct Settings {
    pub select: Selection,
    /// Of each test that does not say otherwise; `None` for as long as it takes.
    pub test_timeout: Option<Duration>,
    /// The first test that fails ends the file.
    pub fail_fast: bool,
    /// Whether failures are to leave files for the bundle.
    pub artifacts: bool,
    /// Whether the last packets of every link are to be among them.
    pub capture: bool,
    /// Whether failures are to have a picture of the lab.
    pub pictures: bool,
    /// Called at a failure while everything still runs.
    pub pause: Option<fn(&Lua, &Rc<Lab>)>,
    /// Answers to `needs`; without it only programs are looked for.
    pub missing: Option<Missing>,
    /// Called when the file's code has ended and nothing failed, before what it deferred: the lab stays up until it
    /// returns.
    pub stay: Option<Rc<dyn Fn()>>,
    /// The exit status is all that is told of `os.exit`, as without tests.
    pub plain: bool,
}

/// Finds what explains a failure, as a hint.
pub type Doubt = Box<dyn Fn(&Cx<'_>) -> Option<String>>;

/// The part of a lab that tests are about. A prompt has it, too.
pub struct Tests {
    pub(super) settings: RefCell<Settings>,
    sink: RefCell<Rc<dyn Sink>>,
    /// The file, then the groups and the test that run just now.
    pub(super) scopes: RefCell<Vec<Scope>>,
    /// Where each test stands, by its full name.
    names: RefCell<HashMap<String, Option<String>>>,
    pub(super) began: Cell<Instant>,
    /// The test that runs: since when, and how many checks had passed then.
    pub(super) running: RefCell<Option<(Id, Instant, u64)>>,
    pub(super) failed: Cell<usize>,
    /// Checks that passed in tests; the others are the file's own.
    pub(super) checks: Cell<u64>,
    /// A test failed, and nothing else is to run.
    pub(super) stopping: Cell<bool>,
    /// What was deferred is running.
    pub(super) tidying: Cell<bool>,
    /// Once interrupted: until when what was deferred may run.
    pub(super) until: Cell<Option<Instant>>,
    /// How many `eventually` are trying: what checks find in them is not the last word.
    pub trying: Cell<u32>,
    /// What explains the last failure that one of them saw; asked when it gives up.
    pub doubt: RefCell<Option<Doubt>>,
    /// `os.exit` is on its way.
    pub(super) exiting: Cell<bool>,
}

impl Default for Tests {
    fn default() -> Self {
        Tests {
            settings: RefCell::new(Settings { plain: true, ..Settings::default() }),
            sink: RefCell::new(Rc::new(Plain::default())),
            scopes: RefCell::new(vec![Scope::new(Sort::File, "", 0)]),
            names: RefCell::default(),
            began: Cell::new(Instant::now()),
            running: RefCell::default(),
            failed: Cell::default(),
            checks: Cell::default(),
            stopping: Cell::default(),
            tidying: Cell::default(),
            until: Cell::default(),
            trying: Cell::default(),
            doubt: RefCell::default(),
            exiting: Cell::default(),
        }
    }
}

impl Tests {
    /// What a lab knows of its tests.
    pub fn of(lab: &Lab) -> Rc<Tests> {
        lab.part()
    }

    /// Says how the tests of a script are run, and where to tell of them.
    pub(super) fn begin(&self, settings: Settings, sink: Rc<dyn Sink>) {
        *self.settings.borrow_mut() = settings;
        *self.sink.borrow_mut() = sink;
        self.began.set(Instant::now());
    }

    pub fn tell(&self, event: Event) {
        self.sink().tell(&event.bounded());
    }

    pub fn sink(&self) -> Rc<dyn Sink> {
        self.sink.borrow().clone()
    }

    /// Whether failures are to leave files for the bundle.
    pub fn wants_artifacts(&self) -> bool {
        self.settings.borrow().artifacts
    }

    /// What runs just now; the file's own code where nothing else does.
    pub(super) fn inside(&self) -> Sort {
        self.scopes.borrow().last().map_or(Sort::File, |scope| scope.sort)
    }

    pub(super) fn with_top<R>(&self, f: impl FnOnce(&mut Scope) -> R) -> Option<R> {
        self.scopes.borrow_mut().last_mut().map(f)
    }

    /// The names of the groups that run just now, with one more behind them.
    pub(super) fn path(&self, name: &str) -> Vec<String> {
        let scopes = self.scopes.borrow();
        let groups = scopes.iter().filter(|s| s.sort == Sort::Group).map(|s| s.name.clone());
        groups.chain([name.to_owned()]).collect()
    }

    /// Enters a test's name, which must be new in the file.
    pub(super) fn enter(&self, id: &Id) -> Result<(), Error> {
        let mut names = self.names.borrow_mut();
        match names.get(&id.name()) {
            None => {
                names.insert(id.name(), id.at.clone());
                Ok(())
            }
            Some(first) => {
                let first = first.as_deref().unwrap_or("an earlier line");
                Err(Error::new(Kind::Exists, format!("there is a test {:?} already, at {first}", id.name()))
                    .hint("each test of a file has a name of its own; test.each makes names from its cases"))
            }
        }
    }

    /// Whether all went well so far, and was meant to.
    pub(super) fn well(&self) -> bool {
        self.failed.get() == 0
            && self.with_top(|top| top.soft.is_empty() && top.xfail.is_none()) != Some(false)
    }

    /// Whether this run is to run the test.
    pub(super) fn selects(&self, name: &str, own_lab: bool) -> bool {
        if self.stopping.get() {
            return false;
        }
        match &self.settings.borrow().select {
            Selection::All => !own_lab,
            Selection::List => false,
            Selection::Only(wanted) => name == wanted,
            Selection::Matching(suits) => !own_lab && suits(name),
        }
    }

    /// Counts a soft check's failure against what runs just now.
    pub fn soft(&self, failure: Failure) {
        self.with_top(|scope| scope.soft.push(failure));
    }

    /// Takes away the soft failures that came since there were so many; for what is tried and may fail.
    pub fn soft_since(&self, count: usize) -> Vec<Failure> {
        self.with_top(|scope| scope.soft.split_off(count.min(scope.soft.len()))).unwrap_or_default()
    }

    pub fn soft_count(&self) -> usize {
        self.with_top(|scope| scope.soft.len()).unwrap_or_default()
    }
}

/// The error that must pass through whatever catches errors: an interrupt, `skip`, or the end of the run.
pub fn unwinding(lab: &Lab) -> Option<Error> {
    if wait::interrupted().is_some() {
        return Some(wait::interrupted_error());
    }
    if Tests::of(lab).stopping.get() {
        return Some(stopped());
    }
    Tests::of(lab).with_top(|scope| scope.skip.clone()).flatten().map(skipped)
}

pub(super) fn stopped() -> Error {
    Error::new(Kind::Interrupted, "stopped after the first failure")
}

pub(super) fn skipped(reason: String) -> Error {
    Error::new(Kind::Skipped, reason)
}
