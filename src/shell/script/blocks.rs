//! Loops and conditions of the shell.

use super::super::args::{Arg, Reason, Result};
use super::super::lexer::{Part, Word};
use super::super::lua::{Expr, Piece};
use super::super::parser::{self, Command, List, Node};
use super::super::variables::{Variable, is_integer};
use super::Writer;

impl Writer {
    /// A loop, a condition or a group.
    pub(super) fn compound(&mut self, command: &Command, list: &List) {
        let line = self.base + list.line;
        let (mark, problems, commands) = (self.out.mark(), self.problems.len(), self.commands);
        let result = match command {
            Command::For { name, items, body } => self.for_loop(name, items, body),
            Command::Count { head, body } => self.count_loop(head, body),
            Command::If { arms, otherwise } => self.if_else(arms, otherwise.as_deref()),
            Command::Group(body) => {
                self.nodes(body);
                Ok(())
            }
            Command::Subshell(body) => {
                self.subshell(body);
                Ok(())
            }
            Command::Other { what, .. } => Err(Reason::new(format!("{what} is not translated"))),
            Command::Simple(_) => Ok(()),
        };
        if let Err(reason) = result {
            self.out.take_back(mark);
            self.problems.truncate(problems);
            let inside = parser::count_in(command);
            self.commands = commands + inside;
            match command {
                // What it sets is set when it is called.
                Command::Other { what: "a function", .. } => {
                    self.untranslated(line, &list.source, inside, reason);
                    self.out.variables.function(&list.source);
                }
                _ => self.problem(line, &list.source, inside, reason),
            }
        }
    }

    /// `( ... )`: Lua's variables are set all the same, so what they were is not known any more.
    pub(super) fn subshell(&mut self, body: &[Node]) {
        let errexit = self.out.errexit;
        self.nodes(body);
        self.out.errexit = errexit;
        self.out.variables.forget_set(body);
    }

    pub(super) fn for_loop(&mut self, name: &str, items: &[Word], body: &[Node]) -> Result<()> {
        whole(body)?;
        let variable = self.out.variables.name("variable", name, "value");
        let mut spaced = false;
        let split = self.out.variables.split_later(items)?;
        let range = if split.is_none() { self.range(items)? } else { None };
        let (head, number) = match (split, range) {
            (Some(words), _) => (format!("for {variable} in {words}:gmatch(\"%S+\") do"), false),
            (None, Some((from, to, step))) => {
                let step = if step == "1" { String::new() } else { format!(", {step}") };
                (format!("for {variable} = {from}, {to}{step} do"), true)
            }
            (None, None) => {
                let mut args = Vec::new();
                for item in items {
                    let expanded = self.out.variables.expand(item)?;
                    spaced |= expanded.iter().any(|arg| match &arg.known {
                        Some(known) => known.contains(char::is_whitespace),
                        None => self.out.variables.is_spaced(item),
                    });
                    args.extend(expanded);
                }
                if args.iter().any(|a| a.text().contains(['*', '?']) && a.known.is_some()) {
                    return Err(Reason::new("a loop over files is not translated"));
                }
                let numbers = args.iter().all(|a| a.known.as_deref().is_some_and(is_integer));
                let list = args.iter().map(|a| if numbers { a.number_or_name() } else { a.expr() }).collect();
                (format!("for _, {variable} in ipairs({}) do", Expr::List(list).flat()), numbers)
            }
        };
        let variable = Variable { spaced, ..Variable::new(variable, number, None) };
        self.repeat(name, variable, head, body);
        Ok(())
    }

    /// `$(seq 1 5)`, and numbers that follow each other.
    pub(super) fn range(&self, items: &[Word]) -> Result<Option<(String, String, String)>> {
        if let [Word { parts }] = items
            && let [Part::Command(command)] = parts.as_slice()
        {
            let nodes = parser::all(command).map_err(Reason::new)?;
            let [Node::List(List { first, rest, .. })] = nodes.as_slice() else {
                return Err(Reason::new(format!("what $({command}) prints is not known")));
            };
            let ([Command::Simple(simple)], []) = (first.commands.as_slice(), rest.as_slice()) else {
                return Err(Reason::new(format!("what $({command}) prints is not known")));
            };
            let words = self.words(simple)?;
            if !words.first().is_some_and(|w| w.is("seq")) {
                return Err(Reason::new(format!("what $({command}) prints is not known")));
            }
            let bounds: Vec<String> =
                words.iter().skip(1).map(|w| w.integer("seq").map(|e| e.flat())).collect::<Result<_>>()?;
            let one = || "1".to_owned();
            return match (words.first().map(Arg::text), bounds.as_slice()) {
                (Some("seq"), [to]) => Ok(Some((one(), to.clone(), one()))),
                (Some("seq"), [from, to]) => Ok(Some((from.clone(), to.clone(), one()))),
                (Some("seq"), [from, step, to]) => Ok(Some((from.clone(), to.clone(), step.clone()))),
                _ => Err(Reason::new(format!("what $({command}) prints is not known"))),
            };
        }
        let mut numbers = Vec::new();
        for item in items {
            for arg in self.out.variables.expand(item)? {
                match arg.known.as_deref().filter(|t| is_integer(t)).map(str::parse::<i64>) {
                    Some(Ok(number)) if arg.pieces.iter().all(|p| matches!(p, Piece::Text(_))) => {
                        numbers.push(number)
                    }
                    _ => return Ok(None),
                }
            }
        }
        match numbers.as_slice() {
            [first, second, ..] => {
                let step = second.wrapping_sub(*first);
                let even = numbers.windows(2).all(|w| w[1].wrapping_sub(w[0]) == step) && step != 0;
                let last = numbers[numbers.len() - 1];
                Ok(even.then(|| (first.to_string(), last.to_string(), step.to_string())))
            }
            _ => Ok(None),
        }
    }

