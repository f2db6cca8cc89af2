//! The lab of one interpreter: its namespaces, and what must be ended when the script ends.

pub mod echo;

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use mlua::Lua;

use crate::base::error::Result;
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
    pub fn of(lab: &crate::sandbox::Sandbox) -> Place {
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
    /// What the floors above keep for each lab; see [`Lab::part`].
    parts: RefCell<HashMap<TypeId, Rc<dyn Any>>>,
}

impl Lab {
    pub fn new(place: Place, trace: bool) -> Result<Rc<Self>> {
        let namespaces = Namespaces::new("/run/netns")?;
        if let Some(output) = &place.echo {
            echo::begin(&namespaces, output, place.sandboxed);
        }
        Ok(Rc::new(Lab {
            namespaces,
            place,
            trace,
            closers: RefCell::default(),
            kept: RefCell::default(),
            checks: Cell::default(),
            parts: RefCell::default(),
        }))
    }

    /// The lab that an interpreter works in.
    pub fn of(lua: &Lua) -> mlua::Result<Rc<Lab>> {
        lua.app_data_ref::<Rc<Lab>>()
            .map(|lab| Rc::clone(&lab))
            .ok_or_else(|| mlua::Error::runtime("the interpreter has no lab"))
    }

    /// The lab's own `T`, made when first asked for: the state of tests, of what changed, and whatever else a floor
    /// above keeps for each lab.
    pub fn part<T: Default + 'static>(&self) -> Rc<T> {
        let part = self.parts.borrow().get(&TypeId::of::<T>()).cloned();
        let part = part.and_then(|part| part.downcast().ok());
        part.unwrap_or_else(|| {
            let made = Rc::new(T::default());
            self.parts.borrow_mut().insert(TypeId::of::<T>(), made.clone());
            made
        })
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
