//! What stands at the cursor: a name, a field of something, an option of a call, a value of an option.

use super::lex::{self, Kind, Token};

/// A step of a path such as `ns1.link` or `links[2].name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Name(String),
    Index(i64),
    /// A call; with its first argument, where that is a string.
    Call(Option<String>),
}

/// A call whose arguments the cursor is in: what is called, and which argument, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub function: Vec<Step>,
    /// Called with a colon: `capture:packets(...)`.
    pub method: bool,
    pub index: usize,
}

/// Where the cursor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A name that begins an expression or statement.
    Name,
    /// A field (or, after a colon, a method) of `of`.
    Field { of: Vec<Step>, method: bool },
    /// A key inside the braces of an argument: of the options themselves, or of the table under these fields.
    Key { call: Call, fields: Vec<String>, given: Vec<String> },
    /// The value of such a key.
    Value { call: Call, fields: Vec<String> },
    /// An argument.
    Argument(Call),
    /// Nothing that can be completed: a comment, a number.
    Nowhere,
}

/// The cursor's place, and the unfinished word before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    pub place: Place,
    /// Where the word begins; within a string behind its quote.
    pub start: usize,
    pub word: String,
    /// The quote of the string that the cursor is in.
    pub quote: Option<char>,
}

enum Frame {
    Call(Call),
    Table {
        field: Option<String>,
        given: Vec<String>,
    },
    /// Parentheses, an index, the body of a function: what is around it doesn't matter inside.
    Other,
}

/// Where the cursor stands in the text before it.
pub fn at(before: &str) -> Context {
    let tokens = lex::tokens(before);
    let nowhere = || Context { place: Place::Nowhere, start: before.len(), word: String::new(), quote: None };
    let mut all: Vec<Token> = tokens;
    let (start, word, quote) = match all.last().copied() {
        Some(t) if t.kind == Kind::Comment && !t.text(before).ends_with('\n') => return nowhere(),
        Some(t) if t.kind == Kind::Number => return nowhere(),
        Some(t) if t.kind == (Kind::Str { open: true }) => {
            all.pop();
            let text = t.text(before);
            let quote = text.chars().next().filter(|c| *c != '[');
            let Some(quote) = quote else { return nowhere() };
            (t.start + 1, text[1..].to_owned(), Some(quote))
        }
        Some(t) if matches!(t.kind, Kind::Name | Kind::Keyword) => {
            all.pop();
            (t.start, t.text(before).to_owned(), None)
        }
        _ => (before.len(), String::new(), None),
    };
    all.retain(Token::counts);
    let mut place = place(&all, before, quote.is_some());
    // Behind a whole value comes a comma or a bracket, and no other value.
    let in_call = matches!(place, Place::Argument(_) | Place::Value { .. } | Place::Key { .. });
    if in_call && quote.is_none() && word.is_empty() && all.last().is_some_and(|t| ends_value(t, before)) {
        place = Place::Nowhere;
    }
    Context { place, start, word, quote }
}

fn ends_value(token: &Token, source: &str) -> bool {
    match token.kind {
        Kind::Name | Kind::Number | Kind::Str { open: false } => true,
        Kind::Keyword => matches!(token.text(source), "true" | "false" | "nil" | "end"),
        Kind::Bracket => matches!(token.text(source), ")" | "]" | "}"),
        _ => false,
    }
}

fn place(tokens: &[Token], source: &str, in_string: bool) -> Place {
    let last = tokens.last().map(|t| t.text(source)).unwrap_or_default();
    if !in_string && matches!(last, "." | ":") {
        let of = chain(&tokens[..tokens.len() - 1], source);
        return match of.is_empty() {
            true => Place::Nowhere,
            false => Place::Field { of, method: last == ":" },
        };
    }
    // `require "nsh.` is a call as well.
    if in_string {
        let function = chain(tokens, source);
        if !function.is_empty() {
            let method = tokens.len() >= 2 && tokens[tokens.len() - 2].text(source) == ":";
            return Place::Argument(Call { function, method, index: 0 });
        }
    }
    let frames = frames(tokens, source);
    let mut fields = Vec::new();
    let mut keys: Option<Vec<String>> = None;
    for (depth, frame) in frames.iter().rev().enumerate() {
        match frame {
            Frame::Table { field, given } => {
                match (depth, field) {
                    (0, None) if in_string => return Place::Nowhere,
                    (0, None) => keys = Some(given.clone()),
                    (_, Some(field)) => fields.insert(0, field.clone()),
                    // An array of tables: its items are shaped as the field's own.
                    (_, None) => {}
                }
            }
            Frame::Call(call) if depth == 0 => return Place::Argument(call.clone()),
            Frame::Call(call) => {
                return match keys {
                    Some(given) => Place::Key { call: call.clone(), fields, given },
                    None => Place::Value { call: call.clone(), fields },
                };
            }
            Frame::Other => break,
        }
    }
    if in_string { Place::Nowhere } else { Place::Name }
}

