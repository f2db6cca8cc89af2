//! Two labs, compared: what each has that stays while nobody changes anything, and that two labs built alike have in
//! common. Hardware addresses that nobody chose are no part of that, nor are processes, their sockets, and what the module
//! `nat` shows of the ruleset.

use std::cell::RefCell;
use std::rc::Rc;

use mlua::Lua;
use serde::{Deserialize, Serialize};

pub use super::text::changes;
use super::{now, record, text};
use crate::lua::lab::{Lab, Place};
use crate::lua::modules::with_interpreter;
use crate::lua::schema::Cx;
use crate::net::settle;

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
    let _ = settle::settle(&lab.namespaces);
    let cx = Cx { lua, lab, ns: lab.namespaces.host() };
    let moment = now(&cx).map_err(mlua::Error::external)?;
    text::comparable(lua, &record().table(lua, &moment)?)
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
