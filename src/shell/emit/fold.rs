//! Runs of lines that differ by one counter become loops: what a script's `for` has done is a `for` again.

use std::collections::HashMap;

use super::{Emitter, Line};

/// The longest body of a loop, in lines.
const LONGEST: usize = 32;
/// Comments that stand for a command: each turn has its own.
const OF_COMMANDS: [&str; 3] = ["-- status ", "-- by the program", "-- did not end"];

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A string, with its quotes and what is between them.
    Text(char, String),
    Number(i64),
    Name(String),
    Other(char),
    /// What may be different in each turn.
    Remark(String),
}

/// A line of code.
struct Statement {
    /// Its place among all lines.
    line: usize,
    tokens: Vec<Token>,
    /// The namespace's variable that it makes.
    makes: Option<String>,
    /// Whether a comment or an empty line stands above it.
    apart: bool,
    /// The marks above it, by their numbers.
    marks: Vec<usize>,
    plain: bool,
}

/// Where a number of a token stands: the token, and which of its parts.
type Place = (usize, usize);
/// What counts: statement, token and part, with its value in the first turn.
type Counts = Vec<(usize, Place, i64)>;

#[derive(Clone)]
struct Fold {
    /// The first statement, and how many make a turn.
    first: usize,
    length: usize,
    turns: usize,
    step: i64,
    counts: Counts,
}

/// Namespaces' variables that a loop makes: one of the loop's own, or an entry of a table.
struct Group {
    name: String,
    own: bool,
    fold: usize,
    number: i64,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let from = at;
        let upto = |mut end: usize, of: &dyn Fn(char) -> bool| {
            while chars.get(end).is_some_and(|c| of(*c)) {
                end += 1;
            }
            end
        };
        let dotted = at > 0 && chars[at - 1] == '.';
        if c == '"' || c == '\'' {
            at += 1;
            while let Some(&next) = chars.get(at).filter(|next| **next != c) {
                at += 1 + usize::from(next == '\\');
            }
            out.push(Token::Text(c, chars[from + 1..at.min(chars.len())].iter().collect()));
            at += 1;
        } else if c.is_ascii_digit() && !dotted {
            at = upto(at, &|c| c.is_ascii_alphanumeric() || c == '.');
            let word: String = chars[from..at].iter().collect();
            match word.parse::<i64>().ok().filter(|number| number.to_string() == word) {
                Some(number) => out.push(Token::Number(number)),
                None => out.extend(word.chars().map(Token::Other)),
            }
        } else if c.is_ascii_alphabetic() || c == '_' {
            at = upto(at, &|c| c.is_ascii_alphanumeric() || c == '_');
            out.push(Token::Name(chars[from..at].iter().collect()));
        } else if c == '-' && chars.get(at + 1) == Some(&'-') {
            out.push(Token::Remark(chars[at..].iter().collect()));
            at = chars.len();
        } else {
            out.push(Token::Other(c));
            at += 1;
        }
    }
    // What stands behind a line is a remark, the space before it too.
    if out.len() > 1
        && matches!(out.last(), Some(Token::Remark(_)))
        && out[out.len() - 2] == Token::Other(' ')
    {
        out.remove(out.len() - 2);
    }
    out
}

/// A text as numbers and what is between them: `a1b` is `a`, 1, `b`.
fn parts(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut between, mut numbers) = (vec![String::new()], Vec::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let last = between.last_mut();
        if !c.is_ascii_digit() {
            last.into_iter().for_each(|last| last.push(c));
            // The number of a character (`\027`) is none that counts.
            if c == '\\'
                && let Some(next) = chars.next()
                && let Some(last) = between.last_mut()
            {
                last.push(next);
                while next.is_ascii_digit() && chars.peek().is_some_and(char::is_ascii_digit) {
                    last.extend(chars.next());
                }
            }
            continue;
        }
        let mut number = c.to_string();
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            number.push(digit);
        }
        numbers.push(number);
        between.push(String::new());
    }
    (between, numbers)
}

