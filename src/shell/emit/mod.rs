//! Lines of Lua: namespaces as variables, calls, and what runs beside the script.

mod fold;
mod handles;
mod layout;
mod prompt;

use std::collections::{HashMap, HashSet};

use super::act::{Act, Call, Space};
use super::args::{Arg, Reason, Result};
use super::ip::JSON;
use super::iptables::Made;
use super::lua::{self, Expr};
use super::variables::{Variable, Variables};
pub use layout::plain;
use layout::{gap, wrapped};
pub use prompt::{Globals, Program, Turn};

/// How many variables of its own the script has at most: Lua takes 200 in a block.
const LOCALS: usize = 150;

/// A line of the script.
pub enum Line {
    Blank,
    /// How far it is indented, and its text; of a text on several lines, all but the first have their indentation.
    Text(usize, String),
    /// `local NAME = CODE`, or only the code if nothing uses it.
    Variable {
        name: String,
        code: String,
    },
}

/// What was begun beside the script.
#[derive(Clone)]
struct Started {
    name: String,
    report: Option<String>,
    /// It is nil if it could not be begun.
    tried: bool,
    stopped: bool,
}

#[derive(Default)]
pub struct Emitter {
    pub lines: Vec<Line>,
    pub indent: usize,
    pub variables: Variables,
    pub made: Made,
    /// The command line is typed at a prompt: there every line stands for itself.
    pub prompt: bool,
    /// The namespace of that prompt.
    pub current: String,
    pub globals: Globals,
    /// The last line does nothing but run it.
    pub program: Option<Program>,
    /// The prompt goes to another namespace, or back.
    pub turn: Option<Turn>,
    /// Namespaces that must be there, and those that the commands themselves made.
    needs: Vec<String>,
    added: HashSet<String>,
    /// The text is one for people to follow, whose `exit` ends nothing.
    pub markdown: bool,
    /// `set -e`
    pub errexit: bool,
    /// Failures don't matter: `|| true`, `2>/dev/null`.
    pub tolerant: bool,
    /// Nothing is to be printed: `> /dev/null`.
    pub quiet: bool,
    /// How deep we are in loops and conditions.
    pub nested: usize,
    /// Namespaces that have a variable, and those of them whose variable still stands for them.
    spaces: HashMap<String, String>,
    valid: HashSet<String>,
    /// Variables that something uses.
    used: HashSet<String>,
    /// Rules of NAT by what they say, with the variable that remembers each.
    rules: HashMap<(String, String), Vec<String>>,
    started: Vec<Started>,
    counters: HashMap<&'static str, usize>,
    /// The namespaces of shells that the text is in.
    sections: Vec<Option<Space>>,
    needs_try: bool,
    needs_reaches: bool,
    needs_fetches: bool,
    needs_running: bool,
}

/// How far the script was.
pub struct Mark {
    lines: usize,
    started: usize,
    made: Made,
    sections: Vec<Option<Space>>,
    values: HashMap<String, Variable>,
    errexit: bool,
}

impl Emitter {
    /// What [`Emitter::take_back`] needs to take back all that is written from here on.
    pub fn mark(&self) -> Mark {
        Mark {
            lines: self.lines.len(),
            started: self.started.len(),
            made: self.made.clone(),
            sections: self.sections.clone(),
            values: self.variables.values(),
            errexit: self.errexit,
        }
    }

    /// Takes back what was written since, and forgets what it was to make.
    pub fn take_back(&mut self, mark: Mark) {
        let gone: HashSet<String> = self
            .lines
            .drain(mark.lines.min(self.lines.len())..)
            .filter_map(|line| if let Line::Variable { name, .. } = line { Some(name) } else { None })
            .collect();
        let spaces = &self.spaces;
        self.valid.retain(|name| spaces.get(name).is_none_or(|variable| !gone.contains(variable)));
        if !gone.is_empty() {
            self.rules.values_mut().for_each(|rules| rules.retain(|rule| !gone.contains(rule)));
        }
        self.started.truncate(mark.started);
        self.made = mark.made;
        self.sections = mark.sections;
        self.variables.restore_values(mark.values);
        self.errexit = mark.errexit;
    }

