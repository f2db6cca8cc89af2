//! Commands that are typed or pasted at the prompt: each by itself, so that it is run before the next one is read.

use super::args::Reason;
use super::emit::{Emitter, Globals, Program, Turn};
use super::lua::is_taken;
use super::parser::{self, Node};
use super::programs;
use super::script::Writer;
use super::tutorial::words;

/// What one command comes to.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its line in the text, from 0.
    pub line: usize,
    /// Its first line, as it stands there.
    pub source: String,
    pub what: Result<What, Reason>,
}

#[derive(Clone, Debug)]
pub enum What {
    /// Lua, the namespaces that must be there for it, and the program if it only runs one.
    Lua { code: String, needs: Vec<String>, program: Option<Program> },
    /// What follows is done in this namespace, or where it is done now, until `exit`.
    Enter(Option<String>),
    /// `exit`
    Leave,
}

/// Commands of one text. What one says, its variables and `set -e`, holds for those that follow.
pub struct Typed {
    writer: Writer,
}

impl Typed {
    /// For a text, which may have Lua, too.
    pub fn new(text: &str, globals: Globals) -> Typed {
        let mut out = Emitter::default();
        (out.prompt, out.globals) = (true, globals);
        let mut rest = text;
        while !rest.is_empty() {
            let length = match parser::line(rest) {
                Ok((nodes, length)) => {
                    out.variables.scan(&nodes);
                    length
                }
                Err(_) => rest.find('\n').map_or(rest.len(), |at| at + 1),
            };
            rest = rest.get(length.max(1)..).unwrap_or_default();
        }
        Typed { writer: Writer::new(out) }
    }

    /// Whether the text ends when a command fails: `set -e`.
    pub fn ends_at_errors(&self) -> bool {
        self.writer.out.errexit
    }

    /// What the commands of a text come to that is typed in the namespace `current`.
    pub fn read(&mut self, text: &str, current: &str) -> Result<Vec<Step>, Reason> {
        self.writer.out.current = current.to_owned();
        let mut steps = Vec::new();
        for node in parser::all(text).map_err(unfinished)? {
            match &node {
                Node::List(list) => {
                    let source = list.source.lines().next().unwrap_or_default().to_owned();
                    let what = self.step(&node);
                    steps.push(Step { line: list.line, source, what });
                }
                Node::Comment(text, false) if text.starts_with('!') => self.writer.nodes(&[node]),
                Node::Comment(..) | Node::Blank => {}
            }
        }
        Ok(steps)
    }

    fn step(&mut self, node: &Node) -> Result<What, Reason> {
        self.writer.nodes(std::slice::from_ref(node));
        let (code, needs) = self.writer.out.take();
        match (self.writer.problems.drain(..).next(), self.writer.out.turn.take()) {
            (Some(problem), _) => Err(problem.reason),
            (None, Some(Turn::Enter(name))) => Ok(What::Enter(name)),
            (None, Some(Turn::Leave)) => Ok(What::Leave),
            (None, None) => Ok(What::Lua { code, needs, program: self.writer.out.program.take() }),
        }
    }

    /// What is shown when all was read: what captures saw meanwhile.
    pub fn reports(&mut self) -> String {
        self.writer.out.reports();
        self.writer.out.take().0
    }
}

pub(super) fn unfinished(reason: String) -> Reason {
    let incomplete = ["closed", "missing"].iter().any(|end| reason.ends_with(end));
    Reason { incomplete, ..Reason::new(reason) }
}

/// How long the command is that a text begins with, with all lines that belong to it.
pub fn length(text: &str) -> Result<usize, Reason> {
    parser::line(text).map(|(_, length)| length.clamp(1, text.len().max(1))).map_err(unfinished)
}

/// Translates a line that was typed at the prompt of the namespace `current`, if it is a command that is known here:
/// to Lua, or with the reason why not. Ask before the line is tried as Lua, which `route -n` would be as well; what
/// looks like Lua is none.
pub fn line(line: &str, current: &str, globals: Globals) -> Option<Result<String, Reason>> {
    is_typed(line).then(|| {
        let mut typed = Typed::new(line, globals);
        let mut all = String::new();
        for step in typed.read(line, current)? {
            match step.what? {
                What::Lua { code, .. } => all.push_str(&code),
                What::Enter(_) | What::Leave => {
                    return Err(Reason::new("a shell is opened at the prompt alone"));
                }
            }
        }
        all.push_str(&typed.reports());
        Ok(all.trim_end().to_owned())
    })
}

/// Whether a word begins a command of the shell, in a text that has some.
pub fn is_known(word: &str) -> bool {
    programs::known(word.trim_end_matches(';'))
}

/// What stands behind a shell's prompt, as in a transcript: `$ ip link`, `root@h:~# ip link`, `# ip link`.
pub fn behind_prompt(line: &str) -> Option<&str> {
    words::behind_prompt(line)
}

/// Whether a line typed at the prompt is a shell's command rather than Lua.
pub fn is_typed(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let Some(first) = words.next() else { return false };
    if first == "for" {
        return line.contains(" in ") && line.contains("; do");
    }
    if first == "if" || first == "while" {
        let next = words.find(|word| *word != "!").unwrap_or_default();
        let ends = if first == "if" { "; then" } else { "; do" };
        return line.contains(ends) && (next == "[" || programs::known(next));
    }
    if first == "sudo" || first == "nsenter" {
        return words.next().is_some();
    }
    if first == "echo" {
        return line.contains("/proc/sys/");
    }
    if first == "cat" {
        return words.next().is_some_and(|word| word.starts_with("/proc/sys/"));
    }
    if first == "python3" || first == "python" {
        return line.contains("http.server");
    }
    if !programs::typed(first) {
        return false;
    }
    match words.next() {
        // `ip - 1`, should someone have such a variable.
        Some(
            "-" | "+" | "*" | "/" | "%" | "^" | ".." | "=" | "==" | "~=" | "<" | ">" | "<=" | ">=" | "and"
            | "or",
        ) => false,
        // `route` alone is the module, `ip` alone nothing.
        None => !is_taken(first),
        // `route = 1`, `ping { ... }`, `ping "10.0.0.1"`
        Some(next) => !is_taken(first) || !next.starts_with(['=', '(', '{', '"', '\'', '.', ':', '[', ',']),
    }
}