/// The path that ends the tokens: `a.b`, `a[1].b`; empty if they end in anything else.
fn chain(tokens: &[Token], source: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = tokens.len();
    let text = |i: usize| tokens[i].text(source);
    loop {
        if at >= 3 && text(at - 1) == "]" && tokens[at - 2].kind == Kind::Number && text(at - 3) == "[" {
            let Ok(index) = text(at - 2).parse() else { return Vec::new() };
            steps.insert(0, Step::Index(index));
            at -= 3;
            continue;
        }
        if at >= 2 && text(at - 1) == ")" {
            let open = lex::partner(&tokens[..at], source, tokens[at - 1].start);
            let Some(open) = open.and_then(|start| tokens.iter().position(|t| t.start == start)) else {
                return Vec::new();
            };
            steps.insert(0, Step::Call(literal(&tokens[open + 1..at - 1], source)));
            at = open;
            continue;
        }
        if at == 0 || tokens[at - 1].kind != Kind::Name {
            return Vec::new();
        }
        steps.insert(0, Step::Name(text(at - 1).to_owned()));
        at -= 1;
        match at.checked_sub(1).map(text) {
            Some("." | ":") => at -= 1,
            _ => return steps,
        }
    }
}

/// The string that the arguments of a call begin with.
fn literal(arguments: &[Token], source: &str) -> Option<String> {
    let first = arguments.first().filter(|t| t.kind == Kind::Str { open: false })?.text(source);
    let ends = arguments.get(1).is_none_or(|t| t.text(source) == ",");
    let plain = ends && first.starts_with(['"', '\'']) && !first.contains('\\');
    plain.then(|| first[1..first.len() - 1].to_owned())
}

/// The brackets that are open at the end.
fn frames(tokens: &[Token], source: &str) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let text = |i: usize| tokens.get(i).map(|t| t.text(source)).unwrap_or_default();
    for i in 0..tokens.len() {
        let previous = i.checked_sub(1).map(text).unwrap_or_default();
        match text(i) {
            opener @ ("(" | "{") => {
                let function = chain(&tokens[..i], source);
                let names = function.iter().all(|step| matches!(step, Step::Name(_)));
                let before = function.len() * 2;
                let defined = names && i >= before && text(i - before) == "function";
                let calls = !function.is_empty() && !defined;
                if calls {
                    let colon = i >= 2 && text(i - 2) == ":";
                    frames.push(Frame::Call(Call { function, method: colon, index: 0 }));
                }
                if opener == "{" {
                    frames.push(Frame::Table { field: None, given: Vec::new() });
                } else if !calls {
                    frames.push(Frame::Other);
                }
            }
            "[" => frames.push(Frame::Other),
            ")" | "]" => {
                frames.pop();
            }
            "}" => {
                frames.pop();
                // `f{...}` was opened twice.
                if matches!(frames.last(), Some(Frame::Call(_))) && !open_parenthesis(tokens, source, i) {
                    frames.pop();
                }
            }
            "function" | "do" | "then" | "repeat" => frames.push(Frame::Other),
            "end" | "until" => {
                frames.pop();
            }
            "elseif" => {
                frames.pop();
            }
            "," | ";" => match frames.last_mut() {
                Some(Frame::Call(call)) => call.index += 1,
                Some(Frame::Table { field, .. }) => *field = None,
                _ => {}
            },
            "=" => {
                if let Some(Frame::Table { field, given }) = frames.last_mut()
                    && field.is_none()
                    && i > 0
                    && tokens[i - 1].kind == Kind::Name
                {
                    *field = Some(previous.to_owned());
                    given.push(previous.to_owned());
                }
            }
            _ => {}
        }
    }
    frames
}

