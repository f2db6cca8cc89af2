//! The shell's variables and expansions, as Lua expressions.

use std::collections::{HashMap, HashSet};

use super::args::{Arg, Reason, Result};
use super::lexer::{Part, Word};
use super::lua::{self, Piece};
use super::parser::{Command, List, Node};

/// How many words one word may become.
const MOST: usize = 4096;

/// A variable of the shell.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name in Lua.
    pub code: String,
    /// It is a Lua integer rather than a string.
    pub number: bool,
    /// Its value, where it is known already.
    pub known: Option<String>,
    /// Its value may be several words.
    pub spaced: bool,
}

impl Variable {
    pub fn new(code: String, number: bool, known: Option<String>) -> Variable {
        Variable { code, number, known, spaced: false }
    }

    /// Forgets the value: it may be another one when the script runs.
    fn forget(&mut self) {
        self.spaced |= self.known.take().is_some_and(|known| known.split_whitespace().count() != 1);
    }
}

#[derive(Default)]
pub struct Variables {
    /// By their names in the shell.
    set: HashMap<String, Variable>,
    /// Those that are integers wherever they are set.
    numbers: HashMap<String, bool>,
    /// Lua's names that are taken, by what they are about.
    names: HashMap<String, String>,
    taken: HashSet<String>,
    /// Those that a function of the shell may set at any time.
    loose: HashSet<String>,
    /// The shell's functions, and what each sets.
    functions: HashMap<String, Vec<String>>,
    /// Those that were set by what is not translated.
    doubted: HashSet<String>,
    /// What words are split at, if it is not white space.
    separators: Option<String>,
    /// `$1` and its like are others than those that the script is called with.
    shifted: bool,
}

