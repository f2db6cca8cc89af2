//! Lua source: values, calls, and how they are laid out.

use std::fmt::Write;

use super::act::Space;
use super::args::WordList;
use crate::lua::modules::MODULES;

/// How wide a line may be, as in stylua.toml.
const WIDTH: usize = 110;

/// A piece of a text that is put together when the script runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// An expression; `number` says that it is an integer rather than a string.
    Code {
        code: String,
        number: bool,
    },
}

/// Puts a piece behind the others; texts that follow each other become one.
pub fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Text(last)), Piece::Text(more)) => last.push_str(&more),
        (_, piece) => pieces.push(piece),
    }
}

/// A Lua expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// A string, put together of pieces.
    Text(Vec<Piece>),
    /// A long text on several lines.
    Long(String),
    /// Anything else, as it is written.
    Code(String),
    Table(Vec<(String, Expr)>),
    List(Vec<Expr>),
    /// A namespace, which [`Expr::resolve`] puts a variable or a name in place of.
    Space(Space),
}

impl Expr {
    pub fn text(text: impl Into<String>) -> Expr {
        Expr::Text(vec![Piece::Text(text.into())])
    }

    pub fn code(code: impl ToString) -> Expr {
        Expr::Code(code.to_string())
    }

    /// Puts what `name` says in the place of namespaces.
    pub fn resolve(self, name: &mut dyn FnMut(&Space) -> String) -> Expr {
        match self {
            Expr::Space(space) => Expr::Code(name(&space)),
            Expr::List(items) => Expr::List(items.into_iter().map(|item| item.resolve(name)).collect()),
            Expr::Table(fields) => {
                Expr::Table(fields.into_iter().map(|(field, value)| (field, value.resolve(name))).collect())
            }
            other => other,
        }
    }

    /// The expression on one line.
    pub fn flat(&self) -> String {
        match self {
            Expr::Text(pieces) => join(pieces),
            Expr::Long(text) => long(text),
            Expr::Code(code) => code.clone(),
            Expr::Space(_) => "host".to_owned(),
            Expr::List(items) if items.is_empty() => "{}".to_owned(),
            Expr::List(items) => {
                let items: Vec<String> = items.iter().map(Expr::flat).collect();
                format!("{{ {} }}", items.join(", "))
            }
            Expr::Table(fields) if fields.is_empty() => "{}".to_owned(),
            Expr::Table(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{} = {}", key(name), value.flat())).collect();
                format!("{{ {} }}", fields.join(", "))
            }
        }
    }

    /// The expression on several lines if it doesn't fit into one: `before` and `after` are the widths of what stands
    /// on its first and last line besides.
    fn layout(&self, indent: usize, before: usize, after: usize) -> String {
        let flat = self.flat();
        if flat.contains('\n') || indent + before + flat.len() + after <= WIDTH {
            return flat;
        }
        let pad = " ".repeat(indent + 2);
        let items: Vec<String> = match self {
            Expr::Table(fields) => fields
                .iter()
                .map(|(name, value)| {
                    let name = key(name);
                    format!("{name} = {}", value.layout(indent + 2, name.len() + 3, 1))
                })
                .collect(),
            Expr::List(items) => items.iter().map(|item| item.layout(indent + 2, 0, 1)).collect(),
            _ => return flat,
        };
        let mut out = "{\n".to_owned();
        for item in items {
            let _ = writeln!(out, "{pad}{item},");
        }
        let _ = write!(out, "{}}}", " ".repeat(indent));
        out
    }
}

/// A call with its arguments, the last of which may be laid out on several lines.
pub fn call(indent: usize, before: &str, args: &[Expr], after: &str) -> String {
    let flat: Vec<String> = args.iter().map(Expr::flat).collect();
    let Some((last, rest)) = args.split_last() else { return format!("{before}(){after}") };
    let mut head = format!("{before}(");
    for arg in rest {
        head.push_str(&arg.flat());
        head.push_str(", ");
    }
    let whole = format!("{before}({}){after}", flat.join(", "));
    if whole.len() + indent <= WIDTH {
        return whole;
    }
    format!("{head}{}){after}", last.layout(indent, head.len(), after.len() + 1))
}

fn join(pieces: &[Piece]) -> String {
    match pieces {
        [] => return "\"\"".to_owned(),
        [Piece::Code { code, number: true }] => return format!("tostring({code})"),
        _ => {}
    }
    let pieces: Vec<String> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => quote(text),
            Piece::Code { code, .. } => code.clone(),
        })
        .collect();
    pieces.join(" .. ")
}

/// A string literal.
pub fn quote(text: &str) -> String {
    let single = text.contains('"') && !text.contains('\'');
    let mark = if single { '\'' } else { '"' };
    let mut out = String::from(mark);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c == mark => out.extend(['\\', c]),
            // Three digits, so that a digit that follows is not taken for one of them.
            c if c.is_ascii_control() => {
                let _ = write!(out, "\\{:03}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push(mark);
    out
}

/// A long string, with as many `=` as it needs.
fn long(text: &str) -> String {
    let mut level = String::new();
    while text.contains(&format!("]{level}]")) || text.ends_with(&format!("]{level}")) {
        level.push('=');
    }
    if text.contains('\r') {
        return quote(text);
    }
    format!("[{level}[\n{text}]{level}]")
}

/// A table's key.
fn key(name: &str) -> String {
    if is_identifier(name) { name.to_owned() } else { format!("[{}]", quote(name)) }
}

const KEYWORDS: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local",
    "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// Names that scripts have besides the modules': those of Lua, of nsh's other globals, and of what translations define.
const OTHERS: WordList = WordList(
    "arg assert collectgarbage coroutine debug dofile error events fetches firewall getmetatable help host \
     io ipairs load loadfile math next os package pairs pcall print rawequal rawget rawlen rawset reaches \
     require running select setmetatable string table tc tonumber tostring traceroute try type utf8 warn \
     xpcall",
);

/// Whether scripts have this name already: a translated variable is named otherwise.
pub fn is_taken(name: &str) -> bool {
    MODULES.find(name).is_some() || OTHERS.has(name)
}

/// Whether Lua takes it as a name.
pub fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
        && !KEYWORDS.contains(&name)
}

/// A name for a variable that is about `name`: free of what Lua and nsh have, and of those in `used`.
pub fn identifier(name: &str, fallback: &str, used: &dyn Fn(&str) -> bool) -> String {
    let mut base: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(40).collect();
    if base.starts_with(|c: char| c.is_ascii_digit()) || base.is_empty() || base.chars().all(|c| c == '_') {
        base = format!("{fallback}_{base}");
    }
    if !is_identifier(&base) || is_taken(&base) {
        base = format!("{base}_{fallback}");
    }
    let mut out = base.clone();
    let mut number = 2;
    while used(&out) {
        out = format!("{base}_{number}");
        number += 1;
    }
    out
}
