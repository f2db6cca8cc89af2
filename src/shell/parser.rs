//! Commands, lists and loops of the shell, from its tokens.

use super::lexer::{Lexer, Part, Redirection, Token, Word};

/// A command with its words: `A=1 ip link 2>/dev/null`.
#[derive(Clone, Debug, Default)]
pub struct Simple {
    pub assignments: Vec<(String, Word)>,
    pub words: Vec<Word>,
    pub redirections: Vec<Redirection>,
}

#[derive(Clone, Debug)]
pub enum Command {
    Simple(Simple),
    /// `for NAME in WORD...; do BODY; done`
    For {
        name: String,
        items: Vec<Word>,
        body: Vec<Node>,
    },
    /// `for ((FIRST; WHILE; NEXT)); do BODY; done`, with what is between the brackets.
    Count {
        head: String,
        body: Vec<Node>,
    },
    /// Conditions with what then is done, and what else.
    If {
        arms: Vec<(Vec<Node>, Vec<Node>)>,
        otherwise: Option<Vec<Node>>,
    },
    /// `{ ...; }`
    Group(Vec<Node>),
    /// `( ... )`: what it sets is forgotten at its end.
    Subshell(Vec<Node>),
    /// What is only skipped: what it is, and how many commands are in it.
    Other {
        what: &'static str,
        commands: usize,
    },
}

/// Commands joined by `|`.
#[derive(Clone, Debug)]
pub struct Pipeline {
    pub negated: bool,
    pub commands: Vec<Command>,
    pub source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    And,
    Or,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Clone, Debug)]
pub struct List {
    pub first: Pipeline,
    pub rest: Vec<(Join, Pipeline)>,
    pub background: bool,
    /// As it stands in the source.
    pub source: String,
    /// Its line, from 0, counted from the text's beginning.
    pub line: usize,
}

#[derive(Clone, Debug)]
pub enum Node {
    List(List),
    /// A comment, and whether it follows a command in its line.
    Comment(String, bool),
    /// An empty line.
    Blank,
}

type Result<T> = std::result::Result<T, String>;

/// How deep commands may stand in each other.
const DEPTH: usize = 24;

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    ahead: (usize, Token),
    /// The end of the token before the one ahead.
    end: usize,
    /// Where the token ahead ends.
    next_end: usize,
    documents: Vec<Word>,
    depth: usize,
}

/// Reads the first line's commands, with all lines that belong to them: continued ones, here-documents, loops. Gives
/// them and where the next line begins.
pub fn line(text: &str) -> Result<(Vec<Node>, usize)> {
    let mut parser = Parser {
        text,
        lexer: Lexer::new(text, 0),
        ahead: (0, Token::End),
        end: 0,
        next_end: 0,
        documents: Vec::new(),
        depth: 0,
    };
    parser.advance()?;
    let mut nodes = Vec::new();
    loop {
        match &parser.ahead.1 {
            Token::Newline | Token::End => break,
            Token::Comment(text) => {
                let comment = Node::Comment(text.clone(), !nodes.is_empty());
                nodes.push(comment);
                parser.advance()?;
            }
            Token::Operator(";") => parser.advance()?,
            _ => nodes.push(Node::List(parser.list()?)),
        }
    }
    let end = parser.next_end;
    let mut documents = std::mem::take(&mut parser.documents).into_iter();
    fill(&mut nodes, &mut documents);
    Ok((nodes, end))
}

/// Reads all of a text.
pub fn all(text: &str) -> Result<Vec<Node>> {
    let (mut at, mut nodes) = (0, Vec::new());
    while at < text.len() {
        let (more, length) = line(&text[at..])?;
        nodes.extend(more);
        if length == 0 {
            break;
        }
        at += length;
    }
    Ok(nodes)
}