impl Variables {
    /// Looks where variables are set, and to what.
    pub fn scan<'a>(&mut self, nodes: impl IntoIterator<Item = &'a Node> + Clone) {
        self.shifted |= nodes.clone().into_iter().any(shifts);
        for (name, value) in assignments(nodes) {
            let number = match value.parts.as_slice() {
                [Part::Arithmetic(_)] => true,
                _ => value.text().is_some_and(|text| is_integer(&text)),
            };
            *self.numbers.entry(name).or_insert(true) &= number;
        }
    }

    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.set.get(name)
    }

    pub fn is_set(&self, name: &str) -> bool {
        self.set.contains_key(name)
    }

    /// Sets a variable, and says what it was.
    pub fn set(&mut self, name: &str, variable: Variable) -> Option<Variable> {
        self.doubted.remove(name);
        self.set.insert(name.to_owned(), variable)
    }

    /// Forgets the variable itself: Lua's no longer has its value.
    fn unset(&mut self, name: &str) {
        self.set.remove(name);
        self.doubted.insert(name.to_owned());
    }

    pub fn restore(&mut self, name: &str, old: Option<Variable>) {
        match old {
            Some(old) => drop(self.set.insert(name.to_owned(), old)),
            None => drop(self.set.remove(name)),
        }
    }

    /// All that are set, for [`Variables::restore_values`].
    pub fn values(&self) -> HashMap<String, Variable> {
        self.set.clone()
    }

    pub fn restore_values(&mut self, values: HashMap<String, Variable>) {
        self.set = values;
    }

    /// Whether a variable is an integer wherever it is set.
    pub fn is_number(&self, name: &str) -> bool {
        self.numbers.get(name).copied().unwrap_or(false)
    }

    /// Whether a variable in Lua has this name.
    pub fn is_taken(&self, name: &str) -> bool {
        self.taken.contains(name)
    }

    /// A free name in Lua, for this purpose: the same one each time.
    pub fn name(&mut self, purpose: &str, name: &str, fallback: &str) -> String {
        let purpose = format!("{purpose} {name}");
        if let Some(found) = self.names.get(&purpose) {
            return found.clone();
        }
        let found = lua::identifier(name, fallback, &|candidate| self.taken.contains(candidate));
        self.taken.insert(found.clone());
        self.names.insert(purpose, found.clone());
        found
    }

    /// Forgets the values of variables that are set in `nodes`, which may run several times, or not at all.
    pub fn forget_in(&mut self, nodes: &[Node]) {
        for (name, _) in assignments(nodes) {
            if let Some(variable) = self.set.get_mut(&name) {
                variable.forget();
            }
        }
    }

    /// Forgets the variables that are set in `nodes`, in a shell of its own.
    pub fn forget_set(&mut self, nodes: &[Node]) {
        assignments(nodes).iter().for_each(|(name, _)| self.unset(name));
    }

    /// Forgets the variables that a part of the script sets which is not translated, also by functions that it calls,
    /// and the values of those that it may set.
    pub fn doubt(&mut self, source: &str) {
        for name in names(source) {
            if let Some(variable) = self.set.get_mut(name) {
                variable.forget();
            }
            for set in self.functions.get(name).cloned().unwrap_or_default() {
                self.unset(&set);
            }
        }
        sets(source).into_iter().for_each(|name| self.unset(name));
    }

    /// As [`Variables::doubt`], of a function, which may be called at any time.
    pub fn function(&mut self, source: &str) {
        let all = names(source);
        if let Some(name) = all.iter().find(|name| **name != "function") {
            let sets = sets(source).into_iter().map(str::to_owned).collect();
            self.functions.insert((*name).to_owned(), sets);
        }
        self.loose.extend(all.into_iter().map(str::to_owned));
    }

    /// Whether a value that is set now is still the same later.
    pub fn is_loose(&self, name: &str) -> bool {
        self.loose.contains(name)
    }

    /// Remembers `IFS=VALUE`.
    pub fn separate_at(&mut self, separators: Option<String>) {
        self.separators = Some(separators.unwrap_or_default());
    }

    /// Whether what a word stands for may be several words, were it not quoted.
    pub fn is_spaced(&self, word: &Word) -> bool {
        word.parts.iter().any(|part| match part {
            Part::Text { text, .. } => text.contains(char::is_whitespace),
            Part::Arithmetic(_) => false,
            Part::Command(_) | Part::Other(_) => true,
            Part::Variable { name, default, .. } => match self.get(name) {
                Some(variable) => match &variable.known {
                    Some(known) => known.contains(char::is_whitespace),
                    None => variable.spaced,
                },
                None => default.as_ref().is_some_and(|parts| self.is_spaced(&Word { parts: parts.clone() })),
            },
        })
    }

    /// Says of a variable whether it may be several words.
    pub fn set_spaced(&mut self, name: &str, spaced: bool) {
        if let Some(variable) = self.set.get_mut(name) {
            variable.spaced = spaced;
        }
    }

    /// The only word if it is a variable, without quotes, whose value is not known: the shell splits it.
    pub fn split_later(&self, items: &[Word]) -> Result<Option<String>> {
        let [word] = items else { return Ok(None) };
        let [Part::Variable { quoted: false, .. }] = word.parts.as_slice() else { return Ok(None) };
        let arg = self.whole(word)?;
        match (arg.known, arg.pieces.as_slice()) {
            (None, [Piece::Code { number: false, .. }]) if self.separators.is_some() => {
                Err(Reason::new("words are split by IFS"))
            }
            (None, [Piece::Code { code, number: false }]) => Ok(Some(code.clone())),
            _ => Ok(None),
        }
    }

    /// What a word becomes.
    pub fn expand(&self, word: &Word) -> Result<Vec<Arg>> {
        let mut out = Vec::new();
        for word in braces(word)? {
            out.extend(self.split(&word)?);
            if out.len() > MOST {
                return Err(Reason::new("a word becomes too many words"));
            }
        }
        Ok(out)
    }

    /// A word as one argument, as in quotes.
    pub fn whole(&self, word: &Word) -> Result<Arg> {
        self.of_parts(&word.parts)
    }

    /// Splits at the white space in variables whose value is known.
    fn split(&self, word: &Word) -> Result<Vec<Arg>> {
        for part in &word.parts {
            let Part::Variable { name, quoted: false, .. } = part else { continue };
            let odd = match (self.get(name).and_then(|v| v.known.as_deref()), &self.separators) {
                (Some(_), None) => false,
                (Some(known), Some(at)) => known.contains(|c: char| c.is_whitespace() || at.contains(c)),
                (None, _) => self.is_spaced(&Word { parts: vec![part.clone()] }),
            };
            if odd {
                return Err(Reason::new(format!("${name} becomes several words when the script runs")));
            }
        }
        let splits = |part: &Part| match part {
            Part::Variable { name, quoted: false, .. } => {
                let known = self.get(name).and_then(|v| v.known.as_deref());
                known.is_some_and(|k| k.is_empty() || k.contains(char::is_whitespace))
            }
            _ => false,
        };
        if !word.parts.iter().any(splits) {
            return Ok(vec![self.whole(word)?]);
        }
        let mut words: Vec<Arg> = Vec::new();
        let mut open = false;
        for part in &word.parts {
            let arg = self.of_parts(std::slice::from_ref(part))?;
            let mut texts = Vec::new();
            if splits(part) {
                let text = arg.text();
                if text.starts_with(char::is_whitespace) {
                    open = false;
                }
                texts.extend(text.split_whitespace().map(Arg::of));
                if texts.is_empty() {
                    continue;
                }
                let ends = text.ends_with(char::is_whitespace);
                for (i, text) in texts.into_iter().enumerate() {
                    match if open && i == 0 { words.pop() } else { None } {
                        Some(last) => words.push(last.joined("", text)),
                        None => words.push(text),
                    }
                }
                open = !ends;
                continue;
            }
            match (open, words.pop()) {
                (true, Some(last)) => words.push(last.joined("", arg)),
                (_, last) => {
                    words.extend(last);
                    words.push(arg);
                }
            }
            open = true;
        }
        Ok(words)
    }

    fn of_parts(&self, parts: &[Part]) -> Result<Arg> {
        let mut out = Arg { pieces: Vec::new(), known: Some(String::new()) };
        for part in parts {
            let (piece, known) = self.part(part)?;
            out.known = match (out.known, known) {
                (Some(all), Some(known)) => Some(all + &known),
                _ => None,
            };
            lua::push(&mut out.pieces, piece);
        }
        if out.pieces.is_empty() {
            out.pieces.push(Piece::Text(String::new()));
        }
        Ok(out)
    }

    fn part(&self, part: &Part) -> Result<(Piece, Option<String>)> {
        match part {
            Part::Text { text, .. } => Ok((Piece::Text(text.clone()), Some(text.clone()))),
            Part::Arithmetic(text) => Ok((Piece::Code { code: self.arithmetic(text)?, number: true }, None)),
            Part::Command(text) => Err(Reason::new(format!("what $({text}) prints is not known"))),
            Part::Other(text) => Err(Reason::new(format!("the expansion {text} is not understood"))),
            Part::Variable { name, default, .. } => {
                if self.doubted.contains(name) {
                    return Err(Reason::new(format!("the value of ${name} is not known")));
                }
                if let Some(variable) = self.get(name) {
                    let code = variable.code.clone();
                    let (Some(default), false) = (default, variable.number) else {
                        return Ok((Piece::Code { code, number: variable.number }, variable.known.clone()));
                    };
                    if let Some(known) = variable.known.as_ref().filter(|known| !known.is_empty()) {
                        return Ok((Piece::Code { code, number: false }, Some(known.clone())));
                    }
                    let default = self.of_parts(default)?;
                    if variable.known.is_some() {
                        let code = default.expr().flat();
                        return Ok((Piece::Code { code, number: false }, default.known));
                    }
                    let code = format!("({code} or {})", default.expr().flat());
                    return Ok((Piece::Code { code, number: false }, None));
                }
                let code = match name.parse::<u32>() {
                    Ok(0) => return Err(Reason::new("$0 has no meaning here")),
                    Ok(_) if self.shifted => {
                        return Err(Reason::new(format!(
                            "the value of ${name} is not known: set or shift changes it"
                        )));
                    }
                    Ok(number) => format!("arg[{number}]"),
                    Err(_) if default.is_some() && !name.chars().any(|c| "?$!#@*-".contains(c)) => {
                        format!("os.getenv({})", lua::quote(name))
                    }
                    Err(_) => return Err(Reason::new(format!("the value of ${name} is not known"))),
                };
                let code = match default {
                    None => code,
                    Some(default) => {
                        let default = self.of_parts(default)?.expr().flat();
                        format!("({code} or {default})")
                    }
                };
                Ok((Piece::Code { code, number: false }, None))
            }
        }
    }

    /// `i + 1` as Lua; the operators that both languages have.
    pub fn arithmetic(&self, text: &str) -> Result<String> {
        let odd = || Reason::new(format!("the sum $(({text})) is not understood"));
        let mut out = Vec::new();
        let mut chars = text.chars().peekable();
        let mut depth = 0i32;
        // Whether a value must follow.
        let mut awaited = true;
        while let Some(c) = chars.next() {
            match c {
                c if c.is_whitespace() => {}
                '$' if awaited => {}
                '{' | '}' if text.contains("${") => {}
                '(' if awaited => {
                    depth += 1;
                    out.push("(".to_owned());
                }
                ')' if !awaited && depth > 0 => {
                    depth -= 1;
                    out.push(")".to_owned());
                }
                '-' if awaited => out.push("-".to_owned()),
                '+' | '-' | '*' | '/' | '%' if !awaited && chars.peek() != Some(&c) => {
                    awaited = true;
                    out.push(if c == '/' { " // ".to_owned() } else { format!(" {c} ") });
                }
                c if awaited && (c == '_' || c.is_ascii_alphanumeric()) => {
                    let mut word = c.to_string();
                    while let Some(c) = chars.next_if(|c| *c == '_' || c.is_ascii_alphanumeric()) {
                        word.push(c);
                    }
                    awaited = false;
                    if c.is_ascii_digit() {
                        let number = super::args::integer(&word).ok_or_else(odd)?;
                        out.push(number.to_string());
                        continue;
                    }
                    let variable = self.get(&word);
                    let variable =
                        variable.ok_or_else(|| Reason::new(format!("the value of ${word} is not known")))?;
                    out.push(match variable.number {
                        true => variable.code.clone(),
                        false => format!("tonumber({})", variable.code),
                    });
                }
                _ => return Err(odd()),
            }
        }
        if awaited || depth != 0 {
            return Err(odd());
        }
        Ok(format!("({})", out.concat()))
    }
}

