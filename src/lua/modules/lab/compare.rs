//! Two labs, compared: what each has that stays while nobody changes anything, and that two labs built alike have in
//! common. Hardware addresses that nobody chose are no part of that, nor are processes, their sockets, and what the module
//! `nat` shows of the ruleset.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use mlua::Lua;
use serde::{Deserialize, Serialize};

pub use super::text::changes;
use super::{now, record, text};
use crate::base::error::Result;
use crate::base::wait::Deadline;
use crate::lua::lab::{Lab, Place};
use crate::lua::modules::with_interpreter;
use crate::lua::schema::Cx;
use crate::net::events::{Listener, Object};
use crate::net::settle;

/// The kernel takes 25 to 75 ms to take a deleted namespace's links away.
const QUIET: Duration = Duration::from_millis(150);
const MOST_EVENTS: usize = 100;

/// What a namespace has of one kind (`links`, `routes`), a line each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub namespace: String,
    pub name: String,
    pub lines: Vec<String>,
}

/// The name of the function that takes a picture in a replayed script.
pub const TAKE: &str = "__state";

thread_local! {
    static TAKEN: RefCell<Vec<Vec<Part>>> = const { RefCell::new(Vec::new()) };
}

fn parts(lua: &Lua, lab: &Rc<Lab>) -> mlua::Result<Vec<Part>> {
    for ns in lab.namespaces.all().map_err(mlua::Error::external)? {
        ns.unsettle();
    }
    // What doesn't settle is compared as it is.
    let _ = settle::settle(&lab.namespaces).and_then(|()| quiet(lab));
    let cx = Cx { lua, lab, ns: lab.namespaces.host() };
    let moment = now(&cx).map_err(mlua::Error::external)?;
    text::comparable(lua, &record().table(lua, &moment)?)
}

/// Waits until no more links come and go: those of a deleted namespace vanish a while after it.
fn quiet(lab: &Lab) -> Result<()> {
    let mut events = Listener::open(lab.namespaces.host(), &[Object::Link])?;
    for _ in 0..MOST_EVENTS {
        if !events.wait(Deadline::after(QUIET))? {
            break;
        }
    }
    Ok(())
}

/// What there is in the lab of the calling process's namespace. Call it in a process of its own: what the interpreter holds
/// keeps namespaces alive.
pub fn state(place: Place) -> Option<Vec<Part>> {
    let mut taken = None;
    with_interpreter(
        place,
        false,
        |_| Ok(()),
        |lua, lab| {
            taken = Some(parts(lua, lab)?);
            Ok(0)
        },
    );
    taken
}

/// Gives a script the function that takes pictures; for the `setup` of an interpreter.
pub fn install(lua: &Lua) -> mlua::Result<()> {
    let take = lua.create_function(|lua, ()| {
        let parts = parts(lua, &Lab::of(lua)?)?;
        TAKEN.with_borrow_mut(|taken| taken.push(parts));
        Ok(())
    })?;
    lua.globals().raw_set(TAKE, take)
}

/// The pictures that were taken in this process.
pub fn taken() -> Vec<Vec<Part>> {
    TAKEN.take()
}
