//! net-tools: ifconfig, route, arp.

use super::super::act::{Act, Call, Space};
use super::super::args::{Arg, Args, Fields, Reason, Result, flags};
use super::super::lua::Expr;

/// The length of a netmask, `255.255.255.0` is 24.
fn length(mask: &Arg) -> Result<u32> {
    let mask = mask.text().parse::<std::net::Ipv4Addr>().map(u32::from).ok();
    mask.filter(|m| m.count_ones() == m.leading_ones())
        .map(u32::leading_ones)
        .ok_or_else(|| Reason::new("the netmask is not known, or none"))
}

/// The length that an address without a netmask has by its class.
fn class(address: &Arg) -> Option<u32> {
    let first = address.text().parse::<std::net::Ipv4Addr>().ok()?.octets()[0];
    match first {
        0..128 => Some(8),
        128..192 => Some(16),
        192..224 => Some(24),
        _ => None,
    }
}

/// The broadcast address that the kernel gives what ifconfig sets: the prefix's last one.
fn last(prefix: &Arg) -> Option<Expr> {
    let (address, length) = prefix.known.as_deref()?.split_once('/')?;
    let address: u32 = address.parse::<std::net::Ipv4Addr>().ok()?.into();
    let length = length.parse::<u32>().ok().filter(|length| *length < 31)?;
    let last = std::net::Ipv4Addr::from(address | u32::MAX >> length);
    Some(Expr::text(last.to_string()))
}

fn dev(name: &Arg) -> Fields {
    let mut fields = Fields::default();
    fields.set("dev", name.expr());
    fields
}

fn set(space: &Space, name: &Arg, field: &str, value: Expr) -> Act {
    let table = Expr::Table(vec![(field.to_owned(), value)]);
    Act::Do(Call::new(space, "link.set", vec![name.expr(), table]))
}

/// Translates `ifconfig ARGS`.
pub fn ifconfig(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    if args.skip("-a") || args.is_empty() {
        let both = ["link.list", "addr.list"];
        return Ok(both.map(|function| Act::Show(Call::new(space, function, Vec::new()))).to_vec());
    }
    let whole = args.value("ifconfig")?;
    // `eth0:1` is a label of eth0's address.
    let (name, alias) = match whole.known.as_deref().and_then(|name| name.split_once(':')) {
        Some((name, _)) => (Arg::of(name), true),
        None => (whole.clone(), false),
    };
    if args.is_empty() {
        return Ok(vec![Act::Show(Call::new(space, "addr.list", dev(&name).after([])))]);
    }
    let (mut acts, mut address, mut mask, mut broadcast) = (Vec::new(), None, None, None);
    let mut up = None;
    while let Some(arg) = args.take() {
        match arg.text() {
            "up" => up = Some(true),
            "down" if alias => return Err(Reason::beyond("ifconfig: the end of an alias has no binding")),
            "down" => up = Some(false),
            "mtu" => acts.push(set(space, &name, "mtu", args.value("mtu")?.integer("mtu")?)),
            "netmask" => mask = Some(length(&args.value("netmask")?)?),
            "broadcast" => broadcast = Some(args.value("broadcast")?.expr()),
            "promisc" => acts.push(set(space, &name, "promisc", Expr::code("true"))),
            "hw" => {
                args.skip("ether");
                acts.push(set(space, &name, "mac", args.value("hw")?.expr()));
            }
            "inet6" | "add" => {
                args.skip("add");
                let six = args.value("inet6")?;
                acts.push(Act::Do(Call::new(space, "addr.add", dev(&name).after([six.expr()]))));
            }
            _ if address.is_none() => address = Some(arg),
            _ => return Err(Reason::beyond(format!("ifconfig: \"{}\" has no binding", arg.shown()))),
        }
    }
    if let Some(address) = address {
        let prefix = match (mask, address.text().contains('/')) {
            (_, true) => address,
            (Some(length), false) => address.with(&format!("/{length}")),
            (None, false) if matches!(address.text(), "0" | "0.0.0.0") => {
                acts.push(Act::Do(Call::new(space, "addr.flush", dev(&name).after([]))));
                if let Some(up) = up {
                    acts.push(set(space, &name, "up", Expr::code(up)));
                }
                return Ok(acts);
            }
            (None, false) => {
                let length = class(&address).ok_or_else(|| {
                    Reason::new("ifconfig: the netmask is missing").hint("write ADDRESS/LENGTH")
                })?;
                address.with(&format!("/{length}"))
            }
        };
        let mut fields = dev(&name);
        let broadcast = broadcast.or_else(|| last(&prefix));
        if let Some(broadcast) = broadcast {
            fields.set("broadcast", broadcast);
        }
        if alias {
            fields.set("label", whole.expr());
        }
        acts.push(Act::Do(Call::new(space, "addr.add", fields.after([prefix.expr()]))));
        // An address brings its interface up.
        up = up.or(Some(true));
    }
    if let Some(up) = up {
        acts.push(set(space, &name, "up", Expr::code(up)));
    }
    Ok(acts)
}