/// The numbers of a token that differ from another's, with both values; `None` if more than numbers differs.
fn differ(one: &Token, other: &Token) -> Option<Vec<(usize, i64, i64)>> {
    match (one, other) {
        (Token::Remark(one), Token::Remark(other)) => (parts(one).0 == parts(other).0).then(Vec::new),
        _ if one == other => Some(Vec::new()),
        (Token::Number(one), Token::Number(other)) => Some(vec![(0, *one, *other)]),
        (Token::Text(quote, one), Token::Text(same, other)) if quote == same => of_texts(one, other),
        (Token::Name(one), Token::Name(other)) => of_texts(one, other).filter(|found| found.len() == 1),
        _ => None,
    }
}

fn of_texts(one: &str, other: &str) -> Option<Vec<(usize, i64, i64)>> {
    let ((between, one), (same, other)) = (parts(one), parts(other));
    if between != same {
        return None;
    }
    let number = |text: &String| text.parse::<i64>().ok().filter(|number| number.to_string() == *text);
    let mut out = Vec::new();
    for (at, (one, other)) in one.iter().zip(&other).enumerate() {
        if one != other {
            out.push((at, number(one)?, number(other)?));
        }
    }
    Some(out)
}

/// Which turn of a loop something is in is not said by its place alone: `i`, `i + 1`.
fn counter(offset: i64) -> String {
    match offset {
        0 => "i".to_owned(),
        1.. => format!("i + {offset}"),
        _ => format!("i - {}", -offset),
    }
}

struct Folder {
    statements: Vec<Statement>,
    /// Where each namespace's variable is made, if in one place alone.
    made: HashMap<String, Option<usize>>,
    folds: Vec<Fold>,
}

impl Folder {
    fn new(lines: &[Line], mark: &str, used: &dyn Fn(&str) -> bool) -> Folder {
        let (mut statements, mut made) = (Vec::new(), HashMap::<String, Option<usize>>::new());
        let (mut apart, mut marks, mut all_marks) = (false, Vec::new(), 0..);
        for (line, text) in lines.iter().enumerate() {
            let (indent, text, makes) = match text {
                Line::Blank => (0, "--".to_owned(), None),
                Line::Text(indent, text) => (*indent, text.clone(), None),
                Line::Variable { name, code } => {
                    let used = used(name) && code.starts_with("namespace.add(");
                    (
                        0,
                        if used { format!("{name} = {code}") } else { code.clone() },
                        used.then(|| name.clone()),
                    )
                }
            };
            if text == mark {
                marks.extend(all_marks.next());
                continue;
            }
            if text.starts_with("--") {
                let of_command = OF_COMMANDS.iter().any(|start| text.starts_with(start));
                if !of_command {
                    apart = true;
                    continue;
                }
            }
            if let Some(name) = &makes {
                let place = statements.len();
                made.entry(name.clone()).and_modify(|at| *at = None).or_insert(Some(place));
            }
            let plain = indent == 0 && !["[[", "[="].iter().any(|odd| text.contains(odd));
            let marks = std::mem::take(&mut marks);
            statements.push(Statement { line, tokens: tokens(&text), makes, apart, marks, plain });
            apart = false;
        }
        Folder { statements, made, folds: Vec::new() }
    }

    /// What counts between two turns, and by how much.
    fn turn(&self, first: usize, length: usize, number: usize) -> Option<(Counts, i64)> {
        let (mut counts, mut step) = (Vec::new(), None);
        for at in 0..length {
            let one = self.statements.get(first + at)?;
            let other = self.statements.get(first + number * length + at)?;
            if !one.plain || !other.plain || other.apart || one.tokens.len() < other.tokens.len() {
                return None;
            }
            let rest = &one.tokens[other.tokens.len()..];
            if !matches!(rest, [] | [Token::Remark(_)]) {
                return None;
            }
            for (token, (one, other)) in one.tokens.iter().zip(&other.tokens).enumerate() {
                for (part, was, is) in differ(one, other)? {
                    if *step.get_or_insert(is - was) != is - was {
                        return None;
                    }
                    counts.push((at, (token, part), was));
                }
            }
        }
        Some((counts, step?))
    }

