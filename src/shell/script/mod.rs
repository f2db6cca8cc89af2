//! Lists, pipes, loops and conditions of the shell as Lua.

mod blocks;
mod commands;

use super::act::{Act, Space};
use super::args::{Reason, Result};
use super::emit::{Emitter, plain};
use super::lexer::Word;
use super::parser::{self, Command, Join, List, Node, Pipeline};
use super::{Problem, Translation};
use commands::thrown_away;

/// How deep scripts may run scripts (`bash -c`).
const DEPTH: usize = 8;

/// Programs that choose lines of what another one prints.
const FILTERS: &[&str] = &[
    "grep", "egrep", "fgrep", "head", "tail", "less", "more", "cat", "wc", "awk", "sed", "sort", "jq",
    "column", "tr", "cut", "uniq", "python3", "nl", "tac",
];

/// Translates nodes, and counts what could not be.
pub struct Writer {
    pub out: Emitter,
    pub problems: Vec<Problem>,
    pub commands: usize,
    /// The line of the text's first one, from 1.
    pub base: usize,
    depth: usize,
}

impl Writer {
    pub fn new(out: Emitter) -> Writer {
        Writer { out, problems: Vec::new(), commands: 0, base: 1, depth: 0 }
    }

    pub fn finish(self, title: &str) -> Translation {
        let (commands, problems) = (self.commands, self.problems);
        let missed: usize = problems.iter().map(|p| p.commands).sum();
        Translation {
            lua: self.out.finish(title),
            commands,
            translated: commands.saturating_sub(missed),
            problems,
        }
    }

    /// Leaves the source as a comment, and remembers why. What it would have set is not known from here on.
    pub fn problem(&mut self, line: usize, source: &str, commands: usize, reason: Reason) {
        self.untranslated(line, source, commands, reason);
        self.out.variables.doubt(source);
    }

    fn untranslated(&mut self, line: usize, source: &str, commands: usize, reason: Reason) {
        self.out.comment(&format!("not translated: {reason}"));
        self.out.source(source);
        let source = plain(source.lines().next().unwrap_or_default()).trim().to_owned();
        self.problems.push(Problem { line, source, commands, reason });
    }

