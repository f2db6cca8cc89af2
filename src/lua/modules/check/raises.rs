//! `check.error`: that something fails, and how.

use mlua::{MultiValue, Value};

use super::values::find;
use super::{WithMessage, claim, message, with_message};
use crate::base::error::Kind;
use crate::lua::modules::test::unwinding;
use crate::lua::runtime::bind;
use crate::lua::runtime::explain;
use crate::lua::runtime::render::show;
use crate::lua::schema::{Cx, Failure, Function, Shape, Type, opts, param, ret, ty};

#[derive(Default)]
struct Wanted {
    kind: Option<Kind>,
    pattern: Option<mlua::LuaString>,
    plain: bool,
    message: Option<String>,
}

impl WithMessage for Wanted {
    fn message(&mut self) -> &mut Option<String> {
        &mut self.message
    }
}

impl Wanted {
    fn shown(&self) -> String {
        let mut text =
            self.kind.map_or("an error".to_owned(), |k| format!("an error of kind {:?}", k.name()));
        if let Some(pattern) = &self.pattern {
            text.push_str(&format!(" with {:?}", pattern.to_string_lossy()));
        }
        text
    }
}

/// The kind and the message of what was raised.
fn parts(cx: &Cx<'_>, raised: &Value) -> mlua::Result<(Option<String>, String)> {
    match raised {
        Value::Table(e) if bind::is_error(cx.lua, raised) => Ok((e.raw_get("kind")?, e.raw_get("message")?)),
        Value::Table(table) if table.metatable().is_none() => Ok((None, show(raised))),
        Value::Error(e) => Ok((None, explain::text_of(e))),
        other => Ok((None, other.to_string()?)),
    }
}

fn held(cx: &Cx<'_>, wanted: &Wanted, raised: &Value) -> Result<Result<(), String>, Failure> {
    let (kind, text) = parts(cx, raised)?;
    let fits = match &wanted.pattern {
        Some(pattern) => find(cx, &cx.lua.create_string(&text)?, pattern, wanted.plain)?
            .map_err(|wrong| wrong.within("match").within("opts"))?
            .is_some(),
        None => true,
    };
    let right_kind = wanted.kind.is_none_or(|wanted| kind.as_deref() == Some(wanted.name()));
    Ok(match (right_kind && fits, kind) {
        (true, _) => Ok(()),
        (false, Some(came)) if !right_kind => {
            Err(format!("expected {}, got one of kind {came:?}: {text}", wanted.shown()))
        }
        (false, _) => Err(format!("expected {}, got {text}", wanted.shown())),
    })
}

/// Calls `f`, which must raise the wanted error; returns the error.
fn call(cx: &Cx<'_>, f: mlua::Function, wanted: &Wanted) -> Result<Value, Failure> {
    let pcall: mlua::Function = cx.lua.globals().get("pcall")?;
    let mut results: MultiValue = pcall.call(f)?;
    if let Some(e) = unwinding(cx.lab) {
        return Err(e.into());
    }
    let message = wanted.message.as_deref();
    if matches!(results.pop_front(), Some(Value::Boolean(true))) {
        claim(cx, message, Err(format!("expected {}, but nothing was raised", wanted.shown())))?;
        return Ok(Value::Nil);
    }
    let raised = results.pop_front().unwrap_or(Value::Nil);
    let held = held(cx, wanted, &raised)?;
    claim(cx, message, held)?;
    Ok(raised)
}

pub fn error() -> Function {
    let kinds: Vec<(&'static str, Kind)> = Kind::ALL
        .iter()
        // These are not for a script to catch.
        .filter(|k| !matches!(k, Kind::Interrupted | Kind::Skipped))
        .map(|k| (k.name(), *k))
        .collect();
    let kind = move || -> Type<Kind> { ty::one_of(&kinds) };
    let shape = Shape::<Wanted>::new("nsh.check.ErrorOptions")
        .field("kind", kind(), "the kind that it must have; any if left out", |o, v| o.kind = Some(v))
        .field("match", ty::lua_string(), "a Lua pattern that must be found in its message", |o, v| {
            o.pattern = Some(v)
        })
        .field("plain", ty::boolean(), "`match` is plain text; default false", |o, v| o.plain = v);
    let wanted =
        opts(with_message(shape)).or(kind().map(|kind| Wanted { kind: Some(kind), ..Wanted::default() }));
    Function::new(
        "check.error",
        (
            param("fn", ty::function(), "must raise an error"),
            wanted.named("kind", "the kind that the error must have, or more about it; any if left out"),
            message(),
        ),
        ret::value::<Value>("nsh.Error", "the error, to look at its other fields"),
        |cx, (f, mut wanted, message)| {
            wanted.message = wanted.message.or(message);
            call(cx, f, &wanted)
        },
    )
    .doc(
        "Claims that a function raises an error, of a kind or with a message, and returns the error.\n\n\
         Raises `check` if nothing is raised, or something else.",
    )
}
