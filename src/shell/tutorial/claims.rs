//! Whether a command prints what a text shows: addresses, states and statistics; numbers that vary are ignored.

use std::net::IpAddr;

/// Lines of a text that a command doesn't print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing<'a> {
    pub line: usize,
    pub text: &'a str,
    /// The line that is most like it.
    pub nearest: Option<String>,
}

/// Words whose next one depends on the machine, its kernel, or the time.
#[rustfmt::skip]
const VARYING: &[&str] = &[
    "qdisc", "qlen", "mode", "group", "proto", "link-netns", "link-netnsid", "valid_lft", "preferred_lft",
    "numtxqueues", "numrxqueues", "gso_max_size", "gso_max_segs", "tso_max_size", "tso_max_segs", "gro_max_size",
    "txqueuelen", "id", "seq", "ack", "pid", "packets", "bytes", "handle", "time", "used", "expires", "age", "cookie",
    "win", "options", "nhid",
];
/// Words that newer versions of `ip` print and older ones don't.
const NEW: &[&str] = &["kernel_ll", "kernel_lo", "linkdown", "pref", "medium"];

/// Words before an `id` that is an option of the link, and no number that the kernel gives.
const WITH_ID: &[&str] = &["vxlan", "geneve", "802.1Q", "802.1ad", "bareudp"];

/// Whether a line is the terminal's or the shell's own: keys that were pressed, jobs, the end of a shell.
pub fn is_of_terminal(line: &str) -> bool {
    let line = line.trim();
    let job =
        line.strip_prefix('[').and_then(|rest| rest.split_once(']')).filter(|(number, _)| is_number(number));
    let is_job = job.is_some_and(|(_, rest)| {
        let rest = rest.trim_start_matches(['+', '-']).trim();
        is_number(rest)
            || ["Done", "Terminated", "Killed", "Stopped", "Running", "Exit"]
                .iter()
                .any(|w| rest.starts_with(w))
    });
    is_job || ["exit", "logout", "^C", "^D", "^Z", "^\\"].contains(&line)
}

/// The lines of `shown` that `printed` hasn't. `counts`: how many packets there are is a claim.
pub fn missing<'a>(shown: &'a [(usize, String)], printed: &str, counts: bool) -> Vec<Missing<'a>> {
    let lines: Vec<(&str, Vec<String>)> = printed.lines().map(|line| (line, claim(line, counts))).collect();
    let absent = |(number, text): &'a (usize, String)| {
        let wanted = claim(text, counts);
        let best =
            lines.iter().map(|(line, has)| (common(&wanted, has), *line)).max_by_key(|(count, _)| *count);
        let (count, line) = best.unwrap_or((0, ""));
        let nearest = (count > 0).then(|| line.to_owned());
        (count < wanted.len()).then_some(Missing { line: *number, text, nearest })
    };
    shown.iter().filter_map(absent).collect()
}

/// How many of the words are there.
fn common(wanted: &[String], has: &[String]) -> usize {
    let mut left: Vec<&String> = has.iter().collect();
    let mut found = |word: &&String| match left.iter().position(|there| there == word) {
        Some(at) => {
            left.swap_remove(at);
            true
        }
        None => false,
    };
    wanted.iter().filter(|word| found(word)).count()
}

/// What a line says, without what varies.
fn claim(line: &str, counts: bool) -> Vec<String> {
    let line = line.trim();
    let line = of_shell(line.strip_prefix("^C").unwrap_or(line));
    // `ip rule` begins with what is set, `ip link` with the number that the kernel gave.
    let is_rule = line.split_whitespace().nth(1).is_some_and(|word| word == "from" || word == "not");
    let counters =
        line.starts_with("RX") || line.starts_with("TX") || (!counts && line.contains("packets transmitted"));
    let (mut out, mut words) = (Vec::new(), line.split_whitespace().peekable());
    let (mut first, mut before) = (!is_rule, "");
    while let Some(word) = words.next() {
        let bare = word.trim_matches([',', ';', '"', '\'']).trim_end_matches('.');
        let index = std::mem::take(&mut first) && bare.ends_with(':') && is_number(&bare[..bare.len() - 1]);
        if index || (counters && is_number(bare)) || NEW.contains(&bare) {
            continue;
        }
        let is_set = bare == "id" && WITH_ID.contains(&before);
        before = bare;
        if !is_set && VARYING.contains(&bare) && words.peek().is_some_and(|next| !next.ends_with(':')) {
            words.next();
            continue;
        }
        out.extend(masked(bare));
    }
    out
}

