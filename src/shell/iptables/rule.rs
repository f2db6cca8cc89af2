//! What a rule of iptables matches, and what it does.

use super::super::args::{Arg, Args, Reason, Result, WordList};
use super::Version;

/// A value, or all but it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Not<T> {
    pub negated: bool,
    pub value: T,
}

/// Ports, `"8000-8010"` for a range.
pub type Ports = Vec<Arg>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    pub source: Option<Not<Arg>>,
    pub dest: Option<Not<Arg>>,
    pub iif: Option<Not<Arg>>,
    pub oif: Option<Not<Arg>>,
    pub proto: Option<Not<Arg>>,
    pub sport: Option<Not<Ports>>,
    pub dport: Option<Not<Ports>>,
    pub comment: Option<Arg>,
    /// Matches that only nft has words for, as text.
    pub more: Vec<String>,
    pub target: Option<String>,
    /// `--to-source`, `--to-destination`, `--to-ports`
    pub to: Option<Arg>,
    pub random: bool,
    pub fully_random: bool,
    pub persistent: bool,
    /// What follows the target in nft's language.
    pub with: Option<String>,
}

const OPTIONS: WordList = WordList(
    "--source --destination --in-interface --out-interface --protocol --match --jump --sport --dport \
     --source-port --destination-port --sports --dports --state --ctstate --comment --to-source \
     --to-destination --to-ports --to-port --reject-with --icmp-type --limit --limit-burst --log-prefix \
     --set-mark --mark --random --persistent --syn --tcp-flags",
);

const MODULES: WordList = WordList(
    "tcp udp icmp icmp6 ipv6-icmp multiport state conntrack comment mark limit mac iprange addrtype",
);

