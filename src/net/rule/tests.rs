use super::*;
use crate::net::fields::{Mark, Selector, TableId};
use crate::net::nf::words::{PortRange, Protocol};
use crate::net::testing::{lab, witness};

fn prefix(text: &str) -> Option<Selector> {
    Some(Selector(Some(crate::net::prefix::network(text).unwrap())))
}

#[test]
fn a_request_byte_by_byte() {
    let spec = Rule {
        from: prefix("10.0.0.0/24"),
        priority: Some(Between(1000)),
        table: Some(TableId(300)),
        sport: Some(PortRange { low: 80, high: 90 }),
        invert: Some(true),
        ..Rule::default()
    };
    assert_eq!(
        wire::encode(&spec, Family::Inet).unwrap(),
        [
            2, 0, 24, 0, // AF_INET, destination's and source's length, TOS
            0, 0, 0, 1, // the table doesn't fit here; FR_ACT_TO_TBL
            2, 0, 0, 0, // FIB_RULE_INVERT
            8, 0, 6, 0, 0xe8, 3, 0, 0, // FRA_PRIORITY
            8, 0, 2, 0, 10, 0, 0, 0, // FRA_SRC
            8, 0, 23, 0, 80, 0, 90, 0, // FRA_SPORT_RANGE
            8, 0, 15, 0, 44, 1, 0, 0, // FRA_TABLE
        ]
    );
}

#[test]
fn what_is_added_is_what_others_see() {
    lab(|all| {
        let ns = all.add("ns1").unwrap();
        let four = Rule {
            from: prefix("10.0.0.0/24"),
            to: prefix("10.9.0.1"),
            fwmark: Some(Mark(5)),
            fwmask: Some(Mark(0xff)),
            priority: Some(Between(1000)),
            table: Some(TableId(300)),
            suppress_prefixlength: Some(Between(0)),
            ..Rule::default()
        };
        add(&ns, &four).unwrap();
        assert_eq!(add(&ns, &four).unwrap_err().kind(), Kind::Exists);
        let six = Rule {
            family: Some(Family::Inet6),
            ipproto: Some(Protocol::TCP),
            dport: Some(PortRange::one(80)),
            priority: Some(Between(1001)),
            action: Some(Action::Prohibit),
            ..Rule::default()
        };
        add(&ns, &six).unwrap();
        if let Some(seen) = witness(all, "ns1", &["ip", "-j", "rule"]) {
            let rule = &seen.as_array().unwrap()[1];
            assert_eq!(rule["src"], "10.0.0.0");
            assert_eq!(rule["srclen"], 24);
            assert_eq!(rule["dst"], "10.9.0.1");
            assert_eq!(rule["fwmark"], "0x5");
            assert_eq!(rule["fwmask"], "0xff");
            assert_eq!(rule["table"], "300");
            assert_eq!(rule["suppress_prefixlen"], 0);
        }
        if let Some(seen) = witness(all, "ns1", &["ip", "-6", "-j", "rule"]) {
            let rule = &seen.as_array().unwrap()[1];
            assert_eq!(rule["ipproto"], "tcp");
            assert_eq!(rule["dport"], 80);
            assert_eq!(rule["action"], "prohibit");
        }
        let found = list(&ns, &Rule { table: Some(TableId(300)), ..Rule::default() }).unwrap();
        assert_eq!((found.len(), found[0].from, found[0].fwmask), (1, four.from, Some(Mark(0xff))));
        del(&ns, &Rule { priority: Some(Between(1001)), ..Rule::default() }).unwrap();
        let e = del(&ns, &Rule { priority: Some(Between(1001)), ..Rule::default() }).unwrap_err();
        assert_eq!(e.kind(), Kind::NotFound);
        assert!(e.to_string().contains("there is 0 (table local), 1000 (table 300)"), "{e}");
        assert_eq!(flush(&ns, &Rule { family: Some(Family::Inet), ..Rule::default() }).unwrap(), 3);
        assert_eq!(list(&ns, &Rule::default()).unwrap().len(), 3);
    });
}

#[test]
fn contradictions_are_told() {
    let says = |spec: Rule| spec.family().map(|_| ()).and(spec.check()).unwrap_err().to_string();
    let default = Rule::default;
    assert!(
        says(Rule { from: prefix("10.0.0.0/8"), to: prefix("fd00::/8"), ..default() })
            .contains("different families")
    );
    let wrong = Rule { priority: Some(Between(10)), goto_priority: Some(Between(10)), ..default() };
    assert!(says(wrong).contains("only lead on to a later one"));
    let wrong = Rule { action: Some(Action::Blackhole), table: Some(TableId(1)), ..default() };
    assert!(says(wrong).contains("looks up no table"));
    let wrong = Rule { action: Some(Action::Nop), goto_priority: Some(Between(10)), ..default() };
    assert!(says(wrong).contains("leave out type \"nop\""));
    assert!(says(Rule { fwmask: Some(Mark(1)), ..default() }).contains("give fwmark too"));
}

#[test]
fn rubbish_from_the_kernel_is_left_out() {
    for length in 0..12 {
        assert_eq!(parse(&vec![2; length]), None);
    }
    assert_eq!(parse(&[7; 40]), None);
}
