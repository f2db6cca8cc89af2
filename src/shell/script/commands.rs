//! Commands and pipes of the shell: words, redirections, assignments.

use super::super::act::Act;
use super::super::args::{Arg, Reason, Result};
use super::super::lexer::{Part, Redirection, Word};
use super::super::lua::Piece;
use super::super::parser::{Command, Pipeline, Simple};
use super::super::programs::{self, Context};
use super::super::variables::Variable;
use super::{FILTERS, Writer};

impl Writer {
    pub(super) fn assignments(&mut self, simple: &Simple) -> Result<()> {
        if let Some(redirection) = simple.redirections.iter().find(|r| r.operator.contains('>')) {
            return Err(Reason::new(format!("{} alone writes a file", redirection.operator)));
        }
        for (name, value) in &simple.assignments {
            if let [Part::Variable { name: last, .. }] = value.parts.as_slice()
                && last == "!"
            {
                let started = self.out.last_started().ok_or_else(|| Reason::new("$! is not known"))?;
                self.out.variables.set(name, Variable::new(started, false, None));
                continue;
            }
            let spaced = self.out.variables.is_spaced(value);
            let value = self.out.variables.whole(value)?;
            if name == "IFS" {
                self.out.comment("IFS: words that are split by it are not translated");
                self.out.variables.separate_at(value.known);
                continue;
            }
            self.out.assign(name, &value)?;
            self.out.variables.set_spaced(name, spaced);
        }
        Ok(())
    }

    /// What a pipeline comes to, not yet written.
    pub(super) fn acts(&mut self, pipeline: &Pipeline, background: bool) -> Result<Vec<Act>> {
        let simples: Option<Vec<&Simple>> = pipeline
            .commands
            .iter()
            .map(|c| if let Command::Simple(s) = c { Some(s) } else { None })
            .collect();
        let Some(simples) = simples else {
            return Err(Reason::new("loops and conditions in pipes are not translated"));
        };
        let Some((first, rest)) = simples.split_first() else { return Ok(Vec::new()) };
        let Some((last, between)) = rest.split_last() else { return self.simple(first, background, None) };
        let words = self.words(first)?;
        let inner = Arg::text;
        let first_word = words.iter().map(inner).find(|w| *w != "sudo").unwrap_or_default().to_owned();
        if (first_word == "echo" || first_word == "cat") && between.is_empty() {
            let document = first.redirections.iter().find(|r| r.operator == "<<");
            let input = match (first_word.as_str(), document) {
                ("echo", _) => {
                    let at = words.iter().position(|w| w.is("echo")).unwrap_or(0);
                    Some(programs::echoed(&words[at + 1..]))
                }
                (_, Some(document)) => Some(self.out.variables.whole(&document.target)?),
                _ => None,
            };
            if input.is_some() {
                return self.simple(last, background, input);
            }
        }
        let filters = rest.iter().all(|simple| {
            let word = simple.words.iter().filter_map(Word::bare).find(|w| *w != "sudo").unwrap_or_default();
            let quiet = simple.words.iter().any(|w| w.bare().is_some_and(|w| w == "-q" || w == "-qw"));
            FILTERS.contains(&word) && !quiet
        });
        if !filters {
            return Err(Reason::new("this pipe is not translated"));
        }
        let acts = self.simple(first, background, None)?;
        if self.out.prompt {
            return self.filtered(acts, rest);
        }
        match acts.as_slice() {
            [Act::Show(_) | Act::Probe(_) | Act::Fetch(_)] => Ok(acts),
            [Act::Ping(_)] | [Act::Note(_), Act::Ping(_)] => Ok(acts),
            [Act::Start { .. }] => Ok(acts),
            _ => Err(Reason::new("this pipe is not translated")),
        }
    }

    /// At the prompt a pipe's programs get what the first command gives.
    fn filtered(&self, mut acts: Vec<Act>, programs: &[&Simple]) -> Result<Vec<Act>> {
        let texts: Result<Vec<String>> = programs.iter().map(|simple| self.program(simple)).collect();
        match acts.pop() {
            Some(Act::Show(call) | Act::Probe(call) | Act::Fetch(call) | Act::Ping(call)) => {
                acts.push(Act::Filter { call, filter: texts?.join(" | ") });
                Ok(acts)
            }
            _ => Err(Reason::new("this pipe is not translated").hint("!COMMAND runs it in a shell")),
        }
    }

