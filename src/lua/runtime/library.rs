//! The library written in Lua, `require("nsh.topology")`: part of the binary, and found before any file.
//!
//! Its modules use the bindings as scripts do. As second argument their chunks get what only nsh's own code has
//! ([`internals`]): errors of the same form as the bindings', at the line of the script that called.

use std::sync::LazyLock;

use include_dir::{Dir, File, include_dir};
use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, MultiValue, Table, Value};

use super::{bind, shaping};
use crate::base::error::Error;
use crate::lua::lab::Lab;
use crate::lua::schema::{Cx, Failure, Type, Wrong, did_you_mean};
use crate::net::tc;

/// What begins so is nsh's own; no file of the script's can take its place.
const PREFIX: &str = "nsh.";

static LIBRARY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/stdlib/nsh");

/// A module of the library.
#[derive(Debug)]
pub struct Source {
    /// As `require` takes it.
    pub name: String,
    /// Its file in stdlib/.
    pub file: String,
    pub text: &'static str,
    /// Whether it is for scripts, and documented; those in folders are parts of these.
    pub public: bool,
}

impl Source {
    fn of(file: &'static File<'static>) -> Option<Self> {
        let path = file.path().with_extension("").to_str()?.replace('/', ".");
        Some(Source {
            name: format!("{PREFIX}{path}"),
            file: format!("nsh/{}", file.path().display()),
            text: file.contents_utf8()?,
            public: !path.contains('.'),
        })
    }
}

/// All modules, sorted by name.
pub static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    fn all(directory: &'static Dir<'static>, out: &mut Vec<Source>) {
        out.extend(directory.files().filter_map(Source::of));
        directory.dirs().for_each(|inner| all(inner, out));
    }
    let mut sources = Vec::new();
    all(&LIBRARY, &mut sources);
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
});

/// Lets `require` find the library.
pub fn install(lua: &Lua) -> mlua::Result<()> {
    let internals = internals(lua)?;
    let search = bind::raising(lua, move |lua, name: String| match name.strip_prefix(PREFIX) {
        Some(_) => match SOURCES.iter().find(|s| s.name == name) {
            Some(source) => {
                let loader = Value::Function(loader(lua, source)?);
                Ok(MultiValue::from_iter([loader, Value::Table(internals.clone())]))
            }
            None => Err(unknown(&name)),
        },
        None => {
            let ours = public().find(|own| own.strip_prefix(PREFIX) == Some(name.as_str()));
            let hint = ours.map(|own| format!("did you mean require({own:?})?"));
            let hint = hint.map(|text| lua.create_string(text)).transpose()?;
            Ok(MultiValue::from_iter(hint.map(Value::String)))
        }
    })?;
    let package: Table = lua.globals().get("package")?;
    package.raw_get::<Table>("searchers")?.raw_insert(1, search)
}

/// The names of those that are for scripts.
pub fn public() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().filter(|s| s.public).map(|s| s.name.as_str())
}

fn unknown(name: &str) -> Failure {
    let wrong = Wrong::new(format!("nsh has no module {name:?}"));
    let hint = match did_you_mean(name, public()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("it has {}", public().collect::<Vec<_>>().join(", ")),
    };
    bind::named(wrong.hint(hint), "require")
}

/// What `require` calls to run a module: its chunk, after which `help` knows what it returned.
fn loader(lua: &Lua, source: &'static Source) -> mlua::Result<Function> {
    let chunk = lua
        .load(source.text)
        .set_name(format!("=[{}]", source.name))
        .set_mode(ChunkMode::Text)
        .into_function()?;
    lua.create_function(move |lua, args: MultiValue| {
        let module: Value = chunk.call(args)?;
        if let (Value::Table(table), true) = (&module, source.public) {
            let short = source.name.trim_start_matches(PREFIX);
            bind::set_name(lua, &module, &source.name)?;
            for pair in table.pairs::<String, Value>() {
                let (name, value) = pair?;
                if value.is_function() {
                    bind::set_name(lua, &value, &format!("{short}.{name}"))?;
                }
            }
        }
        Ok(module)
    })
}

/// What the library has besides the bindings: `raise(op, kind, message, hint)` raises an error as the bindings do,
/// `similar(word, words)` gives the nearest of several words, if one is near; `describe(value)` names a value as
/// errors do; `document(f, name)` tells `help` what a function is called; `silence(ns, dev, silent)` drops what a link
/// of a namespace sends, or no longer; `SHAPE` are the names of the options of `link.shape` that both ends of a link can have, and `wrong_shape(path, opts)` says
/// what is wrong with such options, and gives a hint.
fn internals(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let raise = bind::raising(
        lua,
        |_,
         (op, kind, message, hint): (String, String, String, Option<String>)|
         -> Result<MultiValue, Failure> {
            use crate::base::error::Kind;
            let kind = Kind::ALL.iter().find(|k| k.name() == kind).copied().unwrap_or(Kind::Argument);
            let error = Error::new(kind, message).op(op);
            Err(Failure::User(match hint {
                Some(hint) => error.hint(hint),
                None => error,
            }))
        },
    )?;
    table.raw_set("raise", raise)?;
    let similar = lua.create_function(|_, (word, words): (String, Vec<String>)| {
        Ok(did_you_mean(&word, words.iter().map(String::as_str)).map(str::to_owned))
    })?;
    table.raw_set("similar", similar)?;
    let document = lua.create_function(|lua, (f, name): (Value, String)| bind::set_name(lua, &f, &name))?;
    table.raw_set("document", document)?;
    let describe = lua.create_function(|_, value: Value| Ok(crate::lua::schema::describe(&value)))?;
    table.raw_set("describe", describe)?;
    table.raw_set("silence", silence(lua)?)?;
    table.raw_set("SHAPE", shaping::options().names())?;
    table.raw_set("wrong_shape", lua.create_function(wrong_shape)?)?;
    Ok(table)
}

/// The message and the hint of what is wrong with the options of `link.shape`, if something is.
fn wrong_shape(lua: &Lua, (path, value): (String, Value)) -> mlua::Result<(Option<String>, Option<String>)> {
    let lab = Lab::of(lua)?;
    let cx = Cx { lua, lab: &lab, ns: lab.namespaces.host() };
    let checked = Type::from(shaping::link_options())
        .decode(&cx, &value)
        .and_then(|shape| Ok(shape.check()?))
        .map_err(|wrong| Error::from(wrong.within(&path)));
    Ok(checked.map_or_else(|e| (Some(e.message()), e.fields().hint.clone()), |()| (None, None)))
}

fn silence(lua: &Lua) -> mlua::Result<Function> {
    bind::raising(lua, |lua, (name, dev, silent): (String, String, bool)| {
        let named = |e: Error| e.on(dev.clone()).in_namespace(&name);
        let ns = Lab::of(lua)?.namespaces.require(&name).map_err(|e| bind::named(e, "link.silence"))?;
        tc::silence(&ns, &dev, silent).map_err(|e| bind::named(named(e), "link.silence"))?;
        Ok(MultiValue::new())
    })
}