/// Translates `route ARGS`.
pub fn route(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let mut family = "inet";
    while let Some(option) = args.peek().and_then(|a| a.known.clone()).filter(|a| a.starts_with('-')) {
        args.take();
        match option.as_str() {
            "-n" | "-e" | "-ee" | "-v" | "-4" | "-ne" => {}
            "-6" | "-A" => family = "inet6",
            other => return Err(Reason::beyond(format!("route {other} has no binding"))),
        }
    }
    args.skip("inet6");
    let Some(verb) = args.take() else {
        let family = Expr::Table(vec![("family".to_owned(), Expr::text(family))]);
        return Ok(vec![Act::Show(Call::new(space, "route.list", vec![family]))]);
    };
    let function = match verb.text() {
        "add" => "route.add",
        "del" | "delete" => "route.del",
        other => {
            return Err(
                Reason::new(format!("route: unknown command \"{other}\"")).near(other, ["add", "del"])
            );
        }
    };
    let (mut dst, mut mask, mut fields) = (None, None, Fields::default());
    while let Some(arg) = args.take() {
        match arg.text() {
            "-net" | "-host" => dst = Some(args.value("-net")?),
            "netmask" => mask = Some(length(&args.value("netmask")?)?),
            "gw" => fields.set("via", args.value("gw")?.expr()),
            "metric" => fields.set("metric", args.value("metric")?.integer("metric")?),
            "dev" => fields.set("dev", args.value("dev")?.expr()),
            "reject" => fields.set("type", Expr::text("unreachable")),
            _ if dst.is_none() => dst = Some(arg),
            _ if !fields.has("dev") && args.is_empty() => fields.set("dev", arg.expr()),
            _ => return Err(Reason::beyond(format!("route: \"{}\" has no binding", arg.shown()))),
        }
    }
    let dst = dst.ok_or_else(|| Reason::new("route: the destination is missing"))?;
    let dst = match mask {
        Some(length) if !dst.text().contains('/') => dst.with(&format!("/{length}")),
        _ => dst,
    };
    Ok(vec![Act::Do(Call::new(space, function, fields.after([dst.expr()])))])
}

/// Translates `netstat ARGS`, as far as it tells of sockets or routes.
pub fn netstat(args: &[Arg], space: &Space) -> Result<Vec<Act>> {
    let (flags, _) = flags(args, &["A"])?;
    let has = |names: [&str; 2]| flags.iter().any(|flag| names.contains(&flag.0.as_str()));
    if !has(["r", "route"]) {
        return super::watch::ss(args, space);
    }
    let family = if has(["6", "inet6"]) { "inet6" } else { "inet" };
    let family = Expr::Table(vec![("family".to_owned(), Expr::text(family))]);
    Ok(vec![Act::Show(Call::new(space, "route.list", vec![family]))])
}

/// Translates `arp ARGS`, as far as it lists.
pub fn arp(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let mut fields = Fields::default();
    while let Some(arg) = args.take() {
        match arg.text() {
            "-a" | "-n" | "-e" | "-an" | "-na" | "-v" => {}
            "-i" => fields.set("dev", args.value("-i")?.expr()),
            _ => return Err(Reason::beyond(format!("arp: \"{}\" has no binding", arg.shown()))),
        }
    }
    fields.set("family", Expr::text("inet"));
    Ok(vec![Act::Show(Call::new(space, "neigh.list", fields.after([])))])
}
