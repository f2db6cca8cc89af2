//! `ip addr`.

use ipnetwork::IpNetwork;

use super::super::args::{Arg, Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use super::object::{Object, Verbs};
use super::{Global, garbage};
use crate::base::command::Command;
use crate::model::{Field, Table, Words};
use crate::net::addr::Addr;
use crate::net::done::Verb;
use crate::net::namespace::Namespace;

pub enum Addresses {}

impl Object for Addresses {
    const NAME: &'static str = "addr";
    const VERBS: Verbs = &[
        ("add", &[], "addr.add"),
        ("change", &["chg"], ""),
        ("replace", &[], "addr.replace"),
        ("delete", &[], "addr.del"),
        ("show", &["lst"], "addr.list"),
        ("list", &[], "addr.list"),
        ("flush", &[], "addr.flush"),
        ("save", &[], ""),
        ("showdump", &[], ""),
        ("restore", &[], ""),
        ("help", &[], ""),
    ];

    fn change(mut args: Args, _: &Global, function: &str) -> Result<(Option<Expr>, Fields)> {
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
        Ok((Some(address.expr()), fields))
    }

    fn select(mut args: Args, global: &Global) -> Result<Fields> {
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
                | "secondary" | "primary" | "tentative" | "deprecated" | "dadfailed"
                | "temporary" | "home") => {
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

/// `ip addr VERB ADDRESS dev DEV ...`.
pub fn command(ns: &Namespace, verb: Verb, address: IpNetwork, spec: &Addr) -> Command {
    let command = Command::ip(ns, &["addr", verb.name()]);
    let command = match spec.peer {
        Some(_) => command.word(address.ip()),
        None => command.word(address),
    };
    match verb {
        // Of an address with a peer, the length is the peer's.
        Verb::Del => command
            .pair("peer", spec.peer.as_ref().map(|peer| format!("{}/{}", peer.0.ip(), address.prefix())))
            .pair("dev", Some(spec.dev())),
        _ => command.rows(&spec.completed(address), &[]),
    }
}

/// `ip addr flush dev DEV`, for each link that lost addresses.
pub fn flush(ns: &Namespace, filter: &Addr, gone: &[Addr]) -> Vec<Command> {
    let mut devs: Vec<&str> = Vec::new();
    for addr in gone {
        if !devs.contains(&addr.dev()) {
            devs.push(addr.dev());
        }
    }
    let of = |dev| Command::ip_of(ns, filter.family, &["addr", "flush", "dev"]).word(dev);
    devs.into_iter().map(|dev| of(dev).pair("scope", filter.scope.map(|scope| scope.word()))).collect()
}