    /// A program of a pipe, as a shell's text.
    fn program(&self, simple: &Simple) -> Result<String> {
        if !simple.redirections.is_empty() || !simple.assignments.is_empty() {
            return Err(
                Reason::new("redirections in a pipe are not translated").hint("!COMMAND runs it in a shell")
            );
        }
        let words = self.words(simple)?;
        let known = words.iter().filter(|word| !word.is("sudo")).map(|word| {
            word.known
                .as_deref()
                .map(quoted)
                .ok_or_else(|| Reason::new(format!("the value of {} is not known", word.shown())))
        });
        Ok(known.collect::<Result<Vec<String>>>()?.join(" "))
    }

    pub(super) fn words(&self, simple: &Simple) -> Result<Vec<Arg>> {
        let mut words = Vec::new();
        for word in &simple.words {
            words.extend(self.out.variables.expand(word)?);
        }
        Ok(words)
    }

    pub(super) fn simple(
        &mut self,
        simple: &Simple,
        background: bool,
        input: Option<Arg>,
    ) -> Result<Vec<Act>> {
        let words = self.words(simple)?;
        if words.first().is_some_and(|w| w.is("set")) {
            self.errexit(&words);
        }
        let mut input = input;
        let mut written = None;
        for redirection in &simple.redirections {
            match redirection.operator {
                "<<" | "<<<" => {
                    let mut text = self.out.variables.whole(&redirection.target)?;
                    if redirection.operator == "<<<" {
                        text = text.with("\n");
                    }
                    input = Some(text);
                }
                ">" | ">>" | "&>" | "&>>" if redirection.fd != Some(2) => {
                    let file = self.out.variables.whole(&redirection.target)?;
                    if !file.is("/dev/null") && !file.is("/dev/stderr") && !file.is("/dev/stdout") {
                        written = Some(file);
                    }
                }
                "<" if input.is_none() => {
                    let file = self.out.variables.whole(&redirection.target)?;
                    if !file.is("/dev/null") {
                        let code = format!("assert(io.open({})):read(\"a\")", file.expr().flat());
                        input = Some(Arg { pieces: vec![Piece::Code { code, number: false }], known: None });
                    }
                }
                _ => {}
            }
        }
        let space = self.out.here();
        if let Some(file) = written {
            let inner: Vec<&Arg> = words.iter().filter(|w| !w.is("sudo")).collect();
            return match inner.first().map(|w| w.text()) {
                Some("echo" | "printf") => {
                    let rest: Vec<Arg> = inner[1..].iter().map(|w| (*w).clone()).collect();
                    programs::write(Some(&file), programs::printed(&rest), &space)
                }
                _ => Err(Reason::new(format!("what it prints is not written to {}", file.shown()))),
            };
        }
        let mut cx = Context { space, background, input, made: &mut self.out.made, depth: 0 };
        programs::command(&words, &mut cx)
    }

    /// `set -e`, `set -euo pipefail`, `set +e`
    pub(super) fn errexit(&mut self, words: &[Arg]) {
        for (i, word) in words.iter().enumerate() {
            let text = word.text();
            let named = words.get(i + 1).is_some_and(|w| w.is("errexit"));
            if let Some(letters) = text.strip_prefix('-') {
                self.out.errexit |= letters.contains('e') || (letters.ends_with('o') && named);
            } else if let Some(letters) = text.strip_prefix('+') {
                self.out.errexit &= !(letters.contains('e') || (letters.ends_with('o') && named));
            }
        }
    }
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// Whether what a command prints, and what it complains about, is thrown away.
pub fn thrown_away(redirections: &[Redirection]) -> (bool, bool) {
    let (mut out, mut err) = (false, false);
    for r in redirections {
        let null = r.target.text().as_deref() == Some("/dev/null");
        match (r.operator, r.fd) {
            (">" | ">>", None | Some(1)) => out |= null,
            (">" | ">>", Some(2)) => err |= null,
            ("&>" | "&>>", _) => (out, err) = (out | null, err | null),
            (">&", Some(2)) => err |= out && r.target.text().as_deref() == Some("1"),
            _ => {}
        }
    }
    (out, err)
}