    /// The loop that begins with a statement, and how many lines it saves.
    fn at(&self, first: usize) -> Option<(Fold, usize)> {
        let mut best: Option<(Fold, usize)> = None;
        for length in 1..=LONGEST {
            let Some((counts, step)) = self.turn(first, length, 1) else { continue };
            let mut turns = 2;
            while let Some((more, by)) = self.turn(first, length, turns)
                && more == counts
                && i64::try_from(turns).is_ok_and(|turns| by == step * turns)
            {
                turns += 1;
            }
            let saved = length * (turns - 1);
            let fold = Fold { first, length, turns, step, counts };
            let worth = (turns > 2 || length > 2) && best.as_ref().is_none_or(|(_, most)| saved > *most);
            if worth && self.names_fit(&fold) {
                best = Some((fold, saved));
            }
        }
        best
    }

    /// Variables may count only if loops make them: this one, or one before.
    fn names_fit(&self, fold: &Fold) -> bool {
        fold.counts.iter().all(|(at, (token, _), _)| {
            let made = |turn: usize| {
                let statement = &self.statements[fold.first + turn * fold.length + at];
                match statement.tokens.get(*token) {
                    Some(Token::Name(name)) => Some(self.made.get(name).copied().flatten()),
                    _ => None,
                }
            };
            (0..fold.turns).all(|turn| match made(turn) {
                None => true,
                Some(None) => false,
                Some(Some(place)) => {
                    let of = |fold: &Fold| {
                        let inside = (fold.first..fold.first + fold.length * fold.turns).contains(&place);
                        inside.then(|| (place - fold.first) % fold.length)
                    };
                    let mut all = self.folds.iter().chain([fold]);
                    let found = all.position(|fold| of(fold).is_some());
                    let same = |turn: usize| {
                        let other = made(turn).flatten()?;
                        let fold = self.folds.iter().chain([fold]).nth(found?)?;
                        let inside = (fold.first..fold.first + fold.length * fold.turns).contains(&other);
                        inside.then(|| (other - fold.first) % fold.length)
                    };
                    found.is_some() && same(0).is_some() && same(0) == same(turn)
                }
            })
        })
    }

    fn find(&mut self) {
        let mut at = 0;
        while at < self.statements.len() {
            match self.at(at) {
                Some((fold, _)) => {
                    at += fold.length * fold.turns;
                    self.folds.push(fold);
                }
                None => at += 1,
            }
        }
    }

    /// The fold and the turn that a statement is in.
    fn place(&self, statement: usize) -> Option<(usize, usize)> {
        let at = self.folds.partition_point(|fold| fold.first <= statement).checked_sub(1)?;
        let fold = &self.folds[at];
        let turn = (statement - fold.first) / fold.length;
        (turn < fold.turns).then_some((at, turn))
    }

    /// Namespaces' variables that loops make.
    fn groups(&self, name: &mut dyn FnMut(&str, bool) -> String) -> HashMap<String, Group> {
        let mut out = HashMap::new();
        for (number, fold) in self.folds.iter().enumerate() {
            for at in 0..fold.length {
                let variables: Vec<&String> = (0..fold.turns)
                    .filter_map(|turn| self.statements[fold.first + turn * fold.length + at].makes.as_ref())
                    .collect();
                let count =
                    fold.counts.iter().find(|(statement, (token, _), _)| *statement == at && *token == 0);
                let (Some((_, (_, part), start)), true) = (count, variables.len() == fold.turns) else {
                    continue;
                };
                let (between, mut numbers) = parts(variables[0]);
                numbers[*part].clear();
                let base: String = between
                    .iter()
                    .zip(numbers.iter().map(String::as_str).chain([""]))
                    .map(|(text, number)| format!("{text}{number}"))
                    .collect();
                let mut turn = 0;
                let own = variables.iter().all(|variable| {
                    let place = Some((number, turn));
                    turn += 1;
                    self.statements.iter().enumerate().all(|(at, statement)| {
                        let uses = statement.tokens.contains(&Token::Name((*variable).clone()));
                        !uses || self.place(at) == place
                    })
                });
                let name = name(base.trim_end_matches('_'), own);
                for (turn, variable) in variables.into_iter().enumerate() {
                    let number_of = start + fold.step * i64::try_from(turn).unwrap_or(0);
                    out.insert(
                        variable.clone(),
                        Group { name: name.clone(), own, fold: number, number: number_of },
                    );
                }
            }
        }
        out
    }

