//! The lab of one interpreter: its namespaces, and what must be ended when the script ends.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mlua::Lua;

use super::changes::Changes;
use super::echo;
use crate::base::error::Result;
use crate::lua::modules::test::{Bundle, Tests};
use crate::net::namespace::Namespaces;

/// Ends something; false when there is nothing left to end.
type Closer = Box<dyn Fn() -> bool>;

/// What is known of the place that the script runs in.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// False under `--host`.
    pub sandboxed: bool,
    /// The soft limit of open files before nsh raised it, given back to processes.
    pub open_files: Option<u64>,
    /// The file behind the lab's `/etc/hosts`, to be kept up to date; `None` under `--host`.
    pub hosts: Option<std::path::PathBuf>,
    /// Where the commands go that do the same as the script (`--echo`).
    pub echo: Option<Rc<echo::Output>>,
}

impl Place {
    pub fn of(lab: &crate::sandbox::Lab) -> Place {
        Place {
            sandboxed: lab.sandboxed,
            open_files: Some(lab.nofile.0),
            hosts: lab.hosts.clone(),
            ..Place::default()
        }
    }
}

/// The lab of one interpreter.
pub struct Lab {
    pub namespaces: Namespaces,
    pub place: Place,
    /// Whether errors carry Lua's traceback (`--trace`).
    pub trace: bool,
    closers: RefCell<Vec<Closer>>,
    /// What runs though the script has lost its handle.
    kept: RefCell<Vec<Closer>>,
    /// Passed checks, for the summary.
    pub checks: Cell<u64>,
    /// What the script has of tests, and what it deferred.
    pub tests: Tests,
    /// What changed since the last of them.
    pub changes: Changes,
    /// What is to be kept of failures.
    pub bundle: Bundle,
}

impl Lab {
    pub fn new(place: Place, trace: bool) -> Result<Rc<Self>> {
        let namespaces = Namespaces::new("/run/netns")?;
        if let Some(output) = &place.echo {
            echo::begin(&namespaces.echo, output, place.sandboxed);
        }
        Ok(Rc::new(Lab {
            namespaces,
            place,
            trace,
            closers: RefCell::default(),
            kept: RefCell::default(),
            checks: Cell::default(),
            tests: Tests::default(),
            changes: Changes::default(),
            bundle: Bundle::default(),
        }))
    }

    /// The lab that an interpreter works in.
    pub fn of(lua: &Lua) -> mlua::Result<Rc<Lab>> {
        lua.app_data_ref::<Rc<Lab>>()
            .map(|lab| Rc::clone(&lab))
            .ok_or_else(|| mlua::Error::runtime("the interpreter has no lab"))
    }

    /// Has `close` called when the script ends, last in, first out.
    pub fn at_end(&self, close: impl Fn() -> bool + 'static) {
        let mut closers = self.closers.borrow_mut();
        closers.push(Box::new(close));
    }

    /// Keeps what the closure holds as long as it returns true.
    pub fn keep(&self, running: impl Fn() -> bool + 'static) {
        let mut kept = self.kept.borrow_mut();
        kept.push(Box::new(running));
        kept.retain(|running| running());
    }

    /// Where the list of what runs ends just now, for [`Lab::close_since`].
    pub fn mark(&self) -> usize {
        self.closers.borrow().len()
    }

    /// Ends everything that still runs.
    pub fn close_all(&self) {
        self.close_since(0);
    }

    /// Ends what was begun since the mark was taken and still runs.
    pub fn close_since(&self, mark: usize) {
        while self.closers.borrow().len() > mark {
            let Some(close) = self.closers.borrow_mut().pop() else { return };
            close();
        }
    }
}