/// Without the name of the shell that an error begins with.
fn of_shell(line: &str) -> &str {
    let Some((first, rest)) = line.split_once(": ") else { return line };
    let name = first.trim_start_matches('-').rsplit('/').next().unwrap_or_default();
    let rest = match rest.split_once(": ") {
        Some((number, rest)) if number.strip_prefix("line ").is_some_and(is_number) || is_number(number) => {
            return rest;
        }
        _ => rest,
    };
    if ["bash", "sh", "zsh", "dash"].contains(&name) { rest } else { line }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A word with what varies in it made the same; nothing if there is nothing to compare.
fn masked(word: &str) -> Option<String> {
    let word = word.trim_end_matches(':');
    if !word.contains(|c: char| c.is_alphanumeric()) {
        return None;
    }
    if is_hardware(word) {
        return Some("<hardware>".to_owned());
    }
    if let Some(address) = address(word) {
        return Some(address);
    }
    if let Some((name, "if")) =
        word.rsplit_once('@').map(|(name, far)| (name, far.trim_end_matches(|c: char| c.is_ascii_digit())))
    {
        return Some(format!("{name}@if"));
    }
    if let Some((key, value)) = word.split_once('=')
        && (["icmp_seq", "seq", "time", "id", "pid"].contains(&key) || varies(value))
    {
        return Some(format!("{key}=#"));
    }
    Some(if varies(word) { numberless(word) } else { word.to_owned() })
}

fn is_hardware(word: &str) -> bool {
    let parts: Vec<&str> = word.split(':').collect();
    let hex = |part: &&str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let bridge = word.split_once('.').is_some_and(|(priority, id)| {
        priority.len() == 4 && id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit())
    });
    bridge
        || (parts.len() == 6
            && parts.iter().all(hex)
            && word != "00:00:00:00:00:00"
            && word != "ff:ff:ff:ff:ff:ff")
}

/// An address with a prefix or zone; one of a link comes from a hardware address.
fn address(word: &str) -> Option<String> {
    let host = word.split(['/', '%']).next().unwrap_or_default();
    let address: IpAddr = host.parse().ok()?;
    let local = matches!(address, IpAddr::V6(v6) if v6.segments()[0] & 0xffc0 == 0xfe80);
    Some(if local { "fe80::".to_owned() } else { word.to_owned() })
}

/// Whether a word is a time, or a measured number.
fn varies(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let clock = word.split(':').count() == 3 && word.split([':', '.']).all(is_number);
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || "./".contains(c));
    let measured = word.starts_with(|c: char| c.is_ascii_digit())
        && ["ms", "s", "sec", "us", "ns"].contains(&unit)
        || (unit.is_empty() && word.matches('.').count() == 1 && word.contains(|c: char| c.is_ascii_digit()))
        || (unit.is_empty() && word.contains('/') && word.contains('.'));
    digits > 0 && (clock || measured)
}