/// Gives here-documents their texts, which stand behind the line of their operator.
fn fill(nodes: &mut [Node], documents: &mut impl Iterator<Item = Word>) {
    for node in nodes {
        let Node::List(list) = node else { continue };
        let pipelines = std::iter::once(&mut list.first).chain(list.rest.iter_mut().map(|(_, p)| p));
        for command in pipelines.flat_map(|p| &mut p.commands) {
            match command {
                Command::Simple(simple) => {
                    for redirection in simple.redirections.iter_mut().filter(|r| r.operator == "<<") {
                        redirection.target = documents.next().unwrap_or_default();
                    }
                }
                Command::For { body, .. }
                | Command::Count { body, .. }
                | Command::Group(body)
                | Command::Subshell(body) => {
                    fill(body, documents);
                }
                Command::If { arms, otherwise } => {
                    for (condition, then) in arms {
                        fill(condition, documents);
                        fill(then, documents);
                    }
                    if let Some(nodes) = otherwise {
                        fill(nodes, documents);
                    }
                }
                Command::Other { .. } => {}
            }
        }
    }
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<()> {
        self.end = self.next_end;
        self.ahead = self.lexer.next()?;
        self.next_end = self.lexer.position();
        self.documents.extend(self.lexer.take_documents());
        Ok(())
    }

    fn source(&self, start: usize) -> String {
        self.text.get(start..self.end).unwrap_or_default().trim().to_owned()
    }

    fn line_of(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or_default().matches('\n').count()
    }

    /// Whether one of the shell's own words is ahead.
    fn at_word(&self, words: &[&str]) -> bool {
        matches!(&self.ahead.1, Token::Word(word) if word.bare().is_some_and(|w| words.contains(&w)))
    }

    fn at_operator(&self, operator: &str) -> bool {
        matches!(&self.ahead.1, Token::Operator(o) if *o == operator)
    }

    fn expect(&mut self, word: &str) -> Result<()> {
        if !self.at_word(&[word]) && !self.at_operator(word) {
            return Err(format!("\"{word}\" is missing"));
        }
        self.advance()
    }

    fn skip_newlines(&mut self) -> Result<()> {
        while matches!(self.ahead.1, Token::Newline | Token::Comment(_)) {
            self.advance()?;
        }
        Ok(())
    }

    fn list(&mut self) -> Result<List> {
        let start = self.ahead.0;
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let join = match &self.ahead.1 {
                Token::Operator("&&") => Join::And,
                Token::Operator("||") => Join::Or,
                _ => break,
            };
            self.advance()?;
            self.skip_newlines()?;
            rest.push((join, self.pipeline()?));
        }
        let source = self.source(start);
        let background = self.at_operator("&");
        if background || self.at_operator(";") {
            self.advance()?;
        }
        Ok(List { first, rest, background, source, line: self.line_of(start) })
    }

    fn pipeline(&mut self) -> Result<Pipeline> {
        let start = self.ahead.0;
        let mut negated = false;
        while self.at_word(&["!"]) {
            negated = !negated;
            self.advance()?;
        }
        let mut commands = vec![self.command()?];
        while self.at_operator("|") || self.at_operator("|&") {
            self.advance()?;
            self.skip_newlines()?;
            commands.push(self.command()?);
        }
        Ok(Pipeline { negated, commands, source: self.source(start) })
    }

    fn command(&mut self) -> Result<Command> {
        if self.depth >= DEPTH {
            return Err("too many commands stand in each other".to_owned());
        }
        self.depth += 1;
        let command = self.any_command();
        self.depth -= 1;
        let command = command?;
        if !matches!(command, Command::Simple(_)) {
            // Of `done > FILE` and the like only the extent is needed.
            while matches!(self.ahead.1, Token::Redirection(_)) {
                self.advance()?;
            }
        }
        Ok(command)
    }

    fn any_command(&mut self) -> Result<Command> {
        let Token::Word(word) = &self.ahead.1 else {
            if self.at_operator("(") {
                if let Some(sum) = self.sum()? {
                    return Ok(Command::Simple(sum));
                }
                self.advance()?;
                let body = self.body(&[")"])?;
                self.expect(")")?;
                return Ok(Command::Subshell(body));
            }
            if matches!(self.ahead.1, Token::Redirection(_)) {
                return self.simple();
            }
            return Err("a command is missing".to_owned());
        };
        match word.bare() {
            Some("for" | "select") => self.for_loop(),
            Some("if") => self.if_else(),
            Some("while" | "until") => {
                self.advance()?;
                let condition = self.body(&["do"])?;
                self.expect("do")?;
                let body = self.body(&["done"])?;
                self.expect("done")?;
                Ok(Command::Other {
                    what: "a loop with a condition",
                    commands: count(&condition) + count(&body),
                })
            }
            Some("case") => self.case(),
            Some("{") => {
                self.advance()?;
                let body = self.body(&["}"])?;
                self.expect("}")?;
                Ok(Command::Group(body))
            }
            Some("function") => {
                self.advance()?;
                self.advance()?;
                self.function()
            }
            Some("then" | "do" | "done" | "fi" | "else" | "elif" | "esac" | "}") => {
                Err(format!("\"{}\" stands alone", word.bare().unwrap_or_default()))
            }
            _ => self.simple(),
        }
    }

    /// Behind a function's name.
    fn function(&mut self) -> Result<Command> {
        if self.at_operator("(") {
            self.advance()?;
            self.expect(")")?;
        }
        self.skip_newlines()?;
        let body = match self.command()? {
            Command::Group(body) | Command::Subshell(body) => body,
            _ => return Err("a function's body is missing".to_owned()),
        };
        Ok(Command::Other { what: "a function", commands: count(&body) })
    }

    fn case(&mut self) -> Result<Command> {
        while !self.at_word(&["esac"]) {
            if self.ahead.1 == Token::End {
                return Err("\"esac\" is missing".to_owned());
            }
            self.advance()?;
        }
        self.advance()?;
        Ok(Command::Other { what: "case", commands: 1 })
    }

    /// Commands up to one of the words or operators in `ends`.
    fn body(&mut self, ends: &[&str]) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        let mut fresh = true;
        loop {
            if self.at_word(ends) || ends.iter().any(|e| self.at_operator(e)) {
                return Ok(nodes);
            }
            match &self.ahead.1 {
                Token::End => return Err(format!("\"{}\" is missing", ends.first().unwrap_or(&""))),
                Token::Newline => {
                    if fresh && !nodes.is_empty() {
                        nodes.push(Node::Blank);
                    }
                    fresh = true;
                    self.advance()?;
                }
                Token::Comment(text) => {
                    nodes.push(Node::Comment(text.clone(), !fresh));
                    fresh = false;
                    self.advance()?;
                }
                Token::Operator(";") => self.advance()?,
                _ => {
                    nodes.push(Node::List(self.list()?));
                    fresh = false;
                }
            }
        }
    }

    fn for_loop(&mut self) -> Result<Command> {
        let select = self.at_word(&["select"]);
        self.advance()?;
        if self.at_operator("(") {
            return self.count_loop();
        }
        let Token::Word(name) = &self.ahead.1 else { return Err("a loop's variable is missing".to_owned()) };
        let name = name.bare().filter(|n| is_name(n)).ok_or("a loop's variable is missing")?.to_owned();
        self.advance()?;
        self.skip_newlines()?;
        let given = self.at_word(&["in"]);
        let mut items = Vec::new();
        if given {
            self.advance()?;
            while let Token::Word(word) = &self.ahead.1 {
                items.push(word.clone());
                self.advance()?;
            }
        }
        let body = self.do_done()?;
        match given && !select {
            true => Ok(Command::For { name, items, body }),
            false => Ok(Command::Other { what: "a loop over arguments", commands: count(&body) }),
        }
    }

    fn do_done(&mut self) -> Result<Vec<Node>> {
        if self.at_operator(";") {
            self.advance()?;
        }
        self.skip_newlines()?;
        self.expect("do")?;
        let body = self.body(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    /// `for ((i=1; i<=5; i++))`: what is between the brackets is not made of shell words.
    fn count_loop(&mut self) -> Result<Command> {
        let start = self.next_end;
        let rest = self.text.get(start..).unwrap_or_default();
        let head = rest.strip_prefix('(').and_then(|r| r.split_once("))")).map(|(head, _)| head.to_owned());
        let head = head.filter(|h| !h.contains('\n')).ok_or("for (( is not closed")?;
        self.lexer = Lexer::new(self.text, start + 1 + head.len() + 2);
        self.next_end = self.lexer.position();
        self.advance()?;
        let body = self.do_done()?;
        Ok(Command::Count { head, body })
    }

    /// `((i++))` sets a variable.
    fn sum(&mut self) -> Result<Option<Simple>> {
        let rest = self.text.get(self.ahead.0..).unwrap_or_default();
        let inner = rest.strip_prefix("((").and_then(|r| r.split_once("))")).map(|(inner, _)| inner);
        let Some((inner, assignment)) = inner.and_then(|inner| Some((inner, arithmetic(inner)?))) else {
            return Ok(None);
        };
        self.lexer = Lexer::new(self.text, self.ahead.0 + inner.len() + 4);
        self.next_end = self.lexer.position();
        self.advance()?;
        Ok(Some(Simple { assignments: vec![assignment], ..Simple::default() }))
    }

    fn if_else(&mut self) -> Result<Command> {
        let (mut arms, mut otherwise) = (Vec::new(), None);
        loop {
            self.advance()?;
            let condition = self.body(&["then"])?;
            self.expect("then")?;
            let then = self.body(&["fi", "elif", "else"])?;
            arms.push((condition, then));
            if self.at_word(&["elif"]) {
                continue;
            }
            if self.at_word(&["else"]) {
                self.advance()?;
                otherwise = Some(self.body(&["fi"])?);
            }
            self.expect("fi")?;
            return Ok(Command::If { arms, otherwise });
        }
    }

    fn simple(&mut self) -> Result<Command> {
        let mut simple = Simple::default();
        loop {
            match &self.ahead.1 {
                Token::Word(word) => {
                    match assignment(word).filter(|_| simple.words.is_empty()) {
                        Some(assignment) => simple.assignments.push(assignment),
                        None => simple.words.push(word.clone()),
                    }
                    self.advance()?;
                }
                Token::Redirection(redirection) => {
                    simple.redirections.push(redirection.clone());
                    self.advance()?;
                }
                // `name() { ...; }`
                Token::Operator("(") if simple.words.len() == 1 && simple.assignments.is_empty() => {
                    return self.function();
                }
                Token::Operator("(") => return Err("\"(\" stands where no command begins".to_owned()),
                _ => break,
            }
        }
        // `let i++`
        if let [word, sum] = simple.words.as_slice()
            && word.bare() == Some("let")
            && let Some(assignment) = sum.text().as_deref().and_then(arithmetic)
        {
            simple.words.clear();
            simple.assignments.push(assignment);
        }
        Ok(Command::Simple(simple))
    }
}

/// `i++`, `i += 2` and `i = j + 1` as the assignment of a sum.
fn arithmetic(text: &str) -> Option<(String, Word)> {
    let text = text.trim();
    let plain = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let stepped = [("++", '+'), ("--", '-')].into_iter().find_map(|(sign, operator)| {
        let name = text.strip_suffix(sign).or_else(|| text.strip_prefix(sign))?.trim();
        Some((name, format!("{name} {operator} 1")))
    });
    let (name, sum) = match stepped {
        Some(stepped) => stepped,
        None => {
            let (name, sum) = text.split_once('=').filter(|(_, sum)| !sum.starts_with('='))?;
            match name.strip_suffix(['+', '-', '*', '/', '%']) {
                Some(bare) => {
                    let sum = sum.trim();
                    let sum = if sum.chars().all(plain) { sum.to_owned() } else { format!("({sum})") };
                    (bare.trim(), format!("{bare} {} {sum}", &name[bare.len()..]))
                }
                None => (name.trim(), sum.to_owned()),
            }
        }
    };
    let known = is_name(name) && sum.chars().all(|c| plain(c) || " +-*/%()$".contains(c));
    known.then(|| (name.to_owned(), Word { parts: vec![Part::Arithmetic(sum)] }))
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

/// `NAME=VALUE`
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Part::Text { text, quoted: false }) = word.parts.first() else { return None };
    let (name, value) = text.split_once('=').filter(|(name, _)| is_name(name))?;
    let mut parts = word.parts.clone();
    match value.is_empty() {
        true => drop(parts.remove(0)),
        false => parts[0] = Part::Text { text: value.to_owned(), quoted: false },
    }
    Some((name.to_owned(), Word { parts }))
}

/// How many commands stand in these nodes.
pub fn count(nodes: &[Node]) -> usize {
    let of_list = |list: &List| {
        let pipelines = std::iter::once(&list.first).chain(list.rest.iter().map(|(_, p)| p));
        pipelines.flat_map(|p| &p.commands).map(count_in).sum::<usize>()
    };
    nodes.iter().map(|node| if let Node::List(list) = node { of_list(list) } else { 0 }).sum()
}

/// How many commands a command is made of.
pub fn count_in(command: &Command) -> usize {
    match command {
        Command::Simple(_) => 1,
        Command::For { body, .. }
        | Command::Count { body, .. }
        | Command::Group(body)
        | Command::Subshell(body) => count(body),
        Command::If { arms, otherwise } => {
            arms.iter().map(|(c, t)| count(c) + count(t)).sum::<usize>()
                + otherwise.as_deref().map_or(0, count)
        }
        Command::Other { commands, .. } => *commands,
    }
}
