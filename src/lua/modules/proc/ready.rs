//! `proc.spawn`'s `ready`: what must hold until a process counts as ready.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use mlua::{Function, LuaString, MultiValue, Table, Value};

use crate::base::error::Result;
use crate::lua::schema::{self, Cx, Failure, Type, options, ty};
use crate::net::socket::Proto;
use crate::proc::{self, Condition, Cover};

/// How long to wait unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

options! {
    pub(super) struct Ready = "nsh.proc.Ready" {
        ports as "port": Vec<u16>, port(),
            "something listens on this TCP port of the namespace, or on all of these";
        udp: Vec<u16>, port(), "the same of UDP";
        lines as "line": Vec<LuaString>, ty::one_or_list(ty::lua_string()),
            "a line of its stdout or stderr in which this pattern (as of string.find) is found, or one for each of these";
        files as "file": Vec<PathBuf>, ty::one_or_list(file()),
            "it has made this file (a control socket, say), or all of these, or written anew what was there";
        f as "fn": Option<Function>, ty::function(),
            "this returns something other than nil and false; asked every 50 ms, and raising counts as not yet";
        pub timeout: Duration = TIMEOUT, ty::seconds(), "how long to wait; default 10 seconds";
    }
}

fn port() -> Type<Vec<u16>> {
    ty::one_or_list(ty::int(1..=65535))
}

fn file() -> Type<PathBuf> {
    ty::string().try_map(|s| {
        let path = PathBuf::from(s);
        proc::check_path(&path).map_err(|e| e.message())?;
        Ok(path)
    })
}

impl Ready {
    /// The conditions, for a process of the namespace that is about to be started.
    pub fn conditions(self, cx: &Cx<'_>, covers: &[Cover]) -> Result<Vec<Condition<Failure>>> {
        let mut out = Vec::new();
        for (proto, ports) in [(Proto::Tcp, self.ports), (Proto::Udp, self.udp)] {
            for port in ports {
                out.push(Condition::port(cx.ns, proto, port)?);
            }
        }
        for path in self.files {
            out.push(Condition::file(proc::outside(covers, &path), &path));
        }
        for pattern in self.lines {
            let lua = cx.lua.clone();
            out.push(Condition::line(&pattern.to_string_lossy(), move |line| {
                let find: Function = lua.globals().get::<Table>("string")?.get("find")?;
                let line = lua.create_string(line)?;
                Ok(find.call::<Option<i64>>((line, &pattern))?.is_some())
            }));
        }
        if let Some(f) = self.f {
            out.push(function(cx, f));
        }
        Ok(out)
    }
}

fn function(cx: &Cx<'_>, f: Function) -> Condition<Failure> {
    let lua = cx.lua.clone();
    let last = Rc::new(RefCell::new("fn was not asked".to_owned()));
    let told = last.clone();
    let met = move |_: &proc::Process| {
        let pcall: Function = lua.globals().get("pcall")?;
        let results: MultiValue = pcall.call(f.clone())?;
        let value = results.get(1).cloned().unwrap_or(Value::Nil);
        let reason = match (results.front(), &value) {
            (Some(Value::Boolean(true)), Value::Nil | Value::Boolean(false)) => {
                format!("fn returned {}", schema::describe(&value))
            }
            (Some(Value::Boolean(true)), _) => return Ok(true),
            _ => format!("fn raised: {}", value.to_string()?.replace('\n', " ")),
        };
        *last.borrow_mut() = reason;
        Ok(false)
    };
    Condition::new(move || told.borrow().clone(), met)
}
