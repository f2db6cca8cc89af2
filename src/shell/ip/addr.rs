//! `ip addr`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Arg, Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use super::{Global, garbage, verb};
use crate::model::Table;
use crate::net::addr::Addr;

pub fn translate(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let Some(word) = args.take() else { return show(args, space, global) };
    let verbs: &[(&'static str, &[&str])] = &[
        ("add", &[]),
        ("change", &["chg"]),
        ("replace", &[]),
        ("delete", &[]),
        ("show", &["lst"]),
        ("list", &[]),
        ("flush", &[]),
        ("save", &[]),
        ("showdump", &[]),
        ("restore", &[]),
        ("help", &[]),
    ];
    match verb("addr", &word, verbs)? {
        "add" => change(args, space, "addr.add"),
        "replace" => change(args, space, "addr.replace"),
        "delete" => change(args, space, "addr.del"),
        "show" | "list" => show(args, space, global),
        "flush" => {
            let fields = selection(args, global)?;
            if fields.is_empty() {
                return Err(Reason::new("Flush requires arguments"));
            }
            Ok(vec![Act::Do(Call::new(space, "addr.flush", fields.after([])))])
        }
        other => Err(Reason::beyond(format!("ip addr {other} has no binding"))),
    }
}

fn change(mut args: Args, space: &Space, function: &'static str) -> Result<Vec<Act>> {
    let (mut address, mut fields) = (None, Fields::default());
    let mut broadcast = None;
    while let Some(arg) = args.take() {
        let option = arg.text().to_owned();
        match option.as_str() {
            "nodad" => {}
            "brd" => broadcast = Some(args.value("brd")?),
            "anycast" | "dadfailed" => return Err(Reason::beyond(format!("{option} has no binding"))),
            o if abbreviates(o, "broadcast") => broadcast = Some(args.value("broadcast")?),
            "local" if address.is_none() => address = Some(args.value("local")?),
            o => {
                let long = |word: &&str| o.len() > 2 && abbreviates(o, word);
                let word = ["valid_lft", "preferred_lft"].into_iter().find(long).unwrap_or(o);
                match fields.row::<Addr>(word, &mut args)? {
                    true => {}
                    false if address.is_none() => address = Some(arg),
                    false => return Err(garbage(&arg, &Addr::keywords())),
                }
            }
        }
    }
    let Some(address) = address else {
        return Err(Reason::new("Not enough information: the address is missing"));
    };
    if let Some(broadcast) = broadcast {
        fields.set("broadcast", broadcast_of(&broadcast, &address)?);
    }
    if function == "addr.del" {
        // Only these choose among addresses.
        fields.0.retain(|(name, _)| name == "dev");
        if address.known.as_deref().is_some_and(|a| !a.contains('/') && !a.contains(':')) {
            return Err(Reason::beyond("an address without its prefix length has no binding"));
        }
    }
    if !fields.has("dev") {
        return Err(Reason::new("Not enough information: \"dev\" argument is required"));
    }
    Ok(vec![Act::Do(Call::new(space, function, fields.after([address.expr()])))])
}

/// `brd +` is the subnet's broadcast address, `brd -` its network's.
fn broadcast_of(broadcast: &Arg, address: &Arg) -> Result<Expr> {
    let ones = match broadcast.text() {
        "+" => true,
        "-" => false,
        _ => return Ok(broadcast.expr()),
    };
    let parsed = address.known.as_deref().and_then(|a| a.split_once('/')).and_then(|(ip, length)| {
        Some((ip.parse::<std::net::Ipv4Addr>().ok()?, length.parse::<u32>().ok().filter(|l| *l <= 32)?))
    });
    let Some((ip, length)) = parsed else {
        return Err(Reason::new("the broadcast address can't be told before the script runs")
            .hint("write it out behind brd"));
    };
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    let bits = if ones { u32::from(ip) | !mask } else { u32::from(ip) & mask };
    Ok(Expr::text(std::net::Ipv4Addr::from(bits).to_string()))
}

/// What `show` and `flush` choose by.
fn selection(mut args: Args, global: &Global) -> Result<Fields> {
    let mut fields = Fields::default();
    let mut dev = None;
    while let Some(arg) = args.take() {
        match arg.text() {
            "dev" => dev = Some(args.value("dev")?),
            "scope" => match args.value("scope")? {
                scope if scope.is("all") => {}
                scope => fields.set("scope", scope.number_or_name()),
            },
            option @ ("to" | "label" | "up" | "master" | "vrf" | "type" | "permanent" | "dynamic"
            | "secondary" | "primary" | "tentative" | "deprecated" | "dadfailed" | "temporary"
            | "home") => {
                return Err(Reason::beyond(format!("{option} has no binding")));
            }
            _ if dev.is_none() => dev = Some(arg),
            _ => return Err(garbage(&arg, &["dev", "scope", "to", "label", "up", "master", "type"])),
        }
    }
    if let Some(dev) = dev {
        fields.set("dev", dev.expr());
    }
    global.set_family(&mut fields);
    Ok(fields)
}

fn show(args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let fields = selection(args, global)?;
    Ok(vec![global.show(space, "addr.list", fields.after([]))])
}