fn numberless(word: &str) -> String {
    let letters = word.trim_start_matches(|c: char| c.is_ascii_digit() || ":./".contains(c));
    format!("#{letters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(shown: &str, printed: &str) -> bool {
        missing(&[(1, shown.to_owned())], printed, true).is_empty()
    }

    #[test]
    fn what_varies_is_ignored() {
        for (shown, printed) in [
            (
                "4: veth0@if3: <UP> mtu 1500 qdisc noop state UP mode DEFAULT group default qlen 1000",
                "12: veth0@if11: <UP> mtu 1500 qdisc noqueue state UP group default qlen 500",
            ),
            (
                "link/ether aa:d0:7b:77:ea:cd brd ff:ff:ff:ff:ff:ff link-netns ns2",
                "  link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid 0",
            ),
            ("inet6 fe80::a8d0:7bff:fe77:eacd/64 scope link", "inet6 fe80::1/64 scope link proto kernel_ll"),
            (
                "2 packets transmitted, 2 received, 0% packet loss, time 1028ms",
                "2 packets transmitted, 2 received, 0% packet loss, time 3ms",
            ),
            (
                "rtt min/avg/max/mdev = 0.078/0.103/0.129/0.025 ms",
                "rtt min/avg/max/mdev = 1.0/2.0/3.0/4.0 ms",
            ),
            (
                "64 bytes from 10.0.0.1: icmp_seq=7 ttl=64 time=0.141 ms",
                "64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=3 ms",
            ),
            (
                "12:38:07.517776 IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 63141, seq 7, length 64",
                "00:00:01.000000 IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64",
            ),
            ("ns1", "ns1 (id: 0)"),
            ("-bash: x: command not found", "/run/nsh/text/a.md: line 7: x: command not found"),
            ("---", ""),
            ("^C--- 10.0.0.1 ping statistics ---", "--- 10.0.0.1 ping statistics ---"),
        ] {
            assert!(holds(shown, printed), "{shown}: {:?} {:?}", claim(shown, true), claim(printed, true));
        }
    }

    #[test]
    fn keys_and_jobs_are_of_the_terminal() {
        for line in [
            "^C",
            "exit",
            "[1] 4242",
            "[1]+  Done                    nc -l 80",
            "[2]-  Terminated    sleep 9",
        ] {
            assert!(is_of_terminal(line), "{line}");
        }
        for line in ["[1]", "1: lo", "[ns1] up", "exited", "[  3] local 10.0.0.1 port 5001"] {
            assert!(!is_of_terminal(line), "{line}");
        }
    }

    #[test]
    fn addresses_states_and_statistics_count() {
        for (shown, printed) in [
            ("veth0@if3: <UP> mtu 1500 state UP", "veth0@if3: <UP> mtu 1500 state DOWN"),
            ("veth0@if3: <UP> mtu 1500", "veth0@if3: <UP> mtu 1400"),
            ("veth1@if3: <UP>", "veth0@if3: <UP>"),
            ("inet 10.0.0.1/24 scope global", "inet 10.0.0.2/24 scope global"),
            (
                "2 packets transmitted, 2 received, 0% packet loss",
                "2 packets transmitted, 0 received, 100% packet loss",
            ),
            ("64 bytes from 10.0.0.1: icmp_seq=7 ttl=64", "64 bytes from 10.0.0.1: icmp_seq=7 ttl=63"),
            ("link/loopback 00:00:00:00:00:00", "link/ether 02:00:00:00:00:01"),
            ("1", "0"),
            ("ns1", ""),
            ("100: from all lookup 5", "200: from all lookup 5"),
            ("vxlan id 42 remote 10.0.0.2", "vxlan id 43 remote 10.0.0.2"),
            ("vlan protocol 802.1Q id 100 <REORDER_HDR>", "vlan protocol 802.1Q id 200 <REORDER_HDR>"),
        ] {
            assert!(!holds(shown, printed), "{shown}: {:?} {:?}", claim(shown, true), claim(printed, true));
        }
        let shown = [(3, "5 packets transmitted, 5 received, 0% packet loss".to_owned())];
        assert!(missing(&shown, "3 packets transmitted, 3 received, 0% packet loss", false).is_empty());
        let absent = missing(&shown, "nothing\n3 packets transmitted, 3 received, 0% packet loss", true);
        assert_eq!(absent[0].nearest.as_deref(), Some("3 packets transmitted, 3 received, 0% packet loss"));
    }
}