    pub fn line(&mut self, text: impl Into<String>) {
        self.lines.push(Line::Text(self.indent, text.into()));
    }

    pub fn comment(&mut self, text: &str) {
        for line in text.lines() {
            let line = plain(line);
            let line = line.trim_end();
            if line.is_empty() {
                self.line("--");
            }
            for part in wrapped(line, 104usize.saturating_sub(self.indent)) {
                self.line(format!("--{}{part}", gap(part)));
            }
        }
    }

    /// Leaves a part of the source as a comment, with its own indentation.
    pub fn source(&mut self, text: &str) {
        for line in text.lines() {
            self.line(format!("-- {}", plain(line).trim_end()).trim_end().to_owned());
        }
    }

    pub fn blank(&mut self) {
        if !matches!(self.lines.last(), None | Some(Line::Blank)) {
            self.lines.push(Line::Blank);
        }
    }

    /// Puts a remark behind the last line, or below if it has no room.
    pub fn remark(&mut self, text: &str) {
        let text = plain(text);
        let text = text.trim();
        if let Some(Line::Text(indent, last)) = self.lines.last_mut()
            && !last.contains('\n')
            && !last.contains("--")
            && *indent + last.len() + text.len() + 4 < 110
        {
            last.push_str(&format!(" -- {text}"));
            return;
        }
        self.comment(text);
    }

    /// Where commands are run.
    pub fn here(&self) -> Space {
        self.sections.iter().rev().find_map(Clone::clone).unwrap_or(Space::Here)
    }

    /// Does what follows in a namespace; gives what [`Emitter::leave_space`] needs.
    pub fn enter_space(&mut self, space: Space) -> usize {
        self.sections.push(Some(space));
        self.sections.len() - 1
    }

    pub fn leave_space(&mut self, depth: usize) {
        self.sections.truncate(depth);
    }

    /// Begins a loop's or condition's body.
    pub fn enter_block(&mut self) {
        self.indent += 2;
        self.nested += 1;
        self.made.nested = true;
    }

    pub fn leave_block(&mut self) {
        self.indent -= 2;
        self.nested -= 1;
        self.made.nested = self.nested > 0;
    }

    /// A namespace as an expression that has the modules as fields.
    fn space(&mut self, space: &Space) -> Option<String> {
        let Space::Named(arg) = space else { return None };
        if arg.is("host") {
            return Some("host".to_owned());
        }
        if let Some(name) = &arg.known
            && self.prompt
        {
            if self.added.contains(name) {
                return Some(variable(name));
            }
            if self.nested == 0 {
                self.needs.push(name.clone());
            }
            if let Some(variable) = (self.globals.namespace)(name) {
                return Some(variable);
            }
        } else if let Some(name) = &arg.known {
            if !self.valid.contains(name) && self.nested == 0 {
                let code = format!("namespace.get({})", lua::quote(name));
                self.declare(name.clone(), code);
            }
            if self.valid.contains(name)
                && let Some(variable) = self.spaces.get(name)
            {
                self.used.insert(variable.clone());
                return Some(variable.clone());
            }
        }
        Some(format!("namespace.get({})", arg_code(arg)))
    }

    /// A namespace as a value.
    fn space_value(&mut self, space: &Space) -> String {
        match space {
            Space::Here if self.prompt && self.current != "host" => lua::quote(&self.current),
            Space::Here => "host".to_owned(),
            Space::Named(arg) if arg.is("host") => "host".to_owned(),
            Space::Named(arg) => {
                let variable = arg.known.as_ref().filter(|name| self.valid.contains(*name) && !self.prompt);
                match variable.and_then(|name| self.spaces.get(name)) {
                    Some(variable) => {
                        self.used.insert(variable.clone());
                        variable.clone()
                    }
                    None => arg_code(arg),
                }
            }
        }
    }

    /// Makes a variable stand for a namespace.
    fn declare(&mut self, name: String, code: String) {
        let variable = self.variables.name("namespace", &name, "ns");
        self.spaces.insert(name.clone(), variable.clone());
        self.valid.insert(name);
        self.lines.push(Line::Variable { name: variable, code });
    }

