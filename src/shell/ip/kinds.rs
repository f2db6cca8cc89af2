//! What `ip link add ... type KIND` takes of each kind.

use super::super::args::{Arg, Args, Fields, Reason, Result};
use crate::model::{Access, Row, Table};
use crate::net::link::{self, Kind, Lower, Port, is_pair};

/// Reads a kind's options into the table of that kind's name, of a new link or of one that is to be changed. True if
/// `peer` came: what then follows and is no option of the kind's is the other end's.
pub fn options(kind: &str, setting: bool, args: &mut Args, fields: &mut Fields) -> Result<bool> {
    let mut reader = Reader { kind, setting, args, fields, outcome: None };
    link::visit(&mut reader);
    let outcome = reader.outcome;
    match outcome {
        Some(outcome) => outcome,
        None if args.is_empty() => Ok(false),
        None if is_pair(kind) => match args.skip("peer") {
            true => Ok(true),
            false => {
                let word = args.value(kind)?.shown();
                Err(Reason::new(format!("{kind}: what is \"{word}\"?")).near(&word, ["peer"]))
            }
        },
        None => Err(Reason::beyond(format!("options of the kind {kind} have no binding"))),
    }
}

struct Reader<'a> {
    kind: &'a str,
    setting: bool,
    args: &'a mut Args,
    fields: &'a mut Fields,
    /// Of the kind that it is.
    outcome: Option<Result<bool>>,
}

impl link::Visit for Reader<'_> {
    fn kind<T: Kind>(&mut self) {
        if T::NAMES.contains(&self.kind) {
            self.outcome = Some(of_kind::<T>(self.kind, self.setting, self.args, self.fields));
        }
    }
}

fn of_kind<T: Kind>(kind: &str, setting: bool, args: &mut Args, fields: &mut Fields) -> Result<bool> {
    let (mut own, mut far) = (Fields::default(), false);
    let lower = matches!(T::LOWER, Lower::Attribute(_));
    while let Some(option) = args.peek().cloned() {
        let of_peer = |row: &Row<T>| T::FAR.contains(&row.name) && row.words.contains(&option.text());
        if far && !T::ROWS.iter().any(of_peer) {
            break;
        }
        args.take();
        match option.text() {
            "peer" if is_pair(kind) => far = true,
            "dev" if lower => fields.set("link", args.value("dev")?.expr()),
            // The kernel's own choices.
            "ttl" | "hoplimit" if args.skip("auto") => {}
            "dstport" if args.skip("0") => {}
            word if T::BEYOND.contains(&word) => {
                return Err(Reason::beyond(format!("{kind}: {word} has no binding")));
            }
            word if setting && T::row(word).is_some_and(|row| row.access == Access::Make) => {
                return Err(Reason::new(format!("{kind}: {word} can't be changed once the link is there")));
            }
            word if far && own.row_where::<T>(word, args, |name| T::FAR.contains(&name))? => {}
            word if own.phrase::<T>(word, args)? => {}
            _ => return Err(unknown::<T>(kind, &option, if lower { &["dev"] } else { &[] })),
        }
    }
    if !own.is_empty() {
        fields.set(T::NAMES[0], own.table());
    }
    Ok(far)
}

/// `type bridge_slave`, and `bridge link set`.
pub fn port(args: &mut Args, fields: &mut Fields) -> Result<()> {
    let mut own = Fields::default();
    while let Some(option) = args.take() {
        if !own.row::<Port>(option.text(), args)? {
            return Err(unknown::<Port>("bridge_slave", &option, &[]));
        }
    }
    fields.set("port", own.table());
    Ok(())
}

fn unknown<T: Table>(kind: &str, option: &Arg, more: &[&'static str]) -> Reason {
    let shown = option.shown();
    let known = T::ROWS.iter().flat_map(|row| row.words).chain(more).copied();
    Reason::new(format!("{kind}: unknown option \"{shown}\"")).near(&shown, known)
}
