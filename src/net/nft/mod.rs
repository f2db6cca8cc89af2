//! What there is to know of the `nft` program's language: its two forms, and its error messages.
//!
//! The program itself is run by whoever has processes to run; see `nft(8)`. Nothing else of nsh needs it.

mod schema;

use nix::errno::Errno;
use serde_json::{Value as Json, json};

pub use schema::Wrong;

use crate::base::error::{Error, Kind, Result};

/// The form that a ruleset has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// nft's own language.
    #[default]
    Text,
    /// libnftables-json(5) as text.
    Json,
    /// The same, made of a script's table; places in it are named as Lua counts.
    Table,
}

/// What nft is to load.
#[derive(Clone, Debug, Default)]
pub struct Ruleset {
    pub format: Format,
    pub text: String,
}

impl Ruleset {
    /// JSON is parsed here too, since nft takes a broken one for an empty ruleset.
    pub fn text(text: String) -> Result<Self> {
        if !is_json(&text) {
            return Ok(Ruleset { format: Format::Text, text });
        }
        match serde_json::from_str::<Json>(&text) {
            Ok(_) => Ok(Ruleset { format: Format::Json, text }),
            Err(e) => Err(Error::new(Kind::Invalid, format!("this is not JSON: {e}"))),
        }
    }

    /// The objects of a script's table, checked as far as the schema knows them.
    pub fn table(mut objects: Vec<Json>) -> std::result::Result<Self, Wrong> {
        schema::check(&mut objects)?;
        // What the schema doesn't know has its empty tables still.
        objects.iter_mut().for_each(|object| replace(object, &json!({}), &Json::Null));
        Ok(Ruleset { format: Format::Table, text: json!({ "nftables": objects }).to_string() })
    }
}

/// The objects that nft lists, as a script's tables have them: null is an empty table. Chains come before what leads
/// to them, so that the list can be loaded again.
pub fn objects(text: &str) -> Result<Json> {
    let mut json: Json = serde_json::from_str(text)
        .map_err(|e| Error::new(Kind::Protocol, format!("nft printed JSON that can't be read: {e}")))?;
    replace(&mut json, &Json::Null, &json!({}));
    let mut objects = json["nftables"].take();
    if let Some(list) = objects.as_array_mut() {
        let first = ["metainfo", "table", "chain"];
        list.sort_by_key(|object| {
            first.iter().position(|kind| object.get(kind).is_some()).unwrap_or(first.len())
        });
    }
    Ok(objects)
}

fn replace(json: &mut Json, from: &Json, to: &Json) {
    match json {
        _ if json == from => *json = to.clone(),
        Json::Array(items) => items.iter_mut().for_each(|item| replace(item, from, to)),
        Json::Object(fields) => fields.values_mut().for_each(|value| replace(value, from, to)),
        _ => {}
    }
}

fn is_json(ruleset: &str) -> bool {
    ruleset.trim_start().starts_with('{')
}

/// Makes of nft's first error message an error with the line of the ruleset that it is about.
///
/// nft writes `/dev/stdin:LINE:COLUMNS: Error: TEXT`, then the line, then marks below it. For what the kernel
/// refused, TEXT is `Could not process rule: ` and the errno's description.
pub fn refused(stderr: &str, ruleset: &Ruleset) -> Error {
    let Some((place, text)) = stderr.lines().find_map(|line| line.split_once("Error: ")) else {
        let text = stderr.trim();
        let text = if text.is_empty() { "nft failed without a message" } else { text };
        return privileges(Error::new(Kind::Invalid, text.lines().next().unwrap_or_default()), text);
    };
    let error = match text.rsplit(": ").next().and_then(errno) {
        Some(errno) => Error::errno(errno),
        None => Error::new(Kind::Invalid, text.trim()),
    };
    let about = match ruleset.format {
        Format::Text => line_of(place, &ruleset.text),
        Format::Json => command_of(stderr, &ruleset.text),
        Format::Table => object_of(stderr, &ruleset.text),
    };
    let error = match about {
        Some(about) => error.detail(about),
        None => error,
    };
    privileges(error, stderr)
}

/// The line that a message's `FILE:LINE:COLUMNS:` names.
fn line_of(place: &str, ruleset: &str) -> Option<String> {
    let number: usize = place.trim_end_matches([':', ' ']).rsplit(':').nth(1)?.parse().ok()?;
    let line = ruleset.lines().nth(number.checked_sub(1)?)?.trim();
    Some(format!("line {number}, `{line}`"))
}

/// The index in `Parsing command array at index N failed`, or of another array.
fn index(stderr: &str, array: &str) -> Option<usize> {
    stderr.split_once(&format!("Parsing {array} array at index "))?.1.split(' ').next()?.parse().ok()
}

/// A part of the ruleset, cut short.
fn cut(part: &Json) -> String {
    part.to_string().chars().take(100).collect()
}

/// The command that nft couldn't parse.
fn command_of(stderr: &str, ruleset: &str) -> Option<String> {
    let json: Json = serde_json::from_str(ruleset).ok()?;
    let index = index(stderr, "command")?;
    Some(format!("command {}, `{}`", index + 1, cut(json.get("nftables")?.get(index)?)))
}