    /// Forgets which namespaces the variables stand for.
    pub fn forget_spaces(&mut self) {
        self.valid.clear();
        self.made.forget();
    }

    /// What a call is written as: what is called, its arguments, and what stands behind.
    fn parts(&mut self, call: &Call) -> (String, Vec<Expr>) {
        let function = match self.space(&call.space) {
            Some(space) if !call.function.is_empty() => format!("{space}.{}", call.function),
            Some(space) => format!("{space}.name"),
            None if call.function.is_empty() => "host.name".to_owned(),
            None => call.function.to_owned(),
        };
        let args = call.args.iter().cloned().map(|arg| arg.resolve(&mut |space| self.space_value(space)));
        (function, args.collect())
    }

    /// `pcall(FUNCTION, ARGS)` and the like.
    fn through(&mut self, with: &str, call: &Call) -> String {
        let (function, mut args) = self.parts(call);
        if !call.after.is_empty() && call.after != JSON {
            let inner = lua::call(0, &function, &args, &call.after);
            return format!("{with}(function() {inner} end)");
        }
        args.insert(0, Expr::Code(function));
        lua::call(self.indent, with, &args, "")
    }

    /// Writes the call so that it is printed.
    fn printed(&mut self, call: &Call) -> String {
        let (function, args) = self.parts(call);
        if call.function.is_empty() {
            return format!("print({function})");
        }
        match call.after.as_str() {
            JSON => lua::call(self.indent, &format!("print(json.encode({function}"), &args, "))"),
            after => lua::call(self.indent, &format!("print({function}"), &args, &format!("{after})")),
        }
    }

    /// Writes the call so that what it gives goes through programs.
    fn filtered(&mut self, call: &Call, filter: &str) -> String {
        let (function, args) = self.parts(call);
        let (before, after) = match call.after.as_str() {
            JSON => ("json.encode(", ")"),
            after => ("tostring(", after),
        };
        let closing = if call.after == JSON { "" } else { ")" };
        let begin = format!("print(proc.exec({}, {{ stdin = {before}{function}", lua::quote(filter));
        lua::call(self.indent, &begin, &args, &format!("{after}{closing} .. \"\\n\" }}))"))
    }

    /// What a call of `proc.exec` runs, if it is one with words that are known.
    fn runs(&self, call: &Call) -> Option<Program> {
        let [Expr::List(words), rest @ ..] = call.args.as_slice() else { return None };
        let checks = |expr: &Expr| matches!(expr, Expr::Table(fields) if fields.iter().all(|(name, _)| name == "check"));
        let plain = self.prompt && self.nested == 0 && !self.quiet && !self.tolerant;
        if !plain || call.function != "proc.exec" || !rest.iter().all(checks) {
            return None;
        }
        let word = |expr: &Expr| match expr {
            Expr::Text(pieces) => match pieces.as_slice() {
                [lua::Piece::Text(text)] => Some(text.clone()),
                _ => None,
            },
            _ => None,
        };
        let namespace = match &call.space {
            Space::Here => None,
            Space::Named(arg) => Some(arg.known.clone()?),
        };
        Some(Program { namespace, words: words.iter().map(word).collect::<Option<_>>()? })
    }

