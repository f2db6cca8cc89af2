//! Against the kernel, with `nft` as the witness. Each test has a network namespace of its own, on a thread.

use super::*;
use crate::model::{Table, Value, Word};
use crate::net::nf::test::{in_namespace, nft};

/// A spec from words such as `"source=10.0.0.0/8 random"`.
fn spec(words: &str) -> NatSpec {
    let mut out = NatSpec::default();
    for word in words.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let name = if name == "in" { "iif" } else { name };
        let row = NatSpec::ROWS.iter().find(|row| row.name == name).unwrap();
        let value = match (row.form)().word {
            Word::Flag => Value::Bool(true),
            _ => Value::Text(value.to_owned()),
        };
        assert!((row.put)(&mut out, &value).unwrap(), "{word}");
    }
    out
}

/// Kind, spec, and the rule that one writes by hand for nft.
const BY_HAND: &[(Kind, &str, &str)] = &[
    (
        Kind::Masquerade,
        "source=192.168.1.0/24 out=!br0",
        "oifname != \"br0\" ip saddr 192.168.1.0/24 counter masquerade",
    ),
    (Kind::Masquerade, "", "counter masquerade"),
    (Kind::Masquerade, "in=br0 source=fd00::/62", "iifname \"br0\" ip6 saddr fd00::/62 counter masquerade"),
    (Kind::Masquerade, "family=inet6 out=eth0", "oifname \"eth0\" meta nfproto ipv6 counter masquerade"),
    (
        Kind::Masquerade,
        "proto=tcp to=:1024-2048 random",
        "meta l4proto tcp counter masquerade to :1024-2048 random",
    ),
    (
        Kind::Masquerade,
        "source=10.0.0.0/9 dest=!10.0.0.0/8 fully_random",
        "ip saddr 10.0.0.0/9 ip daddr != 10.0.0.0/8 counter masquerade fully-random",
    ),
    (Kind::Snat, "to=203.0.113.5", "counter snat ip to 203.0.113.5"),
    (
        Kind::Snat,
        "source=!10.1.2.3 to=203.0.113.5-203.0.113.9 persistent",
        "ip saddr != 10.1.2.3 counter snat ip to 203.0.113.5-203.0.113.9 persistent",
    ),
    (
        Kind::Snat,
        "proto=udp sport=53 to=[2001:db8::1]:1000-2000",
        "udp sport 53 counter snat ip6 to [2001:db8::1]:1000-2000",
    ),
    (
        Kind::Dnat,
        "proto=tcp dest=192.168.184.131 dport=3000 to=192.168.1.10:3000 comment=web",
        "ip daddr 192.168.184.131 tcp dport 3000 counter dnat ip to 192.168.1.10:3000 comment \"web\"",
    ),
    (
        Kind::Dnat,
        "in=eth* proto=tcp dport=8000-8010 to=192.168.1.10:8000-8010",
        "iifname \"eth*\" tcp dport 8000-8010 counter dnat ip to 192.168.1.10:8000-8010",
    ),
    (
        Kind::Dnat,
        "in=!veth* dest=fd00:1::/48 proto=udp dport=!10-20 to=[fd00::1]-[fd00::9]:80 random persistent",
        "iifname != \"veth*\" ip6 daddr fd00:1::/48 udp dport != 10-20 counter dnat ip6 to [fd00::1]-[fd00::9]:80 random,persistent",
    ),
    (
        Kind::Dnat,
        "proto=icmp dest=10.0.0.1 to=10.0.0.2",
        "ip daddr 10.0.0.1 meta l4proto icmp counter dnat ip to 10.0.0.2",
    ),
    (Kind::Dnat, "proto=icmpv6 to=fd00::2", "meta l4proto ipv6-icmp counter dnat ip6 to fd00::2"),
    (
        Kind::Dnat,
        "proto=sctp dport=!22,80,443 to=10.0.0.2",
        "sctp dport != { 22, 80, 443 } counter dnat ip to 10.0.0.2",
    ),
    (Kind::Redirect, "proto=tcp dport=80 to=:8080", "tcp dport 80 counter redirect to :8080"),
    (
        Kind::Redirect,
        "proto=tcp dport=80,443,8000-8010 to=:8080",
        "tcp dport { 80, 443, 8000-8010 } counter redirect to :8080",
    ),
    (
        Kind::Redirect,
        "proto=udp dport=0-10,65530-65535 family=inet6",
        "meta nfproto ipv6 udp dport { 0-10, 65530-65535 } counter redirect",
    ),
    (Kind::Redirect, "dest=0.0.0.0/1", "ip daddr 0.0.0.0/1 counter redirect"),
];

