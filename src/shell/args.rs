//! A command's arguments, and what is made of them.

use std::fmt;

use super::lua::{self, Expr, Piece};
use crate::model::{Row, Table, Word};
use crate::net::names::similar;

/// Why something can't be translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What is wrong, on one line.
    pub message: String,
    /// What may have been meant, or what to do.
    pub hint: Option<String>,
    /// It is only that the line has no end yet: a quote, a loop.
    pub incomplete: bool,
    /// There is no binding for it, but the program itself can do it inside the lab.
    pub by_program: bool,
}

impl Reason {
    pub fn new(message: impl Into<String>) -> Reason {
        Reason { message: message.into(), hint: None, incomplete: false, by_program: false }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Reason {
        self.hint = Some(hint.into());
        self
    }

    /// Right, but beyond what the bindings do.
    pub fn beyond(what: impl Into<String>) -> Reason {
        Reason { by_program: true, ..Reason::new(what) }
    }

    /// Adds what `word` was probably meant to be.
    pub fn near<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Reason {
        match similar(word, known) {
            Some(near) => self.hint(format!("did you mean \"{near}\"?")),
            None => self,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hint {
            Some(hint) => write!(f, "{}; {hint}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

pub type Result<T> = std::result::Result<T, Reason>;

/// An argument after the shell's expansions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arg {
    pub pieces: Vec<Piece>,
    /// Its text, where that is known already.
    pub known: Option<String>,
}

impl Arg {
    pub fn of(text: &str) -> Arg {
        Arg { pieces: vec![Piece::Text(text.to_owned())], known: Some(text.to_owned()) }
    }

    /// Its text, where that is known; else one that no option and no keyword is.
    pub fn text(&self) -> &str {
        self.known.as_deref().unwrap_or("\0")
    }

    pub fn is(&self, word: &str) -> bool {
        self.known.as_deref() == Some(word)
    }

    /// As a string.
    pub fn expr(&self) -> Expr {
        Expr::Text(self.pieces.clone())
    }

    /// The argument with a text behind it.
    pub fn with(mut self, text: &str) -> Arg {
        if let Some(known) = &mut self.known {
            known.push_str(text);
        }
        lua::push(&mut self.pieces, Piece::Text(text.to_owned()));
        self
    }

    /// The argument with a text in front of it.
    pub fn behind(mut self, text: &str) -> Arg {
        self.known = self.known.map(|known| format!("{text}{known}"));
        match self.pieces.first_mut() {
            Some(Piece::Text(first)) => first.insert_str(0, text),
            _ => self.pieces.insert(0, Piece::Text(text.to_owned())),
        }
        self
    }

    /// The argument without a text in front.
    pub fn without(&self, prefix: &str) -> Option<Arg> {
        let Some(Piece::Text(first)) = self.pieces.first() else { return None };
        let rest = first.strip_prefix(prefix)?;
        let mut pieces = self.pieces.clone();
        match rest.is_empty() && pieces.len() > 1 {
            true => drop(pieces.remove(0)),
            false => pieces[0] = Piece::Text(rest.to_owned()),
        }
        let known = self.known.as_deref().and_then(|k| k.strip_prefix(prefix)).map(str::to_owned);
        Some(Arg { pieces, known })
    }

    /// Both with a text between them.
    pub fn joined(self, between: &str, other: Arg) -> Arg {
        let known = match (&self.known, &other.known) {
            (Some(a), Some(b)) => Some(format!("{a}{between}{b}")),
            _ => None,
        };
        let mut pieces = self.pieces;
        for piece in [Piece::Text(between.to_owned())].into_iter().chain(other.pieces) {
            lua::push(&mut pieces, piece);
        }
        Arg { pieces, known }
    }

    /// For people.
    pub fn shown(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Code { code, .. } => code.as_str(),
        });
        self.known.clone().unwrap_or_else(|| pieces.collect())
    }

    fn wrong(&self, option: &str, expected: &str) -> Reason {
        Reason::new(format!("{option}: expected {expected}, got \"{}\"", self.shown()))
    }

    /// As an integer; hexadecimal and octal are read as C does.
    pub fn integer(&self, option: &str) -> Result<Expr> {
        match (&self.known, self.pieces.as_slice()) {
            (_, [Piece::Code { code, number: true }]) => Ok(Expr::code(code)),
            (Some(text), _) => {
                let value = integer(text).ok_or_else(|| self.wrong(option, "an integer"))?;
                Ok(Expr::code(value))
            }
            _ => Ok(Expr::Code(format!("tonumber({})", self.expr().flat()))),
        }
    }

    /// As an integer if it is one, else as a string: tables, protocols and scopes have names too.
    pub fn number_or_name(&self) -> Expr {
        match self.known.as_deref().map(integer) {
            Some(Some(_)) => self.integer("").unwrap_or_else(|_| self.expr()),
            Some(None) => self.expr(),
            None => self.integer("").unwrap_or_else(|_| self.expr()),
        }
    }

    /// As a number of seconds (or of anything else), possibly with a fraction.
    pub fn number(&self, option: &str) -> Result<Expr> {
        match self.known.as_deref().map(str::parse::<f64>) {
            Some(Ok(number)) if number.is_finite() => Ok(Expr::code(number)),
            Some(_) => Err(self.wrong(option, "a number")),
            None => self.integer(option),
        }
    }

    /// A word of a list, or its number there.
    fn numbered(&self, option: &str, names: fn(usize) -> Option<&'static str>) -> Result<Expr> {
        match self.known.as_deref().map(str::parse) {
            Some(Ok(number)) => names(number)
                .map(Expr::text)
                .ok_or_else(|| Reason::new(format!("{option}: no state has this number"))),
            _ => Ok(self.expr()),
        }
    }

    /// A time of so many parts a second, in seconds: `ip` counts a bridge's timers in hundredths.
    fn parts(&self, option: &str, parts: u32) -> Result<Expr> {
        match self.known.as_deref().map(str::parse::<u64>) {
            Some(Ok(n)) => Ok(Expr::code(n as f64 / f64::from(parts))),
            Some(Err(_)) => Err(self.wrong(option, "an integer")),
            None => Ok(Expr::Code(format!("{} / {parts}", self.integer(option)?.flat()))),
        }
    }

    /// As an integer in hexadecimal, with or without 0x.
    pub fn hexadecimal(&self) -> Result<Expr> {
        match self.known.as_deref().map(|t| u8::from_str_radix(t.trim_start_matches("0x"), 16)) {
            Some(Ok(number)) => Ok(Expr::code(number)),
            _ => Err(Reason::beyond("a name of a type of service has no binding")),
        }
    }

    /// A time with its unit, `200ms` or `1s`, in seconds; alone, milliseconds.
    fn time(&self, option: &str) -> Result<Expr> {
        let text = self.text().to_ascii_lowercase();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let divisor = match &text[digits.len()..] {
            "s" | "sec" | "secs" => 1.0,
            "" | "ms" | "msec" | "msecs" => 1000.0,
            _ => return Err(self.wrong(option, "a time such as 200ms")),
        };
        let number: f64 = digits.parse().map_err(|_| self.wrong(option, "a time such as 200ms"))?;
        Ok(Expr::code(number / divisor))
    }

    /// `on` and `off`.
    pub fn switch(&self, option: &str) -> Result<Expr> {
        self.one_of(option, &[("on", "true"), ("off", "false")])
    }

    /// `1` and `0`, `on` and `off`.
    fn flag(&self, option: &str) -> Result<Expr> {
        self.one_of(option, &[("1", "true"), ("0", "false"), ("on", "true"), ("off", "false")])
    }

    fn one_of(&self, option: &str, words: &[(&str, &str)]) -> Result<Expr> {
        match words.iter().find(|(word, _)| self.is(word)) {
            Some((_, code)) => Ok(Expr::code(code)),
            None if self.known.is_none() => {
                Err(Reason::new(format!("{option}: its value is only known when the script runs")))
            }
            None => {
                let words: Vec<&str> = words.iter().map(|(word, _)| *word).take(2).collect();
                Err(self.wrong(option, &words.join(" or ")))
            }
        }
    }
}

/// An integer as C reads it.
pub fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (radix, digits) = match digits {
        _ if digits.starts_with("0x") || digits.starts_with("0X") => (16, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    i64::from_str_radix(digits, radix).ok().map(|n| n * sign)
}

/// A command's arguments, taken one by one.
#[derive(Clone, Debug, Default)]
pub struct Args {
    items: Vec<Arg>,
    at: usize,
}

impl Args {
    pub fn new(items: Vec<Arg>) -> Args {
        Args { items, at: 0 }
    }

    pub fn peek(&self) -> Option<&Arg> {
        self.items.get(self.at)
    }

    pub fn take(&mut self) -> Option<Arg> {
        let arg = self.items.get(self.at).cloned();
        self.at += usize::from(arg.is_some());
        arg
    }

    pub fn is_empty(&self) -> bool {
        self.at >= self.items.len()
    }

    /// What is left.
    pub fn rest(&self) -> &[Arg] {
        self.items.get(self.at..).unwrap_or_default()
    }

    /// Takes the next one if it is `word`.
    pub fn skip(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|arg| arg.is(word));
        self.at += usize::from(found);
        found
    }

    /// The values with a colon that follow an option, at least one.
    fn pairs(&mut self, option: &str) -> Result<Vec<Expr>> {
        let mut pairs = vec![self.value(option)?.expr()];
        while self.peek().is_some_and(|arg| arg.text().contains(':')) {
            pairs.extend(self.take().map(|arg| arg.expr()));
        }
        Ok(pairs)
    }

    /// The integers that follow an option, at least one.
    fn numbers(&mut self, option: &str) -> Result<Vec<Expr>> {
        let mut numbers = vec![self.value(option)?.integer(option)?];
        while self.peek().is_some_and(|arg| integer(arg.text()).is_some()) {
            numbers.extend(self.take().map(|arg| arg.integer(option)).transpose()?);
        }
        Ok(numbers)
    }

    /// The words that must follow an option, with blanks between them.
    fn several(&mut self, option: &str, count: usize) -> Result<Arg> {
        let first = self.value(option)?;
        (1..count).try_fold(first, |all, _| Ok(all.joined(" ", self.value(option)?)))
    }

    /// The value that must follow an option.
    pub fn value(&mut self, option: &str) -> Result<Arg> {
        self.take().ok_or_else(|| Reason::new(format!("{option}: its value is missing")))
    }
}

/// An option and its value, if it has one.
pub type Flag = (String, Option<Arg>);

/// Tells options from operands, as getopt does: `with` are the letters and words of options that have a value.
pub fn flags(args: &[Arg], with: &[&str]) -> Result<(Vec<Flag>, Vec<Arg>)> {
    let (mut found, mut operands) = (Vec::new(), Vec::new());
    let mut args = Args::new(args.to_vec());
    while let Some(arg) = args.take() {
        let text = arg.known.clone().unwrap_or_default();
        if text == "--" {
            operands.extend(args.rest().iter().cloned());
            break;
        }
        if let Some(long) = text.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(Arg::of(v))));
            let value = match value {
                None if with.contains(&name) => Some(args.value(&text)?),
                value => value,
            };
            found.push((name.to_owned(), value));
            continue;
        }
        let Some(letters) = text.strip_prefix('-').filter(|l| !l.is_empty()) else {
            operands.push(arg);
            continue;
        };
        for (at, letter) in letters.char_indices() {
            let name = letter.to_string();
            if !with.contains(&name.as_str()) {
                found.push((name, None));
                continue;
            }
            let attached = &letters[at + letter.len_utf8()..];
            let value =
                if attached.is_empty() { args.value(&format!("-{name}"))? } else { Arg::of(attached) };
            found.push((name, Some(value)));
            break;
        }
    }
    Ok((found, operands))
}