/// Whether Lua writes the number in the same way.
pub fn is_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}

/// `a{1..3}b` and `{x,y}` become several words.
fn braces(word: &Word) -> Result<Vec<Word>> {
    let open = |part: &Part| {
        if let Part::Text { text, quoted: false } = part { text.matches('{').count() } else { 0 }
    };
    if word.parts.iter().map(open).sum::<usize>() > 16 {
        return Err(Reason::new("a word has too many braces"));
    }
    for (at, part) in word.parts.iter().enumerate() {
        let Part::Text { text, quoted: false } = part else { continue };
        let Some((before, choices, after)) = choices(text)? else { continue };
        let mut out = Vec::new();
        for choice in choices {
            let mut parts = word.parts[..at].to_vec();
            let text = format!("{before}{choice}{after}");
            if !text.is_empty() {
                parts.push(Part::Text { text, quoted: false });
            }
            parts.extend_from_slice(&word.parts[at + 1..]);
            out.extend(braces(&Word { parts })?);
            if out.len() > MOST {
                return Err(Reason::new("a word becomes too many words"));
            }
        }
        return Ok(out);
    }
    Ok(vec![word.clone()])
}

type Choices<'a> = (&'a str, Vec<String>, &'a str);

fn choices(text: &str) -> Result<Option<Choices<'_>>> {
    for (open, _) in text.match_indices('{') {
        let Some(length) = text[open..].find('}') else { return Ok(None) };
        let inner = &text[open + 1..open + length];
        let (before, after) = (&text[..open], &text[open + length + 1..]);
        if let Some(numbers) = range(inner)? {
            return Ok(Some((before, numbers, after)));
        }
        if inner.contains(',') && !inner.contains('{') {
            return Ok(Some((before, inner.split(',').map(str::to_owned).collect(), after)));
        }
    }
    Ok(None)
}