#[test]
fn rules_are_those_that_one_writes_by_hand() {
    let mut text = "add table inet nsh\n".to_owned();
    for (chain, priority) in [("prerouting", "dstnat"), ("postrouting", "srcnat")] {
        text.push_str(&format!(
            "add chain inet nsh nat_{chain} {{ type nat hook {chain} priority {priority}; policy accept; }}\n"
        ));
    }
    for (kind, _, rule) in BY_HAND {
        let chain = kind.hooks(false)[0].name();
        text.push_str(&format!("add rule inet nsh nat_{chain} {rule}\n"));
    }
    let by_hand = in_namespace(move |_| {
        nft(&["-f", "-"], &text)?;
        nft(&["list", "table", "inet", "nsh"], "")
    });
    let ours = in_namespace(|ns| {
        // In the order of the chains above: what is listed first was made first.
        let prerouting = |kind: Kind| kind.hooks(false)[0] == Hook::Prerouting;
        for first in [true, false] {
            for (kind, words, _) in BY_HAND.iter().filter(|(kind, ..)| prerouting(*kind) == first) {
                let rule = add(ns, *kind, &spec(words)).unwrap();
                assert_eq!(rule.kind, *kind, "{words}");
            }
        }
        shown_as_by_nft(ns);
        nft(&["list", "table", "inet", "nsh"], "")
    });
    if let (Some(Some(by_hand)), Some(Some(ours))) = (by_hand, ours) {
        assert_eq!(ours, by_hand);
    }
}

/// Each rule's text is a line of nft's.
fn shown_as_by_nft(ns: &Namespace) {
    let Some(text) = nft(&["-a", "list", "table", "inet", "nsh"], "") else { return };
    for rule in list(ns).unwrap() {
        assert!(text.lines().any(|line| line.trim() == rule.nft()), "{}\n{text}", rule.nft());
    }
}

/// The spec as it is listed.
fn listed(kind: Kind, spec: &NatSpec) -> NatSpec {
    let mut listed = spec.check(kind).unwrap();
    listed.insert = None;
    listed.settle();
    listed
}

#[test]
fn rules_are_listed_in_the_words_they_were_made_of() {
    in_namespace(|ns| {
        for (kind, words, _) in BY_HAND {
            let spec = spec(words);
            let added = add(ns, *kind, &spec).unwrap();
            assert_eq!(added.spec, listed(*kind, &spec), "{words}");
            assert_eq!(
                list(ns).unwrap().iter().find(|r| r.handle() == added.handle()),
                Some(&added),
                "{words}"
            );
        }
        assert_eq!(list(ns).unwrap().len(), BY_HAND.len());
    });
}

