//! `nft`: its language is what `nft.load` takes.

use super::act::{Act, Call, Space};
use super::args::{Arg, Args, Reason, Result};
use super::lua::{Expr, Piece};

/// Translates `nft ARGS`; `input` is what it reads.
pub fn translate(mut args: Args, input: Option<Arg>, space: &Space) -> Result<Vec<Act>> {
    let (mut fields, mut file, mut json) = (Vec::new(), None, false);
    while let Some(arg) = args.peek().cloned() {
        let option = arg.text().to_owned();
        if !option.starts_with('-') {
            break;
        }
        args.take();
        match option.as_str() {
            "-f" | "--file" => file = Some(args.value("-f")?),
            "-c" | "--check" => fields.push(("check".to_owned(), Expr::code("true"))),
            "-a" | "--handle" => fields.push(("handles".to_owned(), Expr::code("true"))),
            "-s" | "--stateless" => fields.push(("stateless".to_owned(), Expr::code("true"))),
            "-j" | "--json" => json = true,
            "-n" | "-nn" | "-nnn" | "--numeric" | "-e" | "--echo" | "-t" | "-y" | "-p" | "-S" | "-N" => {}
            "--" => break,
            _ => return Err(Reason::new(format!("nft: unknown option \"{option}\""))),
        }
    }
    let load = |text: Expr, fields: Vec<(String, Expr)>| {
        let mut args = vec![text];
        if !fields.is_empty() {
            args.push(Expr::Table(fields));
        }
        Ok(vec![Act::Do(Call::new(space, "nft.load", args))])
    };
    if let Some(file) = file {
        return match (file.is("-") || file.is("/dev/stdin"), input) {
            (true, Some(text)) => load(ruleset(&text), fields),
            (true, None) => Err(Reason::new("what nft reads is not known")),
            (false, _) => {
                load(Expr::Code(format!("assert(io.open({})):read(\"a\")", file.expr().flat())), fields)
            }
        };
    }
    let words = args.rest();
    let Some(first) = words.first() else { return Err(Reason::new("nft: no command specified")) };
    if first.is("list") {
        return list(words, fields, json, space);
    }
    fields.retain(|(name, _)| name == "check");
    let text = words.iter().cloned().reduce(|all, word| all.joined(" ", word)).unwrap_or_default();
    load(text.expr(), fields)
}

/// A ruleset as a text over several lines.
fn ruleset(text: &Arg) -> Expr {
    match text.pieces.as_slice() {
        [Piece::Text(text)] if text.contains('\n') => Expr::Long(text.clone()),
        pieces => Expr::Text(pieces.to_vec()),
    }
}

fn list(words: &[Arg], mut fields: Vec<(String, Expr)>, json: bool, space: &Space) -> Result<Vec<Act>> {
    const FAMILIES: &[&str] = &["ip", "ip6", "inet", "arp", "bridge", "netdev"];
    fields.retain(|(name, _)| name != "check");
    let mut args = Args::new(words.to_vec());
    args.take();
    let what = args.value("nft list")?;
    let family = args.peek().cloned().filter(|f| FAMILIES.contains(&f.text()));
    if family.is_some() {
        args.take();
    }
    match (what.text(), args.take()) {
        ("ruleset", None) => {
            if let Some(family) = family {
                fields.push(("family".to_owned(), family.expr()));
            }
        }
        ("table", Some(name)) => {
            fields.push(("family".to_owned(), family.unwrap_or_else(|| Arg::of("ip")).expr()));
            fields.push(("table".to_owned(), name.expr()));
        }
        _ => return Err(Reason::beyond(format!("nft list {} has no binding", what.shown()))),
    }
    if json {
        fields.retain(|(name, _)| name == "table" || name == "family");
    }
    let args = if fields.is_empty() { Vec::new() } else { vec![Expr::Table(fields)] };
    let call = Call::new(space, if json { "nft.objects" } else { "nft.list" }, args);
    Ok(vec![Act::Probe(call)])
}