/// `1..5`, `01..10`, `1..9..2` and `a..e`.
fn range(text: &str) -> Result<Option<Vec<String>>> {
    let mut parts = text.split("..");
    let (Some(first), Some(last)) = (parts.next(), parts.next()) else { return Ok(None) };
    let step: i64 = match parts.next().map(str::parse::<i64>) {
        None => 1,
        Some(Ok(step)) if step != 0 => step.saturating_abs(),
        Some(_) => return Ok(None),
    };
    if let (Ok(first_char), Ok(last_char)) = (first.parse::<char>(), last.parse::<char>())
        && first_char.is_ascii_alphabetic()
        && last_char.is_ascii_alphabetic()
        && first_char <= last_char
    {
        return Ok(Some((first_char..=last_char).step_by(step as usize).map(String::from).collect()));
    }
    let (Ok(from), Ok(to)) = (first.parse::<i64>(), last.parse::<i64>()) else { return Ok(None) };
    let count = from.abs_diff(to) / step.unsigned_abs();
    if count as usize >= MOST {
        return Err(Reason::new("a word becomes too many words"));
    }
    let zeros = first.len() > 1 && first.starts_with('0') || last.len() > 1 && last.starts_with('0');
    let width = if zeros { first.len().max(last.len()) } else { 0 };
    let sign = if from <= to { 1i128 } else { -1 };
    let number = |i: u64| i128::from(from) + sign * i128::from(step) * i128::from(i);
    Ok(Some((0..=count).map(|i| format!("{:0width$}", number(i))).collect()))
}