/// The path to the object that nft couldn't parse, or to the statement of its rule.
fn object_of(stderr: &str, ruleset: &str) -> Option<String> {
    let json: Json = serde_json::from_str(ruleset).ok()?;
    let command = index(stderr, "command")?;
    let mut object = json.get("nftables")?.get(command)?;
    let mut path = format!("[{}]", command + 1);
    while let Some((name, inner)) = object.as_object().filter(|o| o.len() == 1).and_then(|o| o.iter().next())
    {
        path.push_str(&format!(".{name}"));
        object = inner;
        if let Some((at, statement)) = index(stderr, "expr").and_then(|at| Some((at, inner["expr"].get(at)?)))
        {
            return Some(format!("{path}.expr[{}], `{}`", at + 1, cut(statement)));
        }
    }
    Some(format!("{path}, `{}`", cut(object)))
}

fn privileges(error: Error, stderr: &str) -> Error {
    if stderr.contains("Operation not permitted") {
        return error
            .with_kind(Kind::Permission)
            .hint("changing rules needs CAP_NET_ADMIN in the network namespace");
    }
    error
}

/// The errno behind a description of strerror(3).
fn errno(reason: &str) -> Option<Errno> {
    const KNOWN: [Errno; 12] = [
        Errno::ENOENT,
        Errno::EEXIST,
        Errno::EPERM,
        Errno::EOPNOTSUPP,
        Errno::EINVAL,
        Errno::EBUSY,
        Errno::ENOMEM,
        Errno::ENODEV,
        Errno::ERANGE,
        Errno::E2BIG,
        Errno::ELOOP,
        Errno::EAFNOSUPPORT,
    ];
    let described = format!("{} (os error", reason.trim());
    KNOWN
        .into_iter()
        .find(|e| std::io::Error::from_raw_os_error(*e as i32).to_string().starts_with(&described))
}

/// The error for a machine without nft.
pub fn not_installed() -> Error {
    Error::new(Kind::Unsupported, "raw rulesets need the program nft, which isn't in PATH")
        .hint("install nftables; the nat and conntrack bindings need no nft")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(ruleset: &str) -> Ruleset {
        Ruleset::text(ruleset.to_owned()).unwrap()
    }

    #[test]
    fn of_a_table_the_statement_is_named_that_nft_refused() {
        let rule = json!({"add": {"rule": {"family": "ip", "table": "t", "chain": "c", "expr": [{"counter": null}, {"frob": 1}]}}});
        let ruleset = Ruleset::table(vec![json!({"metainfo": {}}), rule]).unwrap();
        let stderr = "internal:0:0-0: Error: Unknown statement object 'frob'.\n\n\
            internal:0:0-0: Error: Parsing expr array at index 1 failed.\n\n\
            internal:0:0-0: Error: Parsing command array at index 1 failed.\n";
        let e = refused(stderr, &ruleset);
        assert_eq!(e.message(), "[2].add.rule.expr[2], `{\"frob\":1}`: Unknown statement object 'frob'.");
    }

    #[test]
    fn errors_name_the_line_of_the_ruleset() {
        let ruleset = "table inet t {\n  chain c { type nat hok input priority 0; }\n}\n";
        let stderr = "/dev/stdin:2:22-24: Error: syntax error, unexpected string, expecting hook\n  chain c ...\n  ^^^\n";
        let e = refused(stderr, &text(ruleset));
        assert_eq!(e.kind(), Kind::Invalid);
        assert_eq!(
            e.message(),
            "line 2, `chain c { type nat hok input priority 0; }`: syntax error, unexpected string, expecting hook"
        );
    }

    #[test]
    fn what_the_kernel_refused_has_its_errno() {
        let stderr =
            "/dev/stdin:1:17-17: Error: Could not process rule: No such file or directory\nadd rule\n^\n";
        let e = refused(stderr, &text("add rule inet t c accept"));
        assert_eq!(e.message(), "no such file or directory (ENOENT): line 1, `add rule inet t c accept`");
        assert_eq!(e.kind(), Kind::NotFound);
    }

    #[test]
    fn other_messages_are_told_as_they_are() {
        assert_eq!(refused("", &text("x")).message(), "nft failed without a message");
        let e = refused("Operation not permitted (you must be root)\nnetlink: Error: cache\n", &text("x"));
        assert_eq!(e.kind(), Kind::Permission);
        let absent = "Error: No such file or directory\nlist table inet x\n                ^\n";
        assert_eq!(refused(absent, &text("")).message(), "no such file or directory (ENOENT)");
        let stderr = "internal:0:0-0: Error: Parsing command array at index 0 failed.\n";
        let json = refused(stderr, &text("{\"nftables\": [{\"x\": 1}]}"));
        assert_eq!(json.message(), "command 1, `{\"x\":1}`: Parsing command array at index 0 failed.");
        assert!(
            Ruleset::text("{\"nftables\": [".into())
                .unwrap_err()
                .message()
                .starts_with("this is not JSON: EOF")
        );
    }

    #[test]
    fn the_two_forms_are_told_apart() {
        assert_eq!(text(" {\"nftables\": []}").format, Format::Json);
        assert_eq!(text("table inet t {}").format, Format::Text);
    }
}
