//! Shell commands about the network (`ip`, `bridge`, `sysctl`, `iptables`, `nft`, `ping`, ...) as Lua: text to text.
//!
//! `lexer` and `parser` read the shell's language, `variables` expands words, `programs` and `ip` and `iptables` say
//! what a command comes to ([`act`]), `script` follows the shell's loops and conditions, and `emit` writes Lua. `echo`
//! goes the other way: from what was done to the commands that do the same.

mod act;
mod args;
mod echo;
mod emit;
mod foreign;
mod ip;
mod iptables;
mod lexer;
mod lua;
mod nft;
mod parser;
mod programs;
mod record;
mod run;
mod script;
mod transcribe;
mod tutorial;
mod typed;
mod variables;

pub use args::Reason;
pub use echo::lines;
pub use emit::{Globals, Program, variable};
pub use foreign::Foreign;
pub use lua::is_taken;
pub use record::{Recording, Tape, aside};
pub use run::ShellScript;
pub use transcribe::{Comparison, Transcript, transcribe};
pub use tutorial::Text;
pub use typed::{Step, Typed, What, behind_prompt, is_known, is_typed, length, line};

use emit::Emitter;
use parser::Node;
use script::Writer;
use tutorial::blocks;
use tutorial::decide::{self, Syntax};
use tutorial::words;

/// A command that is not translated.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Its line, from 1.
    pub line: usize,
    /// Its first line, as it stands there.
    pub source: String,
    /// How many commands it is made of.
    pub commands: usize,
    pub reason: Reason,
}

/// A translated text.
#[derive(Clone, Debug)]
pub struct Translation {
    pub lua: String,
    /// How many commands the text has.
    pub commands: usize,
    /// How many of them the script has.
    pub translated: usize,
    pub problems: Vec<Problem>,
}

impl Translation {
    /// What was not translated, a line each, and a summary.
    pub fn report(&self, name: &str) -> String {
        let mut out = String::new();
        for Problem { line, source, reason, .. } in &self.problems {
            out.push_str(&format!("{name}:{line}: not translated: {source}\n  {reason}\n"));
        }
        out.push_str(&format!("{} of {} commands translated\n", self.translated, self.commands));
        out
    }
}

/// A part of a text, read but not yet translated.
enum Item {
    Heading(String),
    Nodes { nodes: Vec<Node>, line: usize },
    Broken { line: usize, source: String, reason: Reason },
}

/// Translates a script of a shell, or the fenced blocks of a Markdown text. `name` is the text's file; it says which
/// of both it is (`.md`, `.sh`), else the text does.
pub fn text(text: &str, name: &str) -> Translation {
    let text = text.replace("\r\n", "\n");
    let lower = name.to_ascii_lowercase();
    let is_markdown = lower.ends_with(".md")
        || lower.ends_with(".markdown")
        || (!lower.ends_with(".sh") && !text.starts_with("#!") && blocks::has_fences(&text));
    let mut items = Vec::new();
    if is_markdown {
        for item in decide::decide(&text, &Known).items {
            match item {
                decide::Item::Heading(heading) => items.push(Item::Heading(heading)),
                decide::Item::Comment(comment) => read(&comment, 0, &mut items),
                decide::Item::Step(step) => read(&step.text, step.line, &mut items),
                decide::Item::Left(left) if left.command => {
                    let source = behind(&left.text);
                    match words::placeholder(source) {
                        Some(reason) => items.push(Item::Broken {
                            line: left.line,
                            source: source.to_owned(),
                            reason: Reason::new(reason),
                        }),
                        None => read(source, left.line, &mut items),
                    }
                }
                decide::Item::Left(left) => drop(left),
                decide::Item::Blank => items.push(Item::Nodes { nodes: vec![Node::Blank], line: 0 }),
            }
        }
    } else {
        read(&text, 1, &mut items);
    }
    let mut out = Emitter::default();
    for item in &items {
        if let Item::Nodes { nodes, .. } = item {
            out.variables.scan(nodes);
        }
    }
    let mut writer = Writer::new(out);
    writer.out.markdown = is_markdown;
    for item in items {
        match item {
            Item::Heading(heading) => {
                writer.out.blank();
                writer.out.comment(&heading);
                writer.out.blank();
            }
            Item::Nodes { nodes, line } => {
                writer.base = line;
                writer.nodes(&nodes);
            }
            Item::Broken { line, source, reason } => {
                writer.commands += 1;
                writer.problem(line, &source, 1, reason);
            }
        }
    }
    writer.finish(&format!("Translated from {} by nsh translate.", title(name)))
}

fn title(name: &str) -> String {
    match name {
        "-" => "stdin".to_owned(),
        name => name.rsplit('/').next().unwrap_or(name).chars().filter(|c| !c.is_control()).collect(),
    }
}

/// A line of a text that may have a prompt.
fn behind(line: &str) -> &str {
    behind_prompt(line).unwrap_or(line)
}

/// Where nothing is run: the programs that are known here, and the parser's word.
struct Known;

impl decide::Asked for Known {
    fn is_program(&self, name: &str) -> bool {
        programs::known(name)
    }

    fn syntax(&self, text: &str) -> Syntax {
        match parser::all(text) {
            Ok(_) => Syntax::Whole,
            Err(reason) if typed::unfinished(reason.clone()).incomplete => Syntax::Incomplete,
            // What our parser can't read may be a command all the same, which is told.
            Err(_) => Syntax::Whole,
        }
    }
}

/// Reads a text line by line.
fn read(text: &str, first: usize, items: &mut Vec<Item>) {
    let (mut at, mut line) = (0, first);
    while at < text.len() {
        let rest = &text[at..];
        let source = rest.split('\n').next().unwrap_or_default();
        let mut length = (source.len() + 1).min(rest.len());
        if source.trim().is_empty() {
            items.push(Item::Nodes { nodes: vec![Node::Blank], line });
        } else {
            match parser::line(rest) {
                Ok((nodes, end)) => {
                    length = end.max(1);
                    items.push(Item::Nodes { nodes, line });
                }
                Err(reason) => {
                    // A shell takes all that follows for the document.
                    if lexer::is_open_document(&reason) {
                        length = rest.len();
                    }
                    items.push(Item::Broken { line, source: source.to_owned(), reason: Reason::new(reason) });
                }
            }
        }
        line += rest[..length].matches('\n').count();
        at += length;
    }
}