    pub fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Blank => self.out.blank(),
                Node::Comment(text, true) => self.out.remark(text),
                // `#!/bin/bash -e`
                Node::Comment(text, false) if text.starts_with('!') => {
                    self.out.errexit |=
                        text.split_whitespace().skip(1).any(|o| o.starts_with('-') && o.contains('e'));
                }
                Node::Comment(text, false) => self.out.comment(if text.is_empty() { "\n" } else { text }),
                Node::List(list) => self.list(list),
            }
        }
    }

    /// Translates a list, or leaves it as a comment.
    fn list(&mut self, list: &List) {
        let line = self.base + list.line;
        if let ([], [command]) = (list.rest.as_slice(), list.first.commands.as_slice())
            && !matches!(command, Command::Simple(_))
        {
            return self.compound(command, list);
        }
        let pipelines = std::iter::once(&list.first).chain(list.rest.iter().map(|(_, p)| p));
        let commands: usize = pipelines.map(count).sum();
        self.commands += commands;
        let (mark, before) = (self.out.mark(), self.problems.len());
        let result = match list.rest.as_slice() {
            [] => self.statement(&list.first, list.background),
            rest => self.joined(&list.first, rest),
        };
        if let Err(reason) = result {
            // What was written of it already goes, and what is remembered of that.
            self.out.take_back(mark);
            self.problems.truncate(before);
            self.problem(line, &list.source, commands, reason);
        }
    }

    /// `a && b || c`
    fn joined(&mut self, first: &Pipeline, rest: &[(Join, Pipeline)]) -> Result<()> {
        // The last one's status is nobody's.
        let all = std::iter::once(first).chain(rest.iter().map(|(_, p)| p));
        all.take(rest.len()).try_for_each(told)?;
        let ors = rest.iter().filter(|(join, _)| *join == Join::Or).count();
        let last_is_or = matches!(rest.last(), Some((Join::Or, _)));
        match (ors, last_is_or) {
            (0, _) => {
                let all: Vec<&Pipeline> = std::iter::once(first).chain(rest.iter().map(|(_, p)| p)).collect();
                self.one_after_another(&all)
            }
            (1, true) => {
                let mut all: Vec<&Pipeline> =
                    std::iter::once(first).chain(rest.iter().map(|(_, p)| p)).collect();
                let Some(instead) = all.pop() else { return Ok(()) };
                self.or(&all, instead)
            }
            _ => Err(Reason::new("commands joined by several || are not translated")),
        }
    }

    /// Each is run only if those before it succeeded. One that changes something ends the script otherwise; one that
    /// tries something out becomes a condition.
    fn one_after_another(&mut self, all: &[&Pipeline]) -> Result<()> {
        let mut all = all;
        let (first, rest) = loop {
            let Some((first, rest)) = all.split_first() else { return Ok(()) };
            if !rest.is_empty() && self.is_probe(first)? {
                break (first, rest);
            }
            self.statement(first, false)?;
            all = rest;
        };
        if rest.len() > DEPTH {
            return Err(Reason::new("too many commands are joined by &&"));
        }
        let condition = self.condition(first)?;
        self.out.line(format!("if {condition} then"));
        self.block(|w| w.one_after_another(rest))?;
        self.out.line("end");
        Ok(())
    }

    fn or(&mut self, all: &[&Pipeline], instead: &Pipeline) -> Result<()> {
        let word = match instead.commands.as_slice() {
            [Command::Simple(simple)] => {
                simple.words.first().and_then(Word::bare).unwrap_or_default().to_owned()
            }
            _ => String::new(),
        };
        if word == "true" || word == ":" {
            let before = std::mem::replace(&mut self.out.tolerant, true);
            let result = all.iter().try_for_each(|p| self.statement(p, false));
            self.out.tolerant = before;
            return result;
        }
        let probes = all.iter().map(|p| self.is_probe(p)).collect::<Result<Vec<bool>>>()?;
        if !probes.contains(&true) && (word == "exit" || word == "return" || ends(instead)) {
            // An error ends the script in any case.
            return all.iter().try_for_each(|p| self.statement(p, false));
        }
        let (Some(first), rest) = (all.first(), all.get(1..).unwrap_or_default()) else { return Ok(()) };
        let condition = self.condition(first)?;
        if rest.is_empty() {
            self.out.line(format!("if not {} then", bracketed(&condition)));
        } else {
            self.out.line(format!("if {condition} then"));
            self.block(|w| w.one_after_another(rest))?;
            self.out.line("else");
        }
        self.block(|w| w.statement(instead, false))?;
        self.out.line("end");
        Ok(())
    }

    fn block<R>(&mut self, f: impl FnOnce(&mut Self) -> R) -> R {
        // The emitter's own state is kept by it; the writer is lent to the body.
        self.out.enter_block();
        let before = self.out.lines.len();
        let result = f(self);
        if self.out.lines.len() == before {
            self.out.comment("nothing to do");
        }
        self.out.leave_block();
        result
    }

    /// Whether a command only tries something out, so that its failure is a result.
    fn is_probe(&mut self, pipeline: &Pipeline) -> Result<bool> {
        if pipeline.negated || pipeline.commands.iter().any(|c| !matches!(c, Command::Simple(_))) {
            return Ok(pipeline.negated);
        }
        // Only to look: what it comes to is done later.
        let mark = self.out.mark();
        let acts = self.acts(pipeline, false);
        self.out.take_back(mark);
        let acts = acts?;
        let mut acts = acts.iter().filter(|act| !matches!(act, Act::Note(_)));
        let (Some(act), None) = (acts.next(), acts.next()) else { return Ok(false) };
        let quiet = || match pipeline.commands.as_slice() {
            [Command::Simple(simple)] => thrown_away(&simple.redirections).0,
            _ => false,
        };
        Ok(match act {
            Act::Ping(_) | Act::Probe(_) | Act::Fetch(_) => true,
            Act::Show(call) => call.function.ends_with(".get") || quiet(),
            _ => false,
        })
    }

    fn condition(&mut self, pipeline: &Pipeline) -> Result<String> {
        told(pipeline)?;
        let acts = self.acts(pipeline, false)?;
        let condition = self.out.condition(acts)?;
        Ok(if pipeline.negated { format!("not {}", bracketed(&condition)) } else { condition })
    }

    /// Writes what a pipeline comes to.
    fn statement(&mut self, pipeline: &Pipeline, background: bool) -> Result<()> {
        if let [command] = pipeline.commands.as_slice() {
            match command {
                Command::Simple(_) => {}
                Command::Group(body) => {
                    self.commands -= count(pipeline).min(self.commands);
                    self.nodes(body);
                    return Ok(());
                }
                Command::Subshell(body) => {
                    self.commands -= count(pipeline).min(self.commands);
                    self.subshell(body);
                    return Ok(());
                }
                _ => return Err(Reason::new("loops and conditions joined by && or || are not translated")),
            }
            if let Command::Simple(simple) = command
                && simple.words.is_empty()
            {
                return self.assignments(simple);
            }
        }
        let (tolerant, quiet) = (self.out.tolerant, self.out.quiet);
        // `! COMMAND` never ends a script because the command fails.
        self.out.tolerant |= pipeline.negated && !self.out.errexit;
        if let [Command::Simple(simple)] = pipeline.commands.as_slice() {
            let (out, err) = thrown_away(&simple.redirections);
            self.out.tolerant |= err && !self.out.errexit;
            self.out.quiet |= out;
        }
        let result = self.acts(pipeline, background).and_then(|acts| self.write(acts, pipeline));
        (self.out.tolerant, self.out.quiet) = (tolerant, quiet);
        result
    }

    fn write(&mut self, acts: Vec<Act>, pipeline: &Pipeline) -> Result<()> {
        if pipeline.negated && self.out.errexit {
            let condition = self.out.condition(acts)?;
            self.out.line(format!("check(not {})", bracketed(&condition)));
            return Ok(());
        }
        for act in acts {
            match act {
                Act::Nothing(why) if !why.is_empty() => {
                    self.out.comment(&format!("{}: {why}", pipeline.source))
                }
                Act::Script { space, text } => self.script(space, &text)?,
                act => self.out.act(act)?,
            }
        }
        Ok(())
    }

    /// `bash -c TEXT`
    fn script(&mut self, space: Space, text: &str) -> Result<()> {
        if self.depth >= DEPTH {
            return Err(Reason::new("too many shells run each other"));
        }
        let nodes = parser::all(text).map_err(Reason::new)?;
        self.depth += 1;
        // Its lines are those of the command.
        let mut inner = Vec::new();
        std::mem::swap(&mut inner, &mut self.problems);
        let commands = self.commands;
        self.enter(space, &nodes);
        std::mem::swap(&mut inner, &mut self.problems);
        self.commands = commands;
        self.depth -= 1;
        match inner.into_iter().next() {
            Some(problem) => Err(problem.reason),
            None => Ok(()),
        }
    }

    fn enter(&mut self, space: Space, nodes: &[Node]) {
        let depth = self.out.enter_space(space);
        self.nodes(nodes);
        self.out.leave_space(depth);
    }
}

