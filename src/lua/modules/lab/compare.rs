//! Two labs, compared: what each has that stays while nobody changes anything, and that two labs built alike have in
//! common. Hardware addresses that nobody chose are no part of that, nor are processes, their sockets, and what the module
//! `nat` shows of the ruleset.

use std::cell::{Cell, RefCell};
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
use crate::net::namespace::Namespace;
use crate::net::settle;
use crate::proc::{self, Context, Exit, Spec};

/// The kernel takes 25 to 75 ms to take a deleted namespace's links away.
const QUIET: Duration = Duration::from_millis(150);
const MOST_EVENTS: usize = 100;
/// How long a deleted namespace's links are waited for on a busy machine.
const GONE: Duration = Duration::from_secs(1);
/// Programs of iptables answer in milliseconds.
const PROGRAMS: Duration = Duration::from_secs(30);

/// What a namespace has of one kind (`links`, `routes`), a line each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub namespace: String,
    pub name: String,
    pub lines: Vec<String>,
}

/// Begins a line of a picture for rules that are not in it.
pub const UNREAD: &str = "not read: the rules of";

/// The name of the function that takes a picture in a replayed script.
pub const TAKE: &str = "__state";

thread_local! {
    static TAKEN: RefCell<Vec<Vec<Part>>> = const { RefCell::new(Vec::new()) };
    static WITH_LEGACY: Cell<bool> = const { Cell::new(false) };
}

fn parts(lua: &Lua, lab: &Rc<Lab>, with_legacy: bool) -> mlua::Result<Vec<Part>> {
    for ns in lab.namespaces.all().map_err(mlua::Error::external)? {
        ns.unsettle();
    }
    // What doesn't settle is compared as it is.
    let _ = settle::settle(&lab.namespaces).and_then(|()| quiet(lab));
    let cx = Cx { lua, lab, ns: lab.namespaces.host() };
    let deadline = Deadline::after(GONE);
    let mut parts = loop {
        let moment = now(&cx).map_err(mlua::Error::external)?;
        let parts = text::comparable(lua, &record().table(lua, &moment)?)?;
        if !parts.iter().any(has_lost_end) || deadline.passed() {
            break parts;
        }
        // Its other end may be in a namespace that is being deleted.
        let _ = quiet(lab);
    };
    for ns in lab.namespaces.all().map_err(mlua::Error::external)?.iter().filter(|_| with_legacy) {
        let of_nft = |part: &&mut Part| part.name == "nft" && part.namespace == ns.name();
        if let Some(part) = parts.iter_mut().find(of_nft) {
            part.lines.extend(legacy(lab, ns));
        }
    }
    Ok(parts)
}

/// The rules of iptables-legacy in a namespace, which nft doesn't know, as it shows those of iptables-nft.
fn legacy(lab: &Lab, ns: &Namespace) -> Vec<String> {
    let mut out = Vec::new();
    for version in ["ip", "ip6"] {
        // Which tables there are is not told to an ordinary user's `host`; asked for one, the kernel makes it.
        let shown = format!(
            "save=$(command -v {version}tables-legacy-save || echo {version}tables-save)
             for table in filter nat mangle raw; do $save -t $table 2> /dev/null; done |
             unshare -n sh -c '{version}tables-nft-restore && nft list ruleset'"
        );
        let mut spec = Spec::shell(shown);
        spec.timeout = Some(PROGRAMS);
        let context = Context { open_files: lab.place.open_files, on_host: !lab.place.sandboxed };
        let output = proc::Place::of(ns).and_then(|place| proc::exec(place, &spec, &context));
        match output {
            Ok(output) if output.exit == Exit::Code(0) => {
                out.extend(String::from_utf8_lossy(&output.stdout.bytes()).lines().map(str::to_owned));
            }
            _ => out.push(format!("{UNREAD} {version}tables-legacy")),
        }
    }
    out
}

/// Whether there is a link whose other end is in no namespace that has a name.
fn has_lost_end(part: &Part) -> bool {
    let elsewhere = |line: &String| {
        let name = line.split_whitespace().next().unwrap_or_default();
        let number = name.split_once("@if").is_some_and(|(_, n)| n.bytes().all(|byte| byte.is_ascii_digit()));
        number && !line.contains("link-netns ")
    };
    part.name == "links" && part.lines.iter().any(elsewhere)
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

/// What there is in the lab of the calling process's namespace, with rules of iptables-legacy if that was used. Call it in
/// a process of its own: what the interpreter holds keeps namespaces alive.
pub fn state(place: Place, with_legacy: bool) -> Option<Vec<Part>> {
    let mut taken = None;
    with_interpreter(
        place,
        false,
        |_| Ok(()),
        |lua, lab| {
            taken = Some(parts(lua, lab, with_legacy)?);
            Ok(0)
        },
    );
    taken
}

/// Whether the pictures that a script takes have rules of iptables-legacy.
pub fn with_legacy(with: bool) {
    WITH_LEGACY.set(with);
}

/// Gives a script the function that takes pictures; for the `setup` of an interpreter.
pub fn install(lua: &Lua) -> mlua::Result<()> {
    let take = lua.create_function(|lua, ()| {
        let parts = parts(lua, &Lab::of(lua)?, WITH_LEGACY.get())?;
        TAKEN.with_borrow_mut(|taken| taken.push(parts));
        Ok(())
    })?;
    lua.globals().raw_set(TAKE, take)
}

/// The pictures that were taken in this process.
pub fn taken() -> Vec<Vec<Part>> {
    TAKEN.take()
}