    /// `for ((i = 1; i <= 5; i++))`
    pub(super) fn count_loop(&mut self, head: &str, body: &[Node]) -> Result<()> {
        whole(body)?;
        let odd = || Reason::new(format!("the loop (({head})) is not understood"));
        let parts: Vec<&str> = head.split(';').map(str::trim).collect();
        let [first, condition, next] = parts.as_slice() else { return Err(odd()) };
        let (name, from) = first.split_once('=').ok_or_else(odd)?;
        let name = name.trim();
        let rest = condition.strip_prefix(name).ok_or_else(odd)?.trim_start();
        let next = next.replace(' ', "");
        let step = match next.strip_prefix(name).or_else(|| next.strip_suffix(name)) {
            Some("++") => "1".to_owned(),
            Some("--") => "-1".to_owned(),
            Some(sum) => match (sum.strip_prefix("+="), sum.strip_prefix("-=")) {
                (Some(step), _) if is_integer(step) => step.to_owned(),
                (_, Some(step)) if is_integer(step) => format!("-{step}"),
                _ => return Err(odd()),
            },
            None => return Err(odd()),
        };
        let sum = |text: &str| {
            let code = self.out.variables.arithmetic(text)?;
            let bare = code.strip_prefix('(').and_then(|c| c.strip_suffix(')')).unwrap_or(&code).to_owned();
            Ok::<String, Reason>(bare)
        };
        let from = sum(from)?;
        let to = match (rest.strip_prefix("<="), rest.strip_prefix(">=")) {
            (Some(to), _) | (_, Some(to)) => sum(to)?,
            _ => match (rest.strip_prefix('<'), rest.strip_prefix('>')) {
                (Some(to), _) => before(&sum(to)?, -1),
                (_, Some(to)) => before(&sum(to)?, 1),
                _ => return Err(odd()),
            },
        };
        let variable = self.out.variables.name("variable", name, "value");
        let step = if step == "1" { String::new() } else { format!(", {step}") };
        let head = format!("for {variable} = {from}, {to}{step} do");
        self.repeat(name, Variable::new(variable, true, None), head, body);
        Ok(())
    }

    pub(super) fn repeat(&mut self, name: &str, variable: Variable, head: String, body: &[Node]) {
        self.out.variables.forget_in(body);
        if body.iter().any(changes_namespaces) {
            self.out.forget_spaces();
        }
        self.out.line(head);
        let old = self.out.variables.set(name, variable);
        self.block(|w| w.nodes(body));
        self.out.variables.restore(name, old);
        self.out.line("end");
    }

    pub(super) fn if_else(
        &mut self,
        arms: &[(Vec<Node>, Vec<Node>)],
        otherwise: Option<&[Node]>,
    ) -> Result<()> {
        for (i, (condition, then)) in arms.iter().enumerate() {
            let [Node::List(List { first, rest, .. })] = condition.as_slice() else {
                return Err(Reason::new("this condition is not translated"));
            };
            if !rest.is_empty() {
                return Err(Reason::new("this condition is not translated"));
            }
            self.commands += 1;
            let condition = self.condition(first)?;
            self.out.line(format!("{} {condition} then", if i == 0 { "if" } else { "elseif" }));
            self.out.variables.forget_in(then);
            self.block(|w| w.nodes(then));
        }
        if let Some(nodes) = otherwise {
            self.out.line("else");
            self.out.variables.forget_in(nodes);
            self.block(|w| w.nodes(nodes));
        }
        self.out.line("end");
        Ok(())
    }
}

/// Raises that a loop's body may be left early: what follows would run more often than in the shell.
fn whole(body: &[Node]) -> Result<()> {
    let leaves = body.iter().any(|node| {
        let Node::List(list) = node else { return false };
        let mut words = list.source.split(|c: char| c.is_whitespace() || ";&|(){}".contains(c));
        words.any(|word| word == "break" || word == "continue")
    });
    if leaves { Err(Reason::new("a loop with break or continue is not translated")) } else { Ok(()) }
}

/// The number before or behind another one.
fn before(number: &str, step: i64) -> String {
    match number.parse::<i64>() {
        Ok(n) => n.saturating_add(step).to_string(),
        Err(_) if step < 0 => format!("{number} - 1"),
        Err(_) => format!("{number} + 1"),
    }
}

/// Whether namespaces may come and go in it.
fn changes_namespaces(node: &Node) -> bool {
    let Node::List(list) = node else { return false };
    let words: Vec<&str> = list.source.split_whitespace().collect();
    words.windows(2).any(|pair| pair[0].starts_with("net") && ["d", "de", "del", "delete"].contains(&pair[1]))
}