/// Whether the table that ends at token `close` stands in parentheses: `f({ ... })`, and not `f{ ... }`.
fn open_parenthesis(tokens: &[Token], source: &str, close: usize) -> bool {
    let open = lex::partner(tokens, source, tokens[close].start);
    let before = open.and_then(|at| tokens.iter().rposition(|t| t.start < at));
    before.is_none_or(|i| tokens[i].kind != Kind::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<Step> {
        text.split('.').map(|n| Step::Name(n.to_owned())).collect()
    }

    fn call(function: &str, index: usize) -> Call {
        Call { function: path(function), method: false, index }
    }

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|w| (*w).to_owned()).collect()
    }

    #[track_caller]
    fn check(before: &str, place: Place, word: &str) {
        let context = at(before);
        assert_eq!((context.place, context.word.as_str()), (place, word), "{before}");
    }

    #[test]
    fn names_and_fields() {
        check("", Place::Name, "");
        check("li", Place::Name, "li");
        check("x = ns1.li", Place::Field { of: path("ns1"), method: false }, "li");
        check("ns1.link.", Place::Field { of: path("ns1.link"), method: false }, "");
        check("if web:st", Place::Field { of: path("web"), method: true }, "st");
        let of = vec![Step::Name("all".into()), Step::Index(2)];
        check("all[2].", Place::Field { of, method: false }, "");
        check("-- li", Place::Nowhere, "");
        let called = vec![Step::Name("f".into()), Step::Call(None), Step::Index(1)];
        check("f(1, {})[1].", Place::Field { of: called, method: false }, "");
        let get = [path("namespace.get"), vec![Step::Call(Some("ns1".into()))], path("link.set")].concat();
        check(
            "namespace.get('ns1').link.set(\"v",
            Place::Argument(Call { function: get, method: false, index: 0 }),
            "v",
        );
        check("(f).", Place::Nowhere, "");
        check("help \"ve", Place::Argument(call("help", 0)), "ve");
        check("x = \"ve", Place::Nowhere, "ve");
        check("x = 12", Place::Nowhere, "");
    }

    #[test]
    fn keys_and_values_of_options() {
        let add = |index| call("link.add", index);
        check("link.add(", Place::Argument(add(0)), "");
        check("link.add(\"et", Place::Argument(add(0)), "et");
        check("link.add(\"e\", { ", Place::Key { call: add(1), fields: vec![], given: vec![] }, "");
        check(
            "link.add(\"e\", { kind = \"veth\", pe",
            Place::Key { call: add(1), fields: vec![], given: words(&["kind"]) },
            "pe",
        );
        check("link.add(\"e\", { kind = \"ve", Place::Value { call: add(1), fields: words(&["kind"]) }, "ve");
        check("link.add(\"e\", { up = tr", Place::Value { call: add(1), fields: words(&["up"]) }, "tr");
        check(
            "link.add(\"e\", { peer = { ns = n1, ",
            Place::Key { call: add(1), fields: words(&["peer"]), given: words(&["ns"]) },
            "",
        );
        check(
            "link.add(\"e\", { peer = { ns = ",
            Place::Value { call: add(1), fields: words(&["peer", "ns"]) },
            "",
        );
        check(
            "ns1.nat.masquerade{ out = \"",
            Place::Value { call: call("ns1.nat.masquerade", 0), fields: words(&["out"]) },
            "",
        );
        check("f{ a = 1 } li", Place::Name, "li");
        for whole in ["link.set(\"veth0\"", "link.set(\"veth0\" ", "f({ a = true ", "f(g(1) ", "f({ a = 1 "] {
            check(whole, Place::Nowhere, "");
        }
        check("f({ a = 1 }, ", Place::Argument(call("f", 1)), "");
        check("link.add(\"e\", { addr = { \"10.0.0.1/24\", \"", Place::Nowhere, "");
    }

    #[test]
    fn what_surrounds_a_function_body_does_not_matter_inside() {
        check("test(\"x\", function() local a, b = ", Place::Name, "");
        check("test(\"x\", function() link.get(\"", Place::Argument(call("link.get", 0)), "");
        check("test(\"x\", function() end, ", Place::Argument(call("test", 2)), "");
        check("function f(a, ", Place::Name, "");
        check(
            "for i = 1, 3 do link.set(\"e\", { ",
            Place::Key { call: call("link.set", 1), fields: vec![], given: vec![] },
            "",
        );
    }

    #[test]
    fn any_beginning_of_anything_has_a_place() {
        let text =
            "local ns1 <const> = namespace.add('é'); link.add{[[x]], {1,2}, a={b=f(1,'\\'x')}} )}] end -- é";
        for (i, _) in text.char_indices() {
            at(&text[..i]);
            at(&text[i..]);
        }
    }
}