    /// Which of a loop's statements have marks in each turn; those of others, but for what stands before the loop, are
    /// dropped.
    fn marks(&self, fold: &Fold, dropped: &mut Vec<usize>) -> Vec<bool> {
        let of = |at: usize, turn: usize| &self.statements[fold.first + turn * fold.length + at].marks;
        let all = |at: usize| (0..fold.turns).all(|turn| of(at, turn).len() == 1);
        for at in (0..fold.length).filter(|at| !all(*at)) {
            let turns = usize::from(at == 0)..fold.turns;
            dropped.extend(turns.flat_map(|turn| of(at, turn).iter().copied()));
        }
        (0..fold.length).map(all).collect()
    }

    /// A statement, as it stands outside of loops, or in the first turn of one.
    fn write(&self, at: usize, groups: &HashMap<String, Group>, start: i64) -> String {
        let place = self.place(at);
        let statement = &self.statements[at];
        let mut out = String::new();
        for (number, token) in statement.tokens.iter().enumerate() {
            let counts = |part: usize| {
                let fold = &self.folds[place?.0];
                let found = fold.counts.iter().find(|(statement, counted, _)| {
                    *statement == at - fold.first && *counted == (number, part)
                });
                found.map(|(_, _, was)| was - start)
            };
            match token {
                Token::Number(value) => match counts(0) {
                    Some(offset) => out.push_str(&counter(offset)),
                    None => out.push_str(&value.to_string()),
                },
                Token::Name(name) => match groups.get(name) {
                    Some(group) if group.own => out.push_str(&group.name),
                    Some(group) => {
                        let (_, numbers) = parts(name);
                        let index = (0..numbers.len()).find_map(counts).map(|_| group.number - start);
                        let index = index.map_or_else(|| group.number.to_string(), counter);
                        out.push_str(&format!("{}[{index}]", group.name));
                    }
                    None => out.push_str(name),
                },
                Token::Text(quote, text) => out.push_str(&joined(*quote, text, &counts)),
                Token::Other(c) => out.push(*c),
                Token::Remark(text) if number > 0 => out.push_str(&format!(" {text}")),
                Token::Remark(text) => out.push_str(text),
            }
        }
        out
    }
}

/// A string with the counter in it.
fn joined(quote: char, text: &str, counts: &dyn Fn(usize) -> Option<i64>) -> String {
    let (between, numbers) = parts(text);
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    for (at, text) in between.iter().enumerate() {
        piece.push_str(text);
        match (counts(at), numbers.get(at)) {
            (Some(offset), Some(_)) => {
                if !piece.is_empty() {
                    pieces.push(format!("{quote}{}{quote}", std::mem::take(&mut piece)));
                }
                let counter = counter(offset);
                pieces.push(if offset == 0 { counter } else { format!("({counter})") });
            }
            (_, Some(number)) => piece.push_str(number),
            _ => {}
        }
    }
    match (pieces.as_slice(), piece.is_empty()) {
        ([one], true) => format!("tostring({})", one.trim_matches(['(', ')'])),
        (_, empty) => {
            if !empty || pieces.is_empty() {
                pieces.push(format!("{quote}{piece}{quote}"));
            }
            pieces.join(" .. ")
        }
    }
}

