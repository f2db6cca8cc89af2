//! `sysctl`, and files of /proc/sys.

use super::super::act::{Act, Call, Space};
use super::super::args::{Arg, Args, Reason, Result};
use super::super::lua::{Expr, Piece};

/// Translates `sysctl ARGS`.
pub fn translate(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let (mut acts, mut all) = (Vec::new(), false);
    let (mut ignore, mut names) = (false, false);
    while let Some(arg) = args.take() {
        match arg.text() {
            "-w" | "--write" | "-n" | "--values" | "-q" | "--quiet" | "-qw" | "-wq" | "-nw" => {}
            "-e" | "--ignore" | "-ew" | "-we" | "-eq" | "-qe" | "-en" | "-ne" => ignore = true,
            "-N" | "--names" => names = true,
            "-a" | "--all" | "-A" | "-X" => all = true,
            "-p" | "--load" | "--system" => return Err(Reason::new("files of settings are not read")),
            option if option.starts_with('-') => {
                return Err(Reason::new(format!("sysctl: unknown option \"{option}\""))
                    .near(option, ["-w", "-n", "-a", "--write", "--all", "--values"]));
            }
            _ => match split(&arg) {
                Some((name, value)) => acts.push(set(name, value, space)),
                None => acts.push(Act::Show(Call::new(space, "sysctl.get", vec![arg.expr()]))),
            },
        }
    }
    if names {
        return Err(Reason::beyond("sysctl -N has no binding"));
    }
    if ignore {
        acts = acts
            .into_iter()
            .map(|act| match act {
                Act::Do(call) => Act::Attempt(call),
                Act::Show(call) => Act::Probe(call),
                act => act,
            })
            .collect();
    }
    if all {
        acts.push(Act::Show(Call::new(space, "sysctl.list", Vec::new())));
    }
    if acts.is_empty() {
        return Err(Reason::new("sysctl: no variables specified"));
    }
    Ok(acts)
}

/// The parameter of a file below /proc/sys.
pub fn parameter(path: &Arg) -> Option<Arg> {
    let name = path.without("/proc/sys/")?;
    match &name.known {
        // A dot belongs to an interface's name; then the slashes stay.
        Some(text) if !text.contains('.') => Some(Arg::of(&text.replace('/', "."))),
        _ => Some(name),
    }
}

/// Writing `value` to a parameter.
pub fn set(name: Arg, value: Arg, space: &Space) -> Act {
    let text = value.known.as_deref().map(str::trim).unwrap_or_default();
    let value = match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => Expr::code(number),
        _ => value.expr(),
    };
    Act::Do(Call::new(space, "sysctl.set", vec![name.expr(), value]))
}

/// `NAME=VALUE`
fn split(arg: &Arg) -> Option<(Arg, Arg)> {
    let at = arg.pieces.iter().position(|piece| matches!(piece, Piece::Text(text) if text.contains('=')))?;
    let Piece::Text(text) = &arg.pieces[at] else { return None };
    let (before, behind) = text.split_once('=')?;
    let mut name = arg.pieces[..at].to_vec();
    name.push(Piece::Text(before.trim_end().to_owned()));
    let mut value = vec![Piece::Text(behind.trim_start().to_owned())];
    value.extend_from_slice(&arg.pieces[at + 1..]);
    value.retain(|piece| *piece != Piece::Text(String::new()));
    let known = arg.known.as_deref().and_then(|text| text.split_once('='));
    let name = Arg { pieces: name, known: known.map(|(name, _)| name.trim().to_owned()) };
    Some((name, Arg { pieces: value, known: known.map(|(_, value)| value.trim().to_owned()) }))
}
