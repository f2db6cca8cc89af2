//! Argument and record shapes: one table from which values are decoded, and their types and docs are told.
//!
//! - [`Type`] says what a Lua value must be, and decodes it ([`ty`] has the ready ones).
//! - [`Shape`] is an options table: each field carries name, type, doc and its typed setter.
//! - [`Record`] is a table that comes back: each field carries name, type, doc and its typed getter.
//! - [`Function`] has typed parameters, a typed return, docs, the equivalent command and a runnable example.
//! - [`Class`] is a handle that owns something running, with its methods.
//!
//! What is documented is therefore what is decoded and what is returned: neither can drift.

mod class;
mod declare;
mod function;
mod listed;
mod push;
pub mod raise;
mod record;
mod rows;
mod shape;
pub mod ty;

pub use crate::base::text::similar as did_you_mean;
pub use class::{Class, ClassDoc, Handle, Object};
pub(in crate::lua) use declare::{options, record, shape};
pub use function::{
    AndMore, Args, BodyLast, Function, FunctionDoc, MethodDoc, Param, ParamDoc, Rest, Return, ReturnDoc,
    opts, param, ret,
};
pub use record::{Builder, Record, RecordDoc, RecordFieldDoc, is_list, tag, tag_list};
pub use rows::{field, object};
pub use shape::{FieldDoc, Shape, ShapeDoc};
pub use ty::Type;

use std::rc::Rc;

use mlua::{Lua, Value};

use crate::base::error::{Error, Kind};
use crate::lua::lab::Lab;
use crate::net::namespace::Namespace;

/// The type of the Lua object that stands for a namespace; the module `namespace` makes it.
pub const NAMESPACE: &str = "nsh.Namespace";

/// What a binding works with: the interpreter, the lab, and the namespace on whose table it was called.
pub struct Cx<'a> {
    pub lua: &'a Lua,
    pub lab: &'a Rc<Lab>,
    pub ns: &'a Rc<Namespace>,
}

/// Why a binding failed: something to tell the user, or an error of Lua's own that passes through (one that a
/// script's function raised, or out of memory).
#[derive(Debug)]
pub enum Failure {
    User(Error),
    Lua(mlua::Error),
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        Failure::User(e)
    }
}

impl From<mlua::Error> for Failure {
    fn from(e: mlua::Error) -> Self {
        Failure::Lua(e)
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        Failure::User(wrong.into())
    }
}

/// A value that isn't what it must be, and where: `opts.mtu: expected an integer from 68 to 65535, got ...`.
#[derive(Debug)]
pub struct Wrong {
    path: String,
    message: String,
    hint: Option<String>,
    kind: Kind,
}

impl Wrong {
    pub fn new(message: impl Into<String>) -> Self {
        Wrong { path: String::new(), message: message.into(), hint: None, kind: Kind::Argument }
    }

    /// A right argument that names nothing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Wrong { kind: Kind::NotFound, ..Wrong::new(message) }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn expected(what: &str, got: &Value) -> Self {
        Wrong::new(format!("expected {what}, got {}", describe(got)))
    }

    /// Puts a step in front of the path: a parameter, a field, or `[3]`.
    pub fn within(mut self, step: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => step.to_owned(),
            path if path.starts_with('[') => format!("{step}{path}"),
            path => format!("{step}.{path}"),
        };
        self
    }
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Wrong::new(message)
    }
}

/// What a floor below found wrong with a value.
impl From<Error> for Wrong {
    fn from(e: Error) -> Self {
        Wrong { path: String::new(), message: e.message(), hint: e.fields().hint.clone(), kind: e.kind() }
    }
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        let text = match wrong.path.as_str() {
            "" => wrong.message,
            path => format!("{path}: {}", wrong.message),
        };
        let error = Error::new(wrong.kind, text);
        match wrong.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// How an error message names a value: `the string "1500"`, `the number 1.5`, `nil`, `a table`.
pub fn describe(value: &Value) -> String {
    match value {
        Value::Nil => "nil".to_owned(),
        Value::Boolean(b) => format!("the boolean {b}"),
        Value::Integer(i) => format!("the integer {i}"),
        Value::Number(n) => format!("the number {n}"),
        Value::String(s) => {
            let text = s.to_string_lossy();
            let cut: String = text.chars().take(60).collect();
            let dots = if cut.len() < text.len() { "..." } else { "" };
            format!("the string {cut:?}{dots}")
        }
        Value::Table(_) => "a table".to_owned(),
        Value::Function(_) => "a function".to_owned(),
        Value::Thread(_) => "a coroutine".to_owned(),
        Value::UserData(ud) => match ud.type_name() {
            Ok(name) => format!("a {}", name.to_string_lossy().trim_start_matches("nsh.").to_lowercase()),
            _ => "a userdata".to_owned(),
        },
        Value::Error(_) => "an error".to_owned(),
        _ => "a userdata".to_owned(),
    }
}