/// Reads a rule. Several addresses behind `-s` or `-d` make several rules, as they do for iptables.
pub fn read(rest: Vec<Arg>, version: Version, insert: bool) -> Result<Vec<Rule>> {
    let mut args = Args::new(rest);
    if insert && args.peek().is_some_and(|a| a.text().parse::<u32>().is_ok()) && !args.value("-I")?.is("1") {
        return Err(Reason::new("a rule can be put in front or at the end, not between"));
    }
    let mut rule = Rule::default();
    let (mut sources, mut dests) = (Vec::new(), Vec::new());
    let (mut rate, mut burst) = (None, None);
    while let Some(arg) = args.take() {
        let mut negated = arg.is("!");
        let option = if negated { args.value("!")? } else { arg };
        let option = option.text().to_owned();
        // `-s ! ADDRESS` is how it was written once.
        let mut value = |args: &mut Args| {
            negated |= args.skip("!");
            args.value(&option)
        };
        match option.as_str() {
            "-s" | "--source" | "--src" => {
                let value = value(&mut args)?;
                sources = addresses(value, negated, version)?;
            }
            "-d" | "--destination" | "--dst" => {
                let value = value(&mut args)?;
                dests = addresses(value, negated, version)?;
            }
            "-i" | "--in-interface" => {
                let value = interface(value(&mut args)?);
                rule.iif = Some(Not { negated, value });
            }
            "-o" | "--out-interface" => {
                let value = interface(value(&mut args)?);
                rule.oif = Some(Not { negated, value });
            }
            "-p" | "--protocol" | "--proto" => {
                let value = value(&mut args)?;
                let name = value.text().to_ascii_lowercase();
                match name.as_str() {
                    "all" | "0" => {}
                    "icmpv6" | "ipv6-icmp" => rule.proto = Some(Not { negated, value: Arg::of("icmpv6") }),
                    _ if value.known.is_some() => rule.proto = Some(Not { negated, value: Arg::of(&name) }),
                    _ => rule.proto = Some(Not { negated, value }),
                }
            }
            "-m" | "--match" => {
                let module = args.value("-m")?;
                if !MODULES.has(module.text()) {
                    return Err(Reason::new(format!(
                        "iptables: the match \"{}\" has no binding",
                        module.shown()
                    ))
                    .near(module.text(), MODULES.iter()));
                }
            }
            "--sport" | "--source-port" | "--sports" | "--source-ports" => {
                let value = ports(&value(&mut args)?)?;
                rule.sport = Some(Not { negated, value });
            }
            "--dport" | "--destination-port" | "--dports" | "--destination-ports" => {
                let value = ports(&value(&mut args)?)?;
                rule.dport = Some(Not { negated, value });
            }
            "--state" | "--ctstate" => {
                let states = value(&mut args)?.text().to_ascii_lowercase();
                let known = ["new", "established", "related", "invalid", "untracked"];
                if let Some(odd) = states.split(',').find(|s| !known.contains(s)) {
                    return Err(Reason::new(format!("iptables: unknown state \"{odd}\"")).near(odd, known));
                }
                rule.more.push(format!("ct state {}{states}", equal(negated, "")));
            }
            "--comment" => rule.comment = Some(args.value("--comment")?),
            "--mark" => {
                let mark = value(&mut args)?;
                let mark = plain(&mark, "--mark")?;
                rule.more.push(match mark.split_once('/') {
                    Some((mark, mask)) => format!("meta mark & {mask} {}{mark}", equal(negated, "== ")),
                    None => format!("meta mark {}{mark}", equal(negated, "")),
                });
            }
            "--icmp-type" | "--icmpv6-type" => {
                let kind = plain(&value(&mut args)?, &option)?;
                let kind = icmp(&kind);
                let word = if version.six { "icmpv6" } else { "icmp" };
                match kind.contains('/') {
                    true => return Err(Reason::new("an ICMP code has no binding")),
                    false if kind == "any" => {}
                    false => rule.more.push(format!("{word} type {}{kind}", equal(negated, ""))),
                }
            }
            "--limit" => rate = Some(per(&plain(&args.value("--limit")?, "--limit")?)?),
            "--limit-burst" => burst = Some(plain(&args.value("--limit-burst")?, "--limit-burst")?),
            "--mac-source" => {
                let mac = plain(&value(&mut args)?, "--mac-source")?;
                rule.more.push(format!("ether saddr {}{mac}", equal(negated, "")));
            }
            "--src-range" | "--dst-range" => {
                let range = plain(&value(&mut args)?, &option)?;
                let field = if option == "--src-range" { "saddr" } else { "daddr" };
                rule.more.push(format!("{} {field} {}{range}", version.family(), equal(negated, "")));
            }
            "--src-type" | "--dst-type" => {
                let kind = plain(&value(&mut args)?, &option)?.to_ascii_lowercase();
                let field = if option == "--src-type" { "saddr" } else { "daddr" };
                rule.more.push(format!("fib {field} type {}{kind}", equal(negated, "")));
            }
            "--syn" => {
                rule.more.push(format!("tcp flags & (fin | syn | rst | ack) {}syn", equal(negated, "== ")));
            }
            "--tcp-flags" => {
                let flags = |arg: Arg| {
                    let all = "fin,syn,rst,psh,ack,urg";
                    let text = arg.text().to_ascii_lowercase();
                    match text.as_str() {
                        "all" => all.replace(',', " | "),
                        "none" => "0x0".to_owned(),
                        text => text.replace(',', " | "),
                    }
                };
                let (mask, set) = (flags(args.value("--tcp-flags")?), flags(args.value("--tcp-flags")?));
                rule.more.push(format!("tcp flags & ({mask}) {}({set})", equal(negated, "== ")));
            }
            "-j" | "--jump" => {
                let target = args.value("-j")?;
                rule.target = Some(plain(&target, "-j")?);
            }
            "--to-source" | "--to-destination" | "--to-ports" | "--to-port" | "--to" => {
                rule.to = Some(args.value(&option)?)
            }
            "--random" => rule.random = true,
            "--random-fully" => rule.fully_random = true,
            "--persistent" => rule.persistent = true,
            "--reject-with" => {
                rule.with = Some(reject(&plain(&args.value("--reject-with")?, &option)?, version)?)
            }
            "--log-prefix" => {
                let prefix = plain(&args.value("--log-prefix")?, &option)?;
                let before = rule.with.take().unwrap_or_default();
                rule.with = Some(format!("{before} prefix \"{}\"", prefix.replace('"', "'")));
            }
            "--log-level" => {
                let level = plain(&args.value("--log-level")?, &option)?;
                let names = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];
                let name = level.parse::<usize>().ok().and_then(|n| names.get(n).copied());
                let name = name.unwrap_or(if level == "warning" { "warn" } else { &level }).to_owned();
                let before = rule.with.take().unwrap_or_default();
                rule.with = Some(format!("{before} level {name}"));
            }
            "--set-mark" => rule.with = Some(plain(&args.value("--set-mark")?, &option)?),
            "--clamp-mss-to-pmtu" => rule.with = Some("rt mtu".to_owned()),
            "--set-mss" => rule.with = Some(plain(&args.value("--set-mss")?, &option)?),
            "-c" | "--set-counters" => {
                args.value("-c")?;
                args.value("-c")?;
            }
            other => {
                return Err(Reason::new(format!(
                    "iptables: unknown option \"{}\"",
                    other.trim_matches('\0')
                ))
                .near(other, OPTIONS.iter()));
            }
        }
    }
    if let Some(rate) = rate {
        let burst = burst.unwrap_or_else(|| "5".to_owned());
        rule.more.push(format!("limit rate {rate} burst {burst} packets"));
    }
    if (rule.sport.is_some() || rule.dport.is_some()) && rule.proto.is_none() {
        return Err(Reason::new("iptables: ports need a protocol: -p tcp or -p udp"));
    }
    let none = || vec![None];
    let some = |all: Vec<Not<Arg>>| if all.is_empty() { none() } else { all.into_iter().map(Some).collect() };
    let (sources, dests) = (some(sources), some(dests));
    let mut rules = Vec::new();
    for source in &sources {
        for dest in &dests {
            rules.push(Rule { source: source.clone(), dest: dest.clone(), ..rule.clone() });
        }
    }
    Ok(rules)
}