/// Words, with blanks between them.
#[derive(Clone, Copy)]
pub struct WordList(pub &'static str);

impl WordList {
    pub fn iter(self) -> impl Iterator<Item = &'static str> + Clone {
        self.0.split(' ')
    }

    pub fn has(self, word: &str) -> bool {
        self.iter().any(|known| known == word)
    }
}

/// What an option of a program comes to: a field of the call, in most cases.
#[derive(Clone, Copy)]
pub enum Means {
    /// The field is the option's value: as it is, an integer, a number, or an integer where it is one.
    Value(&'static str),
    Integer(&'static str),
    Number(&'static str),
    Name(&'static str),
    /// The field is this text, this code, or true.
    Is(&'static str, &'static str),
    Code(&'static str, &'static str),
    On(&'static str),
    /// Nothing, without or with a value.
    Nothing,
    NothingOf,
    /// What the program's own reader says, without or with a value.
    Own,
    OwnOf,
}

impl Means {
    fn has_value(self) -> bool {
        !matches!(self, Means::Is(..) | Means::Code(..) | Means::On(_) | Means::Nothing | Means::Own)
    }
}

/// Options: all names of each, with blanks between them, and what it comes to.
pub type Options = &'static [(&'static str, Means)];

fn dashed(name: &str) -> String {
    format!("{}{name}", if name.chars().count() > 1 { "--" } else { "-" })
}

/// What is said of an option that does nothing here.
pub fn unbound(program: &str, name: &str) -> Reason {
    Reason::beyond(format!("{program}: the option {} has no binding", dashed(name)))
}

/// Reads the options of a program into fields; `own` reads those that are [`Means::Own`]. What is left are operands.
pub fn options(
    program: &str,
    known: Options,
    args: &[Arg],
    fields: &mut Fields,
    mut own: impl FnMut(&str, Arg, &mut Fields) -> Result<()>,
) -> Result<Vec<Arg>> {
    let with = known.iter().filter(|(_, means)| means.has_value());
    let with: Vec<&str> = with.flat_map(|(names, _)| names.split(' ')).collect();
    let (flags, operands) = flags(args, &with)?;
    for (name, value) in flags {
        let Some((names, means)) = known.iter().find(|(names, _)| names.split(' ').any(|n| n == name)) else {
            return Err(unbound(program, &name));
        };
        let long = dashed(names.split(' ').find(|name| name.len() > 1).unwrap_or(&name));
        let value = value.unwrap_or_default();
        match *means {
            Means::Value(field) => fields.set(field, value.expr()),
            Means::Integer(field) => fields.set(field, value.integer(&long)?),
            Means::Number(field) => fields.set(field, value.number(&long)?),
            Means::Name(field) => fields.set(field, value.number_or_name()),
            Means::Is(field, text) => fields.set(field, Expr::text(text)),
            Means::Code(field, code) => fields.set(field, Expr::code(code)),
            Means::On(field) => fields.flag(field),
            Means::Nothing | Means::NothingOf => {}
            Means::Own | Means::OwnOf => own(&name, value, fields)?,
        }
    }
    Ok(operands)
}

/// Whether iproute2 takes `word` for the keyword: any beginning of it will do.
pub fn abbreviates(word: &str, keyword: &str) -> bool {
    !word.is_empty() && keyword.starts_with(word)
}

/// The fields of an options table.
#[derive(Clone, Debug, Default)]
pub struct Fields(pub Vec<(String, Expr)>);

impl Fields {
    /// Sets a field, in place of an earlier one of that name.
    pub fn set(&mut self, name: &str, value: Expr) {
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// As [`Fields::row`], or by two words of which the second follows: `ttl inherit`.
    pub fn phrase<T: Table>(&mut self, word: &str, args: &mut Args) -> Result<bool> {
        let both = args.peek().map(|next| format!("{word} {}", next.text())).unwrap_or_default();
        match T::row(&both) {
            Some(_) => {
                args.take();
                self.row::<T>(&both, args)
            }
            None => self.row::<T>(word, args),
        }
    }

    /// Sets the attribute that `ip` knows by this word, with the value that follows; false if there is none.
    pub fn row<T: Table>(&mut self, word: &str, args: &mut Args) -> Result<bool> {
        self.row_where::<T>(word, args, |_| true)
    }

    /// As [`Fields::row`], of the rows that `which` says, by name.
    pub fn row_where<T: Table>(
        &mut self,
        word: &str,
        args: &mut Args,
        which: impl Fn(&str) -> bool,
    ) -> Result<bool> {
        let six = args.peek().is_some_and(|next| next.text().contains(':'));
        let fits = |row: &&Row<T>| match (row.form)().word {
            Word::Inet => !six,
            Word::Inet6 => six,
            _ => true,
        };
        let named = |row: &&Row<T>| row.words.contains(&word) && which(row.name);
        let Some(row) = T::ROWS.iter().filter(named).find(fits) else {
            return Ok(false);
        };
        let value = match (row.form)().word {
            Word::Flag => Expr::code("true"),
            Word::Alone => Expr::text(word),
            Word::Toggle => Expr::code(row.words.first() == Some(&word)),
            Word::Switch => args.value(word)?.switch(word)?,
            Word::Digit => args.value(word)?.flag(word)?,
            Word::Numbered(names) => args.value(word)?.numbered(word, names)?,
            Word::Parts(parts) => args.value(word)?.parts(word, parts)?,
            Word::Pairs => Expr::List(args.pairs(word)?),
            Word::Numbers => Expr::List(args.numbers(word)?),
            Word::Range => args.value(word)?.joined("-", args.value(word)?).expr(),
            Word::Several(count) => args.several(word, count)?.expr(),
            Word::Integer => args.value(word)?.integer(word)?,
            Word::Hexadecimal => args.value(word)?.hexadecimal()?,
            Word::HexadecimalOrName if args.skip("inherit") => Expr::text("inherit"),
            Word::HexadecimalOrName => args.value(word)?.hexadecimal()?,
            Word::IntegerOrNone if row.words.get(1) == Some(&word) => Expr::code("false"),
            Word::IntegerOrNone => args.value(word)?.number_or_name(),
            Word::IntegerOrName => args.value(word)?.number_or_name(),
            Word::Time => args.value(word)?.time(word)?,
            Word::Inet | Word::Inet6 | Word::Text => args.value(word)?.expr(),
        };
        self.set(row.name, value);
        Ok(true)
    }

    pub fn flag(&mut self, name: &str) {
        self.set(name, Expr::code("true"));
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    pub fn take(&mut self, name: &str) -> Option<Expr> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.remove(at).1)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn table(self) -> Expr {
        Expr::Table(self.0)
    }

    /// As a call's last argument, left out if there are none.
    pub fn after(self, first: impl IntoIterator<Item = Expr>) -> Vec<Expr> {
        let mut args: Vec<Expr> = first.into_iter().collect();
        if !self.is_empty() {
            args.push(self.table());
        }
        args
    }
}
