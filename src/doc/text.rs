//! Pages for a terminal: `nsh doc link.add`, `help(link.add)`.

use std::fmt::Write;

use super::{Docs, ModuleDoc, short, signature};
use crate::base::{terminal, text};
use crate::lua::schema::{ClassDoc, FunctionDoc, ParamDoc, RecordDoc, RecordFieldDoc, ShapeDoc};

/// The page of a module, function, class, method, record, or options table; `None` if nothing has that name. A
/// namespace's own (`ns1.link.add`) are those of the module.
pub fn page(docs: &Docs, name: &str) -> Option<String> {
    let function = |name: &str| docs.modules.iter().flat_map(ModuleDoc::all).find(|f| f.name == name);
    if let Some(module) = docs.modules.iter().find(|m| m.name == name || m.library && name == short(m.name)) {
        return Some(module_page(module));
    }
    if let Some(f) = function(name) {
        return Some(function_page(f.name, f));
    }
    for class in docs.classes.values() {
        if name == class.name || name == short(class.name) {
            return Some(class_page(class));
        }
        let prefixed = name.strip_prefix(short(class.name)).and_then(|rest| rest.strip_prefix([':', '.']));
        if let Some(method) = class.methods.iter().find(|m| Some(m.name) == prefixed) {
            return Some(function_page(&format!("{}:{}", short(class.name), method.name), method));
        }
    }
    if let Some(record) = docs.records.values().find(|r| name == r.name || name == short(r.name)) {
        return Some(record_page(record));
    }
    if let Some(shape) = docs.shapes.values().find(|s| name == s.name) {
        let mut out = format!("{}\n\n", shape.name);
        options(&mut out, shape, 2);
        return Some(out);
    }
    None
}

/// All modules with what they are for; what `nsh doc` and `help()` show.
pub fn overview(docs: &Docs) -> String {
    let mut out = String::from("nsh: networks of namespaces, scripted in Lua.\n\n");
    let width = docs.modules.iter().map(|m| m.name.len()).max().unwrap_or(0);
    for (i, module) in docs.modules.iter().enumerate() {
        if module.library && !docs.modules[i - 1].library {
            out.push_str("\nThe library, by require:\n\n");
        }
        let first = module.doc.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        let _ = writeln!(out, "  {:width$}  {}", module.name, hang(&first, width + 4));
    }
    out.push_str(
        "\nEach acts on the namespace host; those that are also fields of a namespace act there: ns1.link.add(...).\n\
         More: help(link), help(link.add), help \"veth\"; on the command line nsh doc link.add.\n",
    );
    out
}

/// The nearest name to one that has no page.
pub(super) fn nearest(docs: &Docs, name: &str) -> Option<String> {
    let mut names: Vec<String> = docs.modules.iter().map(|m| m.name.to_owned()).collect();
    names.extend(docs.modules.iter().flat_map(|m| m.all().map(|f| f.name.to_owned())));
    names.extend(docs.classes.keys().chain(docs.records.keys()).map(|n| short(n).to_owned()));
    crate::lua::schema::did_you_mean(name, names.iter().map(String::as_str)).map(str::to_owned)
}

/// The signature of a function with its first sentence, or a module's functions with theirs: what the prompt shows of
/// such a value. `None` for what is neither.
pub(super) fn brief(docs: &Docs, name: &str) -> Option<String> {
    if let Some(module) = docs.modules.iter().find(|m| m.name == name && !m.bare) {
        let mut out = format!("{}: {}\n", module.name, first_sentence(module.doc).replace('\n', " "));
        for f in module.all() {
            let own = f.name.strip_prefix(module.name).unwrap_or(f.name).trim_start_matches('.');
            let head = if own.is_empty() { module.name } else { own };
            let signature = signature(head, f);
            let call = signature.split(" -> ").next().unwrap_or_default();
            let _ = writeln!(out, "  {call}  {}", first_sentence(f.doc).replace('\n', " "));
        }
        let _ = writeln!(out, "help({name}) tells more");
        return Some(out);
    }
    let f = docs.modules.iter().flat_map(ModuleDoc::all).find(|f| f.name == name)?;
    let sentence = first_sentence(f.doc).replace('\n', " ");
    Some(format!("{}\n  {sentence}\nhelp({name}) tells more\n", signature(f.name, f)))
}

pub(super) fn first_sentence(doc: &str) -> &str {
    let end = doc.find(". ").map(|i| i + 1).into_iter().chain(doc.find('\n')).min();
    &doc[..end.unwrap_or(doc.len())]
}