/// The names in a text that don't stand for a variable's value (`$A`, `${A}`): among them are those that it sets.
fn names(source: &str) -> Vec<&str> {
    let part_of_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let (mut out, mut rest) = (Vec::new(), source);
    while let Some(start) = rest.find(part_of_name) {
        let (before, from) = rest.split_at(start);
        let (name, after) = from.split_at(from.find(|c| !part_of_name(c)).unwrap_or(from.len()));
        if !before.ends_with('$') && !before.ends_with("${") {
            out.push(name);
        }
        rest = after;
    }
    out
}

/// The names that a text sets: `A=1`, `A+=x`, `((A++))`, `for A in`, `read A B`. What is local is left out.
fn sets(source: &str) -> Vec<&str> {
    let is_name = |word: &&str| {
        word.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
            && word.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
    };
    let mut out = Vec::new();
    for statement in source.split(['\n', ';', '&', '|', '(', ')', '{', '}']) {
        let mut words = statement.split_whitespace().peekable();
        match words.peek().copied() {
            Some("local") => continue,
            Some("for" | "select") => out.extend(words.nth(1).filter(is_name)),
            _ => {
                let mut reads = false;
                for word in words {
                    let end = word.find(['=', '+', '-']).unwrap_or(word.len());
                    if reads || assigns(&word[end..]) {
                        out.extend(Some(&word[..end]).filter(is_name));
                    }
                    reads |= word == "read";
                }
            }
        }
    }
    out
}

/// Whether what stands behind a name sets it.
fn assigns(behind: &str) -> bool {
    !behind.starts_with("==")
        && ["=", "+=", "-=", "++", "--"].iter().any(|operator| behind.starts_with(operator))
}

/// Whether `set WORD` or `shift` puts others in the place of `$1`, except in functions, which have their own.
fn shifts(node: &Node) -> bool {
    let Node::List(list) = node else { return false };
    if matches!(list.first.commands.as_slice(), [Command::Other { what: "a function", .. }]) {
        return false;
    }
    let words: Vec<&str> = list.source.split_whitespace().collect();
    let begins = |at: usize| match at.checked_sub(1).map(|before| words[before]) {
        None | Some("do" | "then" | "else" | "{" | "(" | "&&" | "||" | "|" | ";") => true,
        Some(before) => before.ends_with([';', ')', '(']),
    };
    // A line ends a command, too.
    let lines = list.source.lines().filter_map(|line| line.split_whitespace().next());
    let first_of_line = |word: &str| lines.clone().any(|first| first.trim_end_matches(';') == word);
    words.iter().enumerate().any(|(at, word)| match word.trim_end_matches(';') {
        "shift" => begins(at) || first_of_line("shift"),
        "set" => {
            (begins(at) || first_of_line("set"))
                && words.get(at + 1).is_some_and(|next| *next == "--" || !next.starts_with(['-', '+']))
        }
        _ => false,
    })
}

/// The assignments in these nodes, those in loops and conditions too.
fn assignments<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Vec<(String, Word)> {
    let mut out = Vec::new();
    for node in nodes {
        let Node::List(List { first, rest, .. }) = node else { continue };
        let pipelines = std::iter::once(first).chain(rest.iter().map(|(_, p)| p));
        for command in pipelines.flat_map(|p| &p.commands) {
            match command {
                Command::Simple(simple) if simple.words.is_empty() => {
                    out.extend(simple.assignments.iter().cloned())
                }
                Command::Simple(_) | Command::Other { .. } => {}
                Command::For { body, .. }
                | Command::Count { body, .. }
                | Command::Group(body)
                | Command::Subshell(body) => {
                    out.extend(assignments(body));
                }
                Command::If { arms, otherwise } => {
                    for (condition, then) in arms {
                        out.extend(assignments(condition));
                        out.extend(assignments(then));
                    }
                    out.extend(assignments(otherwise.iter().flatten()));
                }
            }
        }
    }
    out
}