    pub fn act(&mut self, act: Act) -> Result<()> {
        if let Act::Do(call) | Act::Probe(call) = &act {
            self.program = self.runs(call);
        }
        match act {
            Act::Do(call) if self.tolerant => self.act(Act::Attempt(call))?,
            Act::Do(call) => {
                let (function, args) = self.parts(&call);
                let text = lua::call(self.indent, &function, &args, &call.after);
                self.line(text);
            }
            Act::Show(_) if self.quiet => self.comment("its output is thrown away"),
            Act::Show(call) if self.tolerant => self.probe(&call),
            Act::Show(call) => {
                let text = self.printed(&call);
                self.line(text);
            }
            Act::Probe(call) | Act::Fetch(call) => self.probe(&call),
            Act::Attempt(call) => {
                let text = self.through("pcall", &call);
                self.line(text);
            }
            Act::Ping(call) => self.ping(&call),
            Act::Filter { call, filter } => {
                let text = self.filtered(&call, &filter);
                self.line(text);
            }
            Act::Start { call, word, blocks, report } => self.start(&call, word, blocks, report)?,
            Act::AddNamespace(name) => self.add_namespace(&name)?,
            Act::DelNamespace(name) => {
                let value = self.space_value(&Space::Named(name.clone()));
                let function = if self.tolerant { "pcall(namespace.del, " } else { "namespace.del(" };
                self.line(format!("{function}{value})"));
                match &name.known {
                    Some(name) => drop(self.valid.remove(name)),
                    None => self.valid.clear(),
                }
                self.made.forget();
            }
            Act::Rule { call, name } => self.rule(&call, name)?,
            Act::DelRule { space, name } => self.del_rule(&space, name)?,
            Act::Stop(name) => self.stop(name)?,
            Act::Lua(lines) => {
                lines.into_iter().for_each(|line| self.line(line));
                self.forget_spaces();
            }
            Act::Note(text) => self.comment(&text),
            Act::Nothing(_) | Act::Script { .. } => {}
            Act::Assign(name, value) => self.assign(&name, &value)?,
            Act::Enter(space) if self.prompt && self.nested == 0 && self.sections.is_empty() => {
                let name = match space {
                    Some(Space::Named(name)) => Some(name.known.ok_or_else(|| {
                        Reason::new("in which namespace the shell is, is only known when the script runs")
                    })?),
                    Some(Space::Here) | None => None,
                };
                self.turn = Some(Turn::Enter(name));
            }
            Act::Enter(space) => self.sections.push(space),
            Act::Leave(status) => self.leave(status)?,
        }
        Ok(())
    }

    fn probe(&mut self, call: &Call) {
        let text = if self.quiet || (self.tolerant && self.prompt) {
            self.through("pcall", call)
        } else if self.prompt || (self.errexit && !self.tolerant) {
            self.printed(call)
        } else {
            self.needs_try = true;
            self.through("try", call)
        };
        self.line(text);
    }

    fn ping(&mut self, call: &Call) {
        if !self.errexit || self.tolerant || self.prompt {
            return self.probe(call);
        }
        // With `set -e` the script ends unless it is answered.
        let simple = |expr: &Expr| match expr {
            Expr::Table(fields) => {
                fields.iter().all(|(name, _)| ["count", "timeout", "family"].contains(&name.as_str()))
            }
            _ => true,
        };
        let text = if call.args.iter().all(simple) {
            let from = self.space_value(&call.space);
            let (_, mut args) = self.parts(call);
            args.insert(0, Expr::Code(from));
            lua::call(self.indent, "check.reachable", &args, "")
        } else {
            let condition = self.condition_of_ping(call);
            format!("check({condition})")
        };
        self.line(text);
    }

    fn condition_of_ping(&mut self, call: &Call) -> String {
        self.needs_reaches = true;
        self.judged(call, "reaches", "received > 0")
    }

    /// Whether a call succeeds, and what it gives is good, by the helper of this name.
    fn judged(&mut self, call: &Call, helper: &str, good: &str) -> String {
        let (function, mut args) = self.parts(call);
        args.insert(0, Expr::Code(function));
        let flat: Vec<String> = args.iter().map(Expr::flat).collect();
        let flat = flat.join(", ");
        if self.prompt {
            return format!("(function() local ok, got = pcall({flat}) return ok and got.{good} end)()");
        }
        format!("{helper}({flat})")
    }