fn module_page(module: &ModuleDoc) -> String {
    let mut out = format!("{}\n\n{}\n", module.name, wrap(module.doc, 2));
    if module.library {
        let _ = writeln!(out, "\n  In a script: local {} = require({:?})", short(module.name), module.name);
    }
    if module.per_namespace {
        let _ = writeln!(out, "  On a namespace: ns1.{}", module.name);
    }
    out.push('\n');
    for f in &module.functions {
        let _ = writeln!(out, "  {}\n      {}", signature(f.name, f), hang(first_sentence(f.doc), 6));
    }
    match &module.call {
        Some(call) if module.bare => function_page(call.name, call),
        Some(call) => format!("{out}\n{}", function_page(call.name, call)),
        None => out,
    }
}

fn class_page(class: &ClassDoc) -> String {
    let mut out = format!("{}\n\n{}\n\n", short(class.name), wrap(class.doc, 2));
    if !class.fields.is_empty() {
        record_fields(&mut out, &class.fields);
        out.push('\n');
    }
    for m in &class.methods {
        let name = format!("{}:{}", short(class.name), m.name);
        let _ = writeln!(out, "  {}\n      {}", signature(&name, m), hang(first_sentence(m.doc), 6));
    }
    out
}

fn record_page(record: &RecordDoc) -> String {
    let mut out = format!("{}\n\n{}\n\n", short(record.name), wrap(record.doc, 2));
    fields(&mut out, record);
    out
}

fn function_page(name: &str, f: &FunctionDoc) -> String {
    let mut out = format!("{}\n\n{}\n", signature(name, f), wrap(f.doc, 2));
    f.list().iter().for_each(|list| out.push_str(&format!("\n{}\n", wrap(list, 2))));
    if let Some(command) = f.command {
        let _ = writeln!(out, "\n  like: {command}");
    }
    if !f.params.is_empty() {
        out.push('\n');
    }
    for p in &f.params {
        parameter(&mut out, p);
    }
    if let Some(r) = &f.returns {
        let _ = writeln!(out, "\n  returns {}: {}", r.luals.replace("nsh.", ""), hang(r.doc, 4));
        if let Some(record) = &r.record {
            fields(&mut out, record);
        }
    }
    if !f.example.is_empty() {
        out.push_str("\n  example:\n");
        for line in f.example.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}

fn parameter(out: &mut String, p: &ParamDoc) {
    let optional = if p.optional { " (optional)" } else { "" };
    match &p.shape {
        Some(shape) => {
            let _ = writeln!(
                out,
                "  {}{optional}: {}",
                p.name,
                if p.name == "opts" { "options by name" } else { p.doc }
            );
            options(out, shape, 4);
        }
        None => {
            let _ =
                writeln!(out, "  {}{optional}: {}", p.name, hang(&format!("{}; {}", p.expected, p.doc), 6));
        }
    }
}

fn options(out: &mut String, shape: &ShapeDoc, indent: usize) {
    for f in &shape.fields {
        let required = if f.required { ", required" } else { "" };
        let text = format!("{}{required}: {}", f.expected, f.doc);
        let _ = writeln!(out, "{:indent$}{} = {}", "", f.name, hang(&text, indent + 4));
        // A shape within itself (a peer's peer) is told once.
        if let Some(inner) = f.shape.as_ref().filter(|inner| inner.name != shape.name) {
            options(out, inner, indent + 4);
        }
    }
}

fn fields(out: &mut String, record: &RecordDoc) {
    record_fields(out, &record.fields);
}

fn record_fields(out: &mut String, fields: &[RecordFieldDoc]) {
    for f in fields {
        let dot = if f.name.starts_with('[') { "" } else { "." };
        let _ = writeln!(
            out,
            "    {dot}{}  {}",
            f.name,
            hang(&format!("{}: {}", f.luals.replace("nsh.", ""), f.doc), 6)
        );
    }
}

/// Wraps each paragraph, indented; items of a list hang from their dashes.
fn wrap(text: &str, indent: usize) -> String {
    let paragraph = |p: &str| match p.starts_with("- ") {
        true => {
            let items: Vec<String> = p[2..]
                .split("\n- ")
                .map(|item| format!("{:indent$}- {}", "", hang(&item.replace('\n', " "), indent + 2)))
                .collect();
            items.join("\n")
        }
        false => format!("{:indent$}{}", "", hang(&p.replace('\n', " "), indent)),
    };
    text.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n")
}

/// Wraps a text whose first line stands already; the others are indented.
pub(super) fn hang(text: &str, indent: usize) -> String {
    text::hang(text, indent, terminal::text_width())
}