/// How nft compares.
fn equal(negated: bool, plain: &'static str) -> &'static str {
    if negated { "!= " } else { plain }
}

fn plain(arg: &Arg, option: &str) -> Result<String> {
    let text = arg.known.clone().filter(|text| !text.contains(['\n', '"', ';', '{']));
    text.ok_or_else(|| {
        Reason::new(format!("iptables {option}: its value is only known when the script runs"))
    })
}

/// Addresses and prefixes without host bits; that of everything matches nothing in particular.
fn addresses(arg: Arg, negated: bool, version: Version) -> Result<Vec<Not<Arg>>> {
    let Some(text) = &arg.known else { return Ok(vec![Not { negated, value: arg }]) };
    if negated && text.contains(',') {
        return Err(Reason::new("iptables: \"!\" goes with one address alone"));
    }
    let mut out = Vec::new();
    for text in text.split(',') {
        let prefix = prefix(text, version)
            .ok_or_else(|| Reason::new(format!("iptables: \"{text}\" is not an address or prefix")))?;
        if prefix.ends_with("/0") && !negated {
            continue;
        }
        out.push(Not { negated, value: Arg::of(&prefix) });
    }
    Ok(out)
}

/// `192.168.1.5/255.255.255.0` is 192.168.1.0/24; a whole address goes without its length.
fn prefix(text: &str, version: Version) -> Option<String> {
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let most = if version.six { 128 } else { 32 };
    let length: u32 = match length {
        None => most,
        Some(mask) if mask.contains('.') => {
            let mask = u32::from(mask.parse::<std::net::Ipv4Addr>().ok()?);
            (mask.leading_ones() + mask.trailing_zeros() == 32 || mask == 0).then_some(mask.leading_ones())?
        }
        Some(length) => length.parse().ok().filter(|l| *l <= most)?,
    };
    let network = match address.parse().ok()? {
        std::net::IpAddr::V4(ip) if !version.six => {
            std::net::Ipv4Addr::from(u32::from(ip) & u32::MAX.checked_shl(32 - length).unwrap_or(0))
                .to_string()
        }
        std::net::IpAddr::V6(ip) if version.six => {
            std::net::Ipv6Addr::from(u128::from(ip) & u128::MAX.checked_shl(128 - length).unwrap_or(0))
                .to_string()
        }
        _ => return None,
    };
    Some(if length == most { network } else { format!("{network}/{length}") })
}

/// `eth+` is every interface whose name begins so.
fn interface(arg: Arg) -> Arg {
    match arg.known.as_deref().and_then(|name| name.strip_suffix('+')) {
        Some(name) => Arg::of(&format!("{name}*")),
        None => arg,
    }
}

/// Ports, ranges, and services whose numbers everyone knows.
fn ports(arg: &Arg) -> Result<Ports> {
    let Some(text) = &arg.known else { return Ok(vec![arg.clone()]) };
    text.split(',')
        .map(|part| {
            let number = |text: &str| match text {
                "ssh" => Some(22),
                "telnet" => Some(23),
                "smtp" => Some(25),
                "domain" => Some(53),
                "http" | "www" => Some(80),
                "https" => Some(443),
                text => text.parse::<u16>().ok(),
            };
            let range = match part.split_once([':', '-']) {
                None => number(part).map(|port| port.to_string()),
                Some((first, last)) => {
                    let first = if first.is_empty() { Some(0) } else { number(first) };
                    let last = if last.is_empty() { Some(u16::MAX) } else { number(last) };
                    first.zip(last).map(|(first, last)| format!("{first}-{last}"))
                }
            };
            range
                .map(|r| Arg::of(&r))
                .ok_or_else(|| Reason::new(format!("iptables: \"{part}\" is not a port")))
        })
        .collect()
}

/// `5/min` as nft writes it.
fn per(limit: &str) -> Result<String> {
    let (number, unit) = limit.split_once('/').unwrap_or((limit, "second"));
    let units = ["second", "minute", "hour", "day"];
    let unit = units.iter().find(|u| !unit.is_empty() && u.starts_with(unit));
    match (number.parse::<u32>(), unit) {
        (Ok(number), Some(unit)) => Ok(format!("{number}/{unit}")),
        _ => Err(Reason::new(format!("--limit: expected a rate such as 5/minute, got \"{limit}\""))),
    }
}

/// A type of ICMP as nft calls it.
fn icmp(kind: &str) -> &str {
    match kind {
        "ping" => "echo-request",
        "pong" => "echo-reply",
        "neighbour-solicitation" | "neighbor-solicitation" => "nd-neighbor-solicit",
        "neighbour-advertisement" | "neighbor-advertisement" => "nd-neighbor-advert",
        "router-solicitation" => "nd-router-solicit",
        "router-advertisement" => "nd-router-advert",
        other => other,
    }
}

fn reject(with: &str, version: Version) -> Result<String> {
    let word = if version.six { "icmpv6" } else { "icmp" };
    let kind = match with {
        "tcp-reset" => return Ok("with tcp reset".to_owned()),
        "icmp-net-unreachable" => "net-unreachable",
        "icmp-host-unreachable" => "host-unreachable",
        "icmp-port-unreachable" | "icmp6-port-unreachable" | "port-unreach" => "port-unreachable",
        "icmp-proto-unreachable" => "prot-unreachable",
        "icmp-net-prohibited" => "net-prohibited",
        "icmp-host-prohibited" => "host-prohibited",
        "icmp-admin-prohibited" | "icmp6-adm-prohibited" | "adm-prohibited" => "admin-prohibited",
        "icmp6-no-route" | "no-route" => "no-route",
        "icmp6-addr-unreachable" | "addr-unreach" => "addr-unreachable",
        other => return Err(Reason::new(format!("--reject-with: unknown type \"{other}\""))),
    };
    Ok(format!("with {word} type {kind}"))
}
