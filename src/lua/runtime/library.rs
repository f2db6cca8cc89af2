//! The library written in Lua, `require("nsh.topology")`: part of the binary, and found before any file.
//!
//! Its modules use the bindings as scripts do. As second argument their chunks get what only nsh's own code has
//! ([`internals`]): errors of the same form as the bindings', at the line of the script that called.

use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, MultiValue, Table, Value};

use super::bind;
use super::lab::Lab;
use crate::base::error::Error;
use crate::lua::schema::{Failure, Wrong, did_you_mean};
use crate::net::link;

/// What begins so is nsh's own; no file of the script's can take its place.
const PREFIX: &str = "nsh.";

/// A module of the library.
#[derive(Debug)]
pub struct Source {
    /// As `require` takes it.
    pub name: &'static str,
    /// Its file in stdlib/.
    pub file: &'static str,
    pub text: &'static str,
    /// Whether it is for scripts, and documented; the others are parts of these.
    pub public: bool,
}

macro_rules! source {
    ($public:literal $name:literal $file:literal) => {
        Source {
            name: $name,
            file: $file,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/stdlib/", $file)),
            public: $public,
        }
    };
}

/// All modules, sorted by name; a test compares them with the files of stdlib/nsh.
pub const SOURCES: &[Source] = &[
    source!(true "nsh.bird" "nsh/bird.lua"),
    source!(false "nsh.bird.answer" "nsh/bird/answer.lua"),
    source!(false "nsh.bird.config" "nsh/bird/config.lua"),
    source!(true "nsh.frr" "nsh/frr.lua"),
    source!(false "nsh.frr.config" "nsh/frr/config.lua"),
    source!(false "nsh.router.spec" "nsh/router/spec.lua"),
    source!(false "nsh.router.start" "nsh/router/start.lua"),
    source!(true "nsh.topology" "nsh/topology.lua"),
    source!(false "nsh.topology.address" "nsh/topology/address.lua"),
    source!(false "nsh.topology.addressing" "nsh/topology/addressing.lua"),
    source!(false "nsh.topology.build" "nsh/topology/build.lua"),
    source!(false "nsh.topology.cable" "nsh/topology/cable.lua"),
    source!(false "nsh.topology.generate" "nsh/topology/generate.lua"),
    source!(false "nsh.topology.grow" "nsh/topology/grow.lua"),
    source!(false "nsh.topology.net" "nsh/topology/net.lua"),
    source!(false "nsh.topology.plan" "nsh/topology/plan.lua"),
    source!(false "nsh.topology.read" "nsh/topology/read.lua"),
    source!(false "nsh.topology.routing" "nsh/topology/routing.lua"),
    source!(false "nsh.topology.show" "nsh/topology/show.lua"),
];

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
    SOURCES.iter().filter(|s| s.public).map(|s| s.name)
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
            bind::set_name(lua, &module, source.name)?;
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
/// of a namespace sends, or no longer.
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
    Ok(table)
}

fn silence(lua: &Lua) -> mlua::Result<Function> {
    bind::raising(lua, |lua, (name, dev, silent): (String, String, bool)| {
        let named = |e: Error| e.on(dev.clone()).in_namespace(&name);
        let ns = Lab::of(lua)?.namespaces.require(&name).map_err(|e| bind::named(e, "link.silence"))?;
        link::silence(&ns, &dev, silent).map_err(|e| bind::named(named(e), "link.silence"))?;
        Ok(MultiValue::new())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_module() {
        fn files(directory: &std::path::Path, out: &mut Vec<String>) {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    files(&path, out);
                } else {
                    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib");
                    out.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        let mut there = Vec::new();
        files(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib/nsh"), &mut there);
        there.sort();
        let mut listed: Vec<&str> = SOURCES.iter().map(|s| s.file).collect();
        listed.sort_unstable();
        assert_eq!(listed, there);
        for source in SOURCES {
            assert_eq!(source.name.replace('.', "/") + ".lua", source.file);
        }
        assert!(SOURCES.is_sorted_by_key(|s| s.name));
    }
}
