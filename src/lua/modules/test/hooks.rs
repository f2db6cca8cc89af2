//! What is to be done before a file, a group or a test, and at a failure while everything still runs.

use std::rc::Rc;

use mlua::Lua;

use super::bundle::Bundle;
use super::event::{Failure, Id};
use super::scope::Sort;
use super::state::Tests;
use crate::draw::{Form, Picture};
use crate::lua::lab::Lab;

/// Called before the code of a file, a group or a test runs.
pub fn enters(lua: &Lua, lab: &Rc<Lab>) {
    lab.part::<Bundle>().enter(lua, lab);
}

/// Called when it has ended, with what it deferred.
pub fn left(lab: &Rc<Lab>) {
    lab.part::<Bundle>().leave(lab);
}

/// Called once for each test, group or file that failed, before what was deferred runs and before what it started is
/// ended: the lab is as the failure left it. Where what was deferred failed and nothing else, or all passed that was
/// expected to fail, it is called behind what was deferred.
pub fn failed(lua: &Lua, lab: &Rc<Lab>, sort: Sort, id: &Id, failures: &mut [Failure]) {
    if let (true, Some(first)) = (Tests::of(lab).settings.borrow().pictures, failures.first_mut()) {
        // A lab that can't be read has no picture.
        first.picture = Picture::of(&lab.namespaces).ok().map(|picture| picture.write(Form::Svg));
    }
    lab.part::<Bundle>().keep(lua, lab, sort, id, failures);
    lab.part::<Bundle>().pause(lua, lab, sort, id, failures);
}