    /// Whether a command succeeds, as an expression. What must stand in front of it is written.
    pub fn condition(&mut self, acts: Vec<Act>) -> Result<String> {
        let mut found = None;
        for act in acts {
            match act {
                Act::Note(_) => self.act(act)?,
                act if found.is_none() => found = Some(act),
                _ => return Err(Reason::new("whether several commands succeed can't be told at once")),
            }
        }
        match found {
            Some(Act::Ping(call)) => Ok(self.condition_of_ping(&call)),
            Some(Act::Fetch(call)) => {
                self.needs_fetches = true;
                Ok(self.judged(&call, "fetches", "status < 400"))
            }
            Some(Act::Attempt(call)) => {
                let tried = self.through("pcall", &call);
                Ok(format!("({tried} or true)"))
            }
            // What is not there is nil.
            Some(Act::Show(call)) if ["link.get", "neigh.get"].contains(&call.function) => {
                let (function, args) = self.parts(&call);
                let flat: Vec<String> = args.iter().map(Expr::flat).collect();
                Ok(format!("{function}({})", flat.join(", ")))
            }
            Some(Act::Probe(call) | Act::Do(call) | Act::Show(call)) => {
                let (function, mut args) = self.parts(&call);
                if !call.after.is_empty() && call.after != JSON {
                    return Err(Reason::new("whether this succeeds can't be told"));
                }
                if call.function == "proc.exec" {
                    let flat: Vec<String> = args.iter().map(Expr::flat).collect();
                    return Ok(format!("{function}({}).status == 0", flat.join(", ")));
                }
                args.insert(0, Expr::Code(function));
                let flat: Vec<String> = args.iter().map(Expr::flat).collect();
                Ok(format!("pcall({})", flat.join(", ")))
            }
            Some(Act::DelNamespace(name)) => {
                if let Some(name) = &name.known {
                    self.valid.remove(name);
                }
                Ok(format!("pcall(namespace.del, {})", arg_code(&name)))
            }
            Some(Act::Nothing(_)) => Ok("true".to_owned()),
            _ => Err(Reason::new("whether this succeeds can't be told")),
        }
    }

    fn add_namespace(&mut self, name: &Arg) -> Result<()> {
        if name.is("host") {
            return Err(
                Reason::new("\"host\" is the namespace in which the lab begins").hint("choose another name")
            );
        }
        let code = format!("namespace.add({})", arg_code(name));
        match &name.known {
            Some(_) if self.tolerant => self.line(format!("pcall(namespace.add, {})", arg_code(name))),
            Some(known) if self.prompt => {
                self.added.insert(known.clone());
                self.line(format!("{} = {code}", variable(known)));
            }
            Some(known) if self.nested == 0 => self.declare(known.clone(), code),
            _ => self.line(code),
        }
        Ok(())
    }

    pub fn assign(&mut self, name: &str, value: &Arg) -> Result<()> {
        let number = self.variables.is_number(name);
        let code = if number { value.integer(name)?.flat() } else { value.expr().flat() };
        let bare = code.strip_prefix('(').and_then(|c| c.strip_suffix(')')).filter(|c| !c.contains(')'));
        let code = bare.map(str::to_owned).unwrap_or(code);
        let known = value.known.clone().filter(|_| self.nested == 0 && !self.variables.is_loose(name));
        self.assign_code(name, &code, number, known);
        Ok(())
    }

    /// `local NAME = CODE` the first time. What is first set in a loop is known everywhere all the same.
    pub fn assign_code(&mut self, name: &str, code: &str, number: bool, known: Option<String>) {
        let variable = self.variables.name("variable", name, "value");
        let local = !self.variables.is_set(name) && self.nested == 0 && !self.prompt;
        self.line(format!("{}{variable} = {code}", if local { "local " } else { "" }));
        self.variables.set(name, Variable::new(variable, number, known));
    }

    fn leave(&mut self, status: Option<Arg>) -> Result<()> {
        if self.sections.pop().is_some() {
            return Ok(());
        }
        if self.markdown {
            return Ok(());
        }
        if self.prompt && self.nested == 0 {
            self.turn = Some(Turn::Leave);
            return Ok(());
        }
        if self.prompt {
            return Err(Reason::new("exit: press Ctrl-D to leave the prompt"));
        }
        match status {
            Some(status) if !status.is("0") => {
                let status = status.integer("exit")?.flat();
                self.line(format!("os.exit({status})"));
            }
            _ => self.line("os.exit(0)"),
        }
        Ok(())
    }
}

/// The variable that a namespace is given at the prompt.
pub fn variable(namespace: &str) -> String {
    lua::identifier(namespace, "ns", &|_| false)
}

fn arg_code(arg: &Arg) -> String {
    match &arg.known {
        Some(text) if arg.pieces.len() <= 1 => match arg.pieces.first() {
            Some(lua::Piece::Code { .. }) => arg.expr().flat(),
            _ => lua::quote(text),
        },
        _ => arg.expr().flat(),
    }
}