/// Raises that a pipe's status, which is that of its last command, is not what its first one comes to.
fn told(pipeline: &Pipeline) -> Result<()> {
    let Some(Command::Simple(last)) = pipeline.commands.get(1..).and_then(<[_]>::last) else { return Ok(()) };
    let mut words = last.words.iter().filter_map(Word::bare).filter(|word| *word != "sudo");
    match words.next().filter(|word| FILTERS.contains(word)) {
        Some(filter) => Err(Reason::new(format!("whether {filter} finds something is not known here"))),
        None => Ok(()),
    }
}

fn bracketed(condition: &str) -> String {
    if condition.contains(" == ") { format!("({condition})") } else { condition.to_owned() }
}

/// How many commands are counted: a pipe is one.
fn count(pipeline: &Pipeline) -> usize {
    match pipeline.commands.as_slice() {
        [one] => parser::count_in(one),
        _ => 1,
    }
}

/// Whether `{ echo failed; exit 1; }` ends the script.
fn ends(pipeline: &Pipeline) -> bool {
    let [Command::Group(body) | Command::Subshell(body)] = pipeline.commands.as_slice() else { return false };
    let last = body.iter().rev().find_map(|node| if let Node::List(list) = node { Some(list) } else { None });
    last.is_some_and(|list| list.source.starts_with("exit") || list.source.starts_with("return"))
}