#[test]
fn a_rule_for_the_host_too_is_one() {
    in_namespace(|ns| {
        let spec = spec("proto=tcp dport=80,90-95 dest=10.0.0.1 to=10.0.0.2:8080 host comment=both");
        let first = add(ns, Kind::Dnat, &spec).unwrap();
        let second = add(ns, Kind::Dnat, &spec).unwrap();
        assert_eq!(first.hooks, [Hook::Prerouting, Hook::Output]);
        assert_eq!(first.spec, listed(Kind::Dnat, &spec));
        assert_eq!(list(ns).unwrap(), [first.clone(), second.clone()]);
        // By the handle of either half.
        del(ns, first.handles[1].1).unwrap();
        assert_eq!(list(ns).unwrap(), [second]);
        assert_eq!(del(ns, first.handle()).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn insert_puts_a_rule_in_front() {
    in_namespace(|ns| {
        let a = add(ns, Kind::Masquerade, &spec("out=a")).unwrap().handle();
        let b = add(ns, Kind::Masquerade, &spec("out=b")).unwrap().handle();
        let c = add(ns, Kind::Masquerade, &spec("out=c insert")).unwrap().handle();
        let handles: Vec<u64> = list(ns).unwrap().iter().map(NatRule::handle).collect();
        assert_eq!(handles, [c, a, b]);
    });
}

#[test]
fn foreign_rules_are_shown_and_flush_leaves_foreign_chains() {
    in_namespace(|ns| {
        assert_eq!(list(ns).unwrap(), []);
        flush(ns).unwrap();
        add(ns, Kind::Redirect, &spec("proto=tcp dport=80,81-90")).unwrap();
        flush(ns).unwrap();
        assert_eq!(message::table_use(&mut ns.netfilter().unwrap(), TABLE).unwrap(), None);
        add(ns, Kind::Masquerade, &spec("")).unwrap();
        let more = "add rule inet nsh nat_postrouting ct mark 7 limit rate 1/second counter masquerade comment \"odd\"
            add rule inet nsh nat_postrouting meta nfproto ipv4 tcp dport > 1024 snat ip to 1.2.3.4
            add rule inet nsh nat_postrouting ip saddr 10.0.0.1 return
            add chain inet nsh input { type filter hook input priority 0; }
            add rule inet nsh input tcp dport 22 accept\n";
        if nft(&["-f", "-"], more).is_none() {
            return;
        }
        let rules = list(ns).unwrap();
        let kinds: Vec<Kind> = rules.iter().map(|r| r.kind).collect();
        assert_eq!(kinds, [Kind::Masquerade, Kind::Other, Kind::Other, Kind::Other]);
        assert_eq!(rules[1].expressions, ["ct", "cmp", "limit", "counter", "masq"]);
        assert_eq!(rules[1].spec.comment.as_deref(), Some("odd"));
        del(ns, rules[1].handle()).unwrap();
        flush(ns).unwrap();
        assert_eq!(list(ns).unwrap(), []);
        let left = nft(&["list", "table", "inet", "nsh"], "").unwrap();
        assert!(left.contains("tcp dport 22 accept") && !left.contains("nat"), "{left}");
    });
}

#[test]
fn a_large_batch_goes_in_one_datagram() {
    in_namespace(|ns| {
        let mut batch = Batch::new(TABLE);
        batch.table();
        batch.chain(&chain(Hook::Postrouting));
        let exprs =
            rule::write(Kind::Masquerade, &spec("source=10.0.0.0/9 out=!br0"), &mut |_, _| unreachable!());
        for _ in 0..3000 {
            batch.rule("nat_postrouting", &exprs, &Userdata::default(), Place::Back);
        }
        // The rules are echoed, which is more than the receive buffer holds.
        let mut socket = ns.netfilter().unwrap();
        socket.set_receive_buffer(64 << 20).unwrap();
        let sent = batch.send(&mut socket);
        let listed = message::rules(&mut socket, TABLE).unwrap().len();
        match sent {
            Ok(rules) => assert_eq!((rules.len(), listed), (3000, 3000)),
            // Without the privilege to raise the buffers.
            Err(failure) => assert!(failure.error.kind() == ErrorKind::Limit, "{:?}", failure.error),
        }
    });
}

#[test]
fn a_refused_rule_is_found_by_its_number_and_nothing_is_left() {
    in_namespace(|ns| {
        let mut batch = Batch::new(TABLE);
        batch.table();
        batch.chain(&chain(Hook::Postrouting));
        batch.rule("nat_postrouting", &[], &Userdata::default(), Place::Back);
        let refused = batch.len();
        let unknown = Expr::Unknown { name: "nonesuch".to_owned(), attributes: Vec::new() };
        batch.rule("nat_postrouting", &[unknown], &Userdata::default(), Place::Back);
        batch.rule("nat_postrouting", &[], &Userdata::default(), Place::Back);
        let failure = batch.send(&mut ns.netfilter().unwrap()).unwrap_err();
        assert_eq!(failure.request, Some(refused));
        assert_eq!(failure.error.raw(), Some(Errno::ENOENT));
        assert_eq!(list(ns).unwrap(), []);
        assert_eq!(message::table_use(&mut ns.netfilter().unwrap(), TABLE).unwrap(), None);
    });
}

#[test]
fn a_chain_that_is_in_the_way_is_named() {
    in_namespace(|ns| {
        let other = "add table inet nsh
            add chain inet nsh nat_postrouting { type filter hook postrouting priority 0; }\n";
        if nft(&["-f", "-"], other).is_some() {
            let e = add(ns, Kind::Masquerade, &spec("")).unwrap_err();
            assert!(e.message().contains("a chain nat_postrouting of another type, hook or priority"), "{e}");
            assert_eq!(e.kind(), ErrorKind::Exists);
        }
    });
}

#[test]
fn contradictions_never_reach_the_kernel() {
    let bad: &[(Kind, &str, &str)] = &[
        (Kind::Dnat, "", "dnat needs `to`, the address to translate to"),
        (Kind::Dnat, "proto=tcp to=:80", "dnat needs an address in `to`"),
        (Kind::Snat, "proto=tcp to=80", "snat needs an address in `to`"),
        (Kind::Masquerade, "to=1.2.3.4", "masquerade chooses the address itself: `to` can only be ports"),
        (Kind::Redirect, "to=1.2.3.4", "redirect chooses the address itself: `to` can only be ports"),
        (Kind::Redirect, "dport=80", "dport needs `proto`, such as \"tcp\" or \"udp\""),
        (Kind::Redirect, "to=:80", "a port in `to` needs `proto`, such as \"tcp\" or \"udp\""),
        (Kind::Redirect, "proto=icmp sport=80", "sport needs a protocol with ports, icmp has none"),
        (Kind::Dnat, "dest=10.0.0.1 to=fd00::1", "`dest` is IPv4, but `to` is IPv6"),
        (Kind::Snat, "family=inet to=fd00::1", "`to` is IPv6, but `family` is IPv4"),
        (Kind::Masquerade, "source=10.0.0.0/8 dest=fd00::/8", "`source` is IPv4, but `dest` is IPv6"),
        (
            Kind::Masquerade,
            "host",
            "masquerade has no `host`: it sees the host's own connections in any case",
        ),
        (Kind::Dnat, "out=eth0 to=10.0.0.1", "dnat can't match `out`: it comes before routing"),
        (
            Kind::Dnat,
            "in=eth0 host to=10.0.0.1",
            "`host` and `iif` exclude each other: what the host sends came in nowhere",
        ),
        (Kind::Dnat, "proto=icmp to=fd00::1", "proto \"icmp\" is IPv4's, the addresses are IPv6"),
        (
            Kind::Dnat,
            "comment=\"x\" to=fd00::1",
            "the comment must be one line without quotation marks, as nft shows it",
        ),
    ];
    for (kind, words, expected) in bad {
        let e = spec(words).check(*kind).unwrap_err();
        assert_eq!((e.kind(), e.message().as_str()), (ErrorKind::Argument, *expected), "{words}");
    }
}
