//! The reference page of the book: `docs/reference.md`.

use std::fmt::Write;

use super::{Docs, short, signature};
use crate::lua::schema::{FunctionDoc, ShapeDoc};

/// The whole page, in Markdown.
pub fn reference() -> String {
    let docs = Docs::collect();
    let mut out = String::from(
        "# Reference\n\nWritten by `nsh doc --markdown`; don't edit. The same texts: `nsh doc link.add`, `help(link.add)`.\n\n",
    );
    for m in &docs.modules {
        let _ = writeln!(
            out,
            "- [{}](#{}): {}",
            m.name,
            m.name.replace('.', ""),
            super::text::first_sentence(m.doc)
        );
    }
    for m in &docs.modules {
        let _ = writeln!(out, "\n## {}\n\n{}", m.name, m.doc);
        if m.per_namespace {
            let _ = writeln!(out, "\nOn a namespace: `ns1.{}`.", m.name);
        }
        if m.library {
            let _ = writeln!(out, "\nIn a script: `local {} = require({:?})`.", short(m.name), m.name);
        }
        m.all().for_each(|f| function(&mut out, f.name, f));
    }
    if !docs.classes.is_empty() {
        out.push_str("\n# Handles\n");
    }
    for class in docs.classes.values() {
        let name = short(class.name);
        let _ = writeln!(out, "\n## {name}\n\n{}", class.doc);
        if !class.fields.is_empty() {
            out.push('\n');
        }
        for f in &class.fields {
            let _ = writeln!(out, "- `{}` ({}): {}", f.name, f.luals.replace("nsh.", ""), f.doc);
        }
        class.methods.iter().for_each(|m| function(&mut out, &format!("{name}:{}", m.name), m));
    }
    if !docs.records.is_empty() {
        out.push_str("\n# Records\n");
    }
    for record in docs.records.values() {
        let _ = writeln!(out, "\n## {}\n\n{}\n", short(record.name), record.doc);
        for f in &record.fields {
            let _ = writeln!(out, "- `{}` ({}): {}", f.name, f.luals.replace("nsh.", ""), f.doc);
        }
    }
    out
}

fn function(out: &mut String, name: &str, f: &FunctionDoc) {
    let _ = writeln!(out, "\n### `{}`\n\n{}", signature(name, f), f.doc);
    f.list().iter().for_each(|list| out.push_str(&format!("\n{list}\n")));
    if let Some(command) = f.command {
        let _ = writeln!(out, "\nLike `{command}`.");
    }
    if !f.params.is_empty() {
        out.push('\n');
    }
    for p in &f.params {
        let optional = if p.optional { " (optional)" } else { "" };
        match &p.shape {
            Some(shape) => {
                let _ = writeln!(out, "- `{}`{optional}: {}", p.name, p.doc);
                options(out, shape, 2);
            }
            None => {
                let _ = writeln!(out, "- `{}`{optional}, {}: {}", p.name, p.expected, p.doc);
            }
        }
    }
    if let Some(r) = &f.returns {
        let _ = writeln!(out, "\nReturns `{}`: {}.", r.luals.replace("nsh.", ""), r.doc);
    }
    if !f.example.is_empty() {
        let _ = writeln!(out, "\n```lua\n{}\n```", f.example);
    }
}

fn options(out: &mut String, shape: &ShapeDoc, indent: usize) {
    for f in &shape.fields {
        let required = if f.required { " (required)" } else { "" };
        let _ = writeln!(out, "{:indent$}- `{}`{required}, {}: {}", "", f.name, f.expected, f.doc);
        if let Some(inner) = f.shape.as_ref().filter(|inner| inner.name != shape.name) {
            options(out, inner, indent + 2);
        }
    }
}
