//! The script's text: its comments, which go where they stood, and its lines that never ran.

use std::collections::HashSet;
use std::path::Path;

use super::super::emit::Emitter;
use super::super::parser::{self, Node};
use super::super::programs;
use crate::shell::record::At;
use crate::shell::run::COPIES;

pub struct Source<'a> {
    name: &'a str,
    lines: Vec<&'a str>,
    ran: HashSet<usize>,
    /// Lines whose comments are written.
    written: HashSet<usize>,
}

impl<'a> Source<'a> {
    pub fn new(name: &'a str, text: &'a str) -> Source<'a> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        Source { name, lines, ran: HashSet::new(), written: HashSet::new() }
    }

    /// Line `number`, from 1.
    fn line(&self, number: usize) -> &'a str {
        self.lines.get(number.wrapping_sub(1)).map_or("", |line| line.trim())
    }

    /// Whether anything told of lines.
    pub fn told(&self) -> bool {
        !self.ran.is_empty()
    }

    /// Whether a place is in this text.
    pub fn is(&self, at: &At) -> bool {
        at.file == self.name || Path::new(&at.file).parent() == Some(Path::new(COPIES))
    }

    /// A line runs: what stands above it, up to the next line of code, is written the first time.
    pub fn reach(&mut self, at: &At, out: &mut Emitter) {
        if !self.is(at) || !self.ran.insert(at.line) {
            return;
        }
        let mut above = Vec::new();
        for number in (1..at.line).rev() {
            let line = self.line(number);
            let blank = line.is_empty();
            if !blank && !line.starts_with('#') || !self.written.insert(number) {
                break;
            }
            above.push(line);
        }
        for line in above.into_iter().rev() {
            match line.strip_prefix('#') {
                None => out.blank(),
                Some(text) if text.starts_with('!') => {}
                Some("") => out.comment("\n"),
                Some(text) => out.comment(text),
            }
        }
    }

    /// The comment behind a command goes behind its first call.
    pub fn remark(&mut self, at: Option<&At>, out: &mut Emitter) {
        let Some(at) = at.filter(|at| self.is(at)) else { return };
        let line = self.line(at.line);
        if !line.contains('#') || !self.written.insert(at.line) {
            return;
        }
        if let Ok((nodes, _)) = parser::line(line)
            && let Some(Node::Comment(text, true)) = nodes.last()
        {
            out.remark(text);
        }
    }

    /// Lines with a command for the network that bash told nothing of, with what they say.
    pub fn never_ran(&self) -> Vec<(usize, String)> {
        let mut out = Vec::new();
        if !self.told() {
            return out;
        }
        let (mut document, mut goes_on): (Option<String>, bool) = (None, false);
        for (number, line) in (1..).zip(&self.lines) {
            let line = line.trim();
            if let Some(end) = &document {
                if line == end {
                    document = None;
                }
                continue;
            }
            let first = !std::mem::replace(&mut goes_on, line.ends_with(['\\', '|']) || line.ends_with("&&"));
            document = document_of(line);
            if first && is_command(line) && !self.ran_at(number) {
                out.push((number, line.to_owned()));
            }
        }
        out
    }

    /// Of a command on several lines bash tells one.
    fn ran_at(&self, number: usize) -> bool {
        let mut number = number;
        loop {
            if self.ran.contains(&number) {
                return true;
            }
            let line = self.line(number);
            if !line.ends_with(['\\', '|']) && !line.ends_with("&&") {
                return false;
            }
            number += 1;
        }
    }
}

/// The line at which a here-document ends that begins here.
fn document_of(line: &str) -> Option<String> {
    let (_, behind) = line.split_once("<<").filter(|(_, behind)| !behind.starts_with(['<', '(']))?;
    let word = behind.trim_start_matches('-').trim_start();
    let word: String = word
        .chars()
        .filter(|c| !"'\"\\".contains(*c))
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit())).then_some(word)
}

/// Whether a line begins with a program for networks.
fn is_command(line: &str) -> bool {
    let mut words = line
        .split_whitespace()
        .skip_while(|word| matches!(*word, "sudo" | "if" | "!" | "then" | "else" | "do" | "elif"));
    words.next().is_some_and(|word| programs::translated(word.trim_end_matches(';')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_never_ran_are_commands() {
        let text = "ip link\nif false; then\n  # no\n  ip addr add \\\n    dev x\nfi\ncat <<'END'\nip route\nEND\nsudo ip rule\n\
                    f() {\n  tc qdisc\n}\necho ip\nx=1\n";
        let mut source = Source::new("x.sh", text);
        assert!(source.never_ran().is_empty());
        source.ran.extend([1, 5]);
        let never: Vec<usize> = source.never_ran().into_iter().map(|(line, _)| line).collect();
        assert_eq!(never, [10, 12]);
    }
}
