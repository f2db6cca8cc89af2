//! The types that LuaLS and EmmyLua read: `stdlib/types/nsh.lua`.

use std::fmt::Write;

use super::{Docs, ModuleDoc, short};
use crate::lua::schema::FunctionDoc;

const HEAD: &str = "---@meta\n-- Written by `nsh types`; don't edit.\n";

const NAMESPACE: &str = "\n---A network namespace: a host of the lab.\n---@class nsh.Namespace\n\
                         ---@field name string its name; `host` for the one in which the lab begins\n";

const ERROR: &str = "\n---What a failed call raises; `pcall` gives it.\n---@class nsh.Error\n\
---@field kind string what sort of failure: \"exists\", \"not_found\", ...\n\
---@field message string one line, without the script's position and the hint\n\
---@field op? string the call, such as \"route.add\"\n\
---@field subject? string what it was tried on\n\
---@field namespace? string the namespace in which it was tried\n\
---@field errno? string the kernel's errno, such as \"EEXIST\"\n\
---@field detail? string the kernel's extended ack, or what else is known\n\
---@field hint? string what to try\n\
---@field at? string the script's file and line\n\
---@field changed? string[] of a failed check: what changed in the lab since the last passed one, if anything\n\
---@field diff? string of a failed check: both values side by side\n\
---@field traceback? string Lua's traceback, with --trace\n";

const GLOBALS: &str = "\n---The namespace in which the lab begins; the globals act on it.\n\
---@type nsh.Namespace\nhost = nil\n\n\
---Shows the documentation of a module, function, handle or name; a word that is none of these is searched for.\n\
---@param what? any\nfunction help(what) end\n";

/// The whole file. The library's types stand in its own files.
pub fn types() -> String {
    let docs = Docs::bindings();
    let mut out = HEAD.to_owned();
    out.push_str(ERROR);
    out.push_str(NAMESPACE);
    for module in docs.modules.iter().filter(|m| m.per_namespace && !m.name.contains('.')) {
        let _ = writeln!(out, "---@field {} nsh.{}", module.name, module.name);
    }
    for (short, module) in crate::lua::modules::namespace::SHORT {
        let called = docs.modules.iter().find(|m| m.name == *module);
        if let Some(f) =
            called.and_then(|m| m.functions.iter().find(|f| f.name == format!("{module}.{short}")))
        {
            let _ = writeln!(out, "---@field {short} {}", function_type(f));
        }
    }
    for shape in docs.shapes.values() {
        let _ = writeln!(out, "\n---@class (exact) {}", shape.name);
        for f in &shape.fields {
            let optional = if f.required { "" } else { "?" };
            let _ = writeln!(out, "---@field {}{optional} {} {}", f.name, f.luals, one_line(f.doc));
        }
    }
    for record in docs.records.values() {
        comment(&mut out, record.doc);
        let _ = writeln!(out, "---@class {}", record.name);
        for f in &record.fields {
            let (name, luals) = match f.luals.strip_suffix('?') {
                Some(luals) => (format!("{}?", f.name), luals),
                None => (f.name.to_owned(), f.luals.as_str()),
            };
            let _ = writeln!(out, "---@field {name} {luals} {}", one_line(f.doc));
        }
    }
    for class in docs.classes.values() {
        comment(&mut out, class.doc);
        let local = short(class.name);
        let _ = writeln!(out, "---@class {}\nlocal {local} = {{}}", class.name);
        class.methods.iter().for_each(|m| function(&mut out, &format!("{local}:{}", m.name), m));
    }
    docs.modules.iter().for_each(|m| module(&mut out, m));
    out.push_str(GLOBALS);
    out
}

/// The files that an editor needs, by their paths in a directory: the types, and the library, whose comments are read.
pub fn type_files() -> Vec<(&'static str, String)> {
    let library = crate::lua::runtime::library::SOURCES.iter().map(|s| (s.file.as_str(), s.text.to_owned()));
    std::iter::once(("nsh.lua", types())).chain(library).collect()
}

fn module(out: &mut String, m: &ModuleDoc) {
    if let (true, Some(call)) = (m.bare, &m.call) {
        return function(out, m.name, call);
    }
    comment(out, m.doc);
    let _ = writeln!(out, "---@class nsh.{}", m.name);
    if let Some(call) = &m.call {
        let _ = writeln!(out, "---@overload {}", function_type(call));
        overload(out, call);
    }
    let _ = writeln!(out, "{} = {{}}", m.name);
    m.functions.iter().for_each(|f| function(out, f.name, f));
}

fn function(out: &mut String, name: &str, f: &FunctionDoc) {
    comment(out, f.doc);
    for p in &f.params {
        let optional = if p.optional { "?" } else { "" };
        let _ = writeln!(out, "---@param {}{optional} {} {}", p.name, p.luals, one_line(p.doc));
    }
    if let Some(r) = &f.returns {
        let _ = writeln!(out, "---@return {} # {}", r.luals, one_line(r.doc));
    }
    overload(out, f);
    f.listed.iter().for_each(|key| list(out, f, *key));
    let names: Vec<&str> = f.params.iter().map(|p| p.name).collect();
    let _ = writeln!(out, "function {name}({}) end", names.join(", "));
}

/// What may be left out from between is left out in an overload: `test("name", fn)`.
fn overload(out: &mut String, f: &FunctionDoc) {
    let between = f.params.windows(2).any(|pair| pair[0].optional && !pair[1].optional);
    if between {
        let params = f.params.iter().filter(|p| !p.optional).cloned().collect();
        let _ = writeln!(out, "---@overload {}", function_type(&FunctionDoc { params, ..f.clone() }));
    }
}

/// A list of what the function takes one by one.
fn list(out: &mut String, f: &FunctionDoc, key: Option<&str>) {
    let options = f.params.last().map_or("table", |p| p.luals.as_str());
    let item = match key {
        Some(_) => "table".to_owned(),
        None => options.to_owned(),
    };
    let _ = writeln!(out, "---@overload fun(list: {item}[])");
}

/// `fun(dst: string, opts?: nsh.ping.Options): nsh.PingResult`
fn function_type(f: &FunctionDoc) -> String {
    let params: Vec<String> = f
        .params
        .iter()
        .map(|p| format!("{}{}: {}", p.name, if p.optional { "?" } else { "" }, p.luals))
        .collect();
    match &f.returns {
        Some(r) => format!("fun({}): {}", params.join(", "), r.luals),
        None => format!("fun({})", params.join(", ")),
    }
}

fn comment(out: &mut String, doc: &str) {
    out.push('\n');
    for line in doc.lines() {
        let _ = writeln!(out, "---{}", line.trim_end());
    }
}

fn one_line(doc: &str) -> String {
    doc.replace('\n', " ")
}
