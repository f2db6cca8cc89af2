//! What is to be done at a failure while everything still runs.

use std::rc::Rc;

use mlua::Lua;

use super::event::{Failure, Id};
use crate::lua::lab::Lab;

/// Called once for each test, group or file that failed, before what was deferred runs and before what it started is
/// ended: the lab is as the failure left it.
pub fn failed(lua: &Lua, lab: &Rc<Lab>, _id: &Id, _failures: &[Failure]) {
    let pause = lab.tests.settings.borrow().pause;
    if let Some(pause) = pause {
        pause(lua, lab);
    }
}
