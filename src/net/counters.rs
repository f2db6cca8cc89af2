//! What the protocols of a namespace counted: SNMP's numbers and Linux's own, by the names of nstat(8).

use std::collections::BTreeMap;
use std::io;

use crate::base::error::{Error, Kind, Result};
use crate::base::text::similar;
use crate::net::namespace::Namespace;

/// Counters by their names, such as `TcpRetransSegs`.
pub type Counters = BTreeMap<String, i64>;

/// In the order in which a name counts that stands in several.
const FILES: [&str; 3] = ["snmp", "netstat", "snmp6"];

/// Reads all.
///
/// Equivalent: `nstat -asz`
pub fn read(ns: &Namespace) -> Result<Counters> {
    let text = |file: &str| {
        let path = format!("/proc/thread-self/net/{file}");
        match std::fs::read_to_string(&path) {
            // A kernel without IPv6 has none.
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            text => text.map_err(|e| Error::from(e).detail(format!("reading {path}"))),
        }
    };
    let texts = ns.within(|| FILES.iter().map(|file| text(file)).collect::<Result<Vec<_>>>())?;
    let mut counters = Counters::new();
    texts.iter().for_each(|text| parse(text, &mut counters));
    Ok(counters)
}

/// Reads one.
pub fn get(ns: &Namespace, name: &str) -> Result<i64> {
    let counters = read(ns)?;
    counters.get(name).copied().ok_or_else(|| unknown(name, &counters))
}

/// Raises `not_found` with the nearest name that there is.
pub fn unknown(name: &str, counters: &Counters) -> Error {
    let e = Error::new(Kind::NotFound, format!("the kernel has no counter {name:?}"));
    match similar(name, counters.keys().map(String::as_str)) {
        Some(near) => e.hint(format!("did you mean {near:?}?")),
        None => {
            e.hint("names are the protocol's and the counter's, such as TcpRetransSegs or TcpExtListenDrops")
        }
    }
}

/// How much each counted since `before`. What is no counter but a level (`TcpCurrEstab`) may have fallen.
pub fn since(now: &Counters, before: &Counters) -> Counters {
    let difference = |(name, value): (&String, &i64)| {
        (name.clone(), value.wrapping_sub(before.get(name).copied().unwrap_or(0)))
    };
    now.iter().map(difference).collect()
}

/// Lines `Tcp: NAME NAME ...` before `Tcp: NUMBER NUMBER ...`; of IPv6 a line `Ip6InReceives NUMBER` for each.
fn parse(text: &str, counters: &mut Counters) {
    let mut names: Option<(&str, Vec<&str>)> = None;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let Some(first) = words.next() else { continue };
        let Some(group) = first.strip_suffix(':') else {
            if let Some(value) = words.next().and_then(number) {
                counters.entry(first.to_owned()).or_insert(value);
            }
            continue;
        };
        match names.take().filter(|(of, _)| *of == group) {
            Some((_, names)) => {
                for (name, value) in names.into_iter().zip(words) {
                    if let Some(value) = number(value) {
                        counters.entry(format!("{group}{name}")).or_insert(value);
                    }
                }
            }
            None => names = Some((group, words.collect())),
        }
    }
}

/// Counters have 64 bits without a sign, and begin anew.
fn number(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().or_else(|| text.parse::<u64>().ok().map(|number| number as i64))
}

/// A line for each that isn't 0, as nstat writes them.
pub fn lines<'a>(counters: impl IntoIterator<Item = (&'a str, i64)>) -> String {
    let lines: Vec<String> = counters
        .into_iter()
        .filter(|(_, value)| *value != 0)
        .map(|(name, value)| format!("{name:<32}{value}"))
        .collect();
    if lines.is_empty() { "(all 0)".to_owned() } else { lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_kernel_are_read() {
        let mut counters = Counters::new();
        parse("Ip: Forwarding DefaultTTL\nIp: 2 64\nTcp: MaxConn InSegs\nTcp: -1 7\n", &mut counters);
        parse("Ip6InReceives                   \t3\nIp6InOctets \t18446744073709551615\n", &mut counters);
        let expected = [
            ("Ip6InOctets", -1),
            ("Ip6InReceives", 3),
            ("IpDefaultTTL", 64),
            ("IpForwarding", 2),
            ("TcpInSegs", 7),
            ("TcpMaxConn", -1),
        ];
        assert!(counters.iter().map(|(name, value)| (name.as_str(), *value)).eq(expected));
        let later = Counters::from([("TcpInSegs".to_owned(), 9), ("New".to_owned(), 1)]);
        assert_eq!(
            since(&later, &counters),
            Counters::from([("New".to_owned(), 1), ("TcpInSegs".to_owned(), 2)])
        );
        assert_eq!(lines([("TcpInSegs", 2), ("TcpOutSegs", 0)]), format!("{:<32}2", "TcpInSegs"));
        assert_eq!(lines([]), "(all 0)");
    }

    #[test]
    fn odd_lines_are_passed_over() {
        let mut counters = Counters::new();
        parse("\nTcp: A B\nUdp: C\nUdp: x\nTcp: 1\n: :\nIcmp:\nIcmp: 1\n", &mut counters);
        assert!(counters.is_empty());
    }
}