impl Emitter {
    /// Makes loops of what differs by one counter. Lines that are `mark` go along if each turn has them; the numbers of
    /// those that are dropped are returned.
    pub fn fold(&mut self, mark: &str) -> Vec<usize> {
        let used = |name: &str| self.used.contains(name);
        let mut folder = Folder::new(&self.lines, mark, &used);
        folder.find();
        let mut dropped = Vec::new();
        if folder.folds.is_empty() || self.variables.is_taken("i") {
            return dropped;
        }
        let marks: Vec<Vec<bool>> =
            folder.folds.iter().map(|fold| folder.marks(fold, &mut dropped)).collect();
        let variables = &mut self.variables;
        // Loops that make namespaces of the same name share a table.
        let groups =
            folder.groups(&mut |base, own| variables.name(if own { "turn" } else { "loop" }, base, "ns"));
        let mut tables: Vec<(&String, usize)> =
            groups.values().filter(|group| !group.own).map(|group| (&group.name, group.fold)).collect();
        tables.sort();
        tables.dedup_by(|(later, _), (name, _)| later == name);
        let statement: HashMap<usize, usize> =
            folder.statements.iter().enumerate().map(|(at, statement)| (statement.line, at)).collect();
        let mut out = Vec::new();
        let lines = std::mem::take(&mut self.lines);
        // The comments above a loop's first line stay above the loop, those between its lines go into it.
        for (number, line) in lines.into_iter().enumerate() {
            let Some(&at) = statement.get(&number) else {
                let next = folder.statements.partition_point(|statement| statement.line < number);
                let inside = folder
                    .place(next)
                    .is_some_and(|(fold, turn)| turn == 0 && next > folder.folds[fold].first);
                let turn = folder.place(next);
                let first = turn.is_some_and(|(fold, turn)| turn == 0 && next == folder.folds[fold].first);
                match line {
                    // Those of a loop are written with its lines.
                    Line::Text(_, text) if text == mark && turn.is_some() => {
                        if first && !marks[turn.map_or(0, |(fold, _)| fold)][0] {
                            out.push(Line::Text(0, text));
                        }
                    }
                    Line::Text(indent, text) if inside => out.push(Line::Text(indent + 2, text)),
                    line => out.push(line),
                }
                continue;
            };
            let Some((fold, turn)) = folder.place(at) else {
                match line {
                    Line::Text(indent, text) => {
                        let named = folder.statements[at]
                            .tokens
                            .iter()
                            .any(|token| matches!(token, Token::Name(name) if groups.contains_key(name)));
                        let text = if named { folder.write(at, &groups, 0) } else { text };
                        out.push(Line::Text(indent, text));
                    }
                    line => out.push(line),
                }
                continue;
            };
            if turn > 0 {
                continue;
            }
            let Fold { first, length, turns, step, ref counts } = folder.folds[fold];
            // What most of the numbers begin with.
            let most = |start: &i64| counts.iter().filter(|(_, _, was)| was == start).count();
            let start = counts.iter().map(|(_, _, was)| *was).max_by_key(|start| (most(start), -start));
            let start = start.unwrap_or(1);
            if at == first {
                for (name, _) in tables.iter().filter(|(_, of)| *of == fold) {
                    out.push(Line::Text(0, format!("local {name} = {{}}")));
                }
                let last = start + step * i64::try_from(turns - 1).unwrap_or(0);
                let by = if step == 1 { String::new() } else { format!(", {step}") };
                out.push(Line::Text(0, format!("for i = {start}, {last}{by} do")));
            }
            if marks[fold][at - first] {
                out.push(Line::Text(0, mark.to_owned()));
            }
            let text = folder.write(at, &groups, start).replace('\n', "\n  ");
            let made = folder.statements[at].makes.as_ref().and_then(|name| groups.get(name));
            let text = if made.is_some_and(|group| group.own) { format!("local {text}") } else { text };
            out.push(Line::Text(2, text));
            if at + 1 == first + length {
                out.push(Line::Text(0, "end".to_owned()));
            }
        }
        self.lines = out;
        dropped
    }
}
