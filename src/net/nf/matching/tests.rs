use super::*;
use crate::net::nf::several::{Addresses, Several};
use crate::net::nf::test::Random;
use crate::net::nf::words::{Interface, Matched, PortRange, Ports, Prefix};

fn round_trip(matches: &[Match]) -> Vec<Match> {
    let mut made: Vec<Elements> = Vec::new();
    let mut exprs = Vec::new();
    for m in matches {
        m.write(&mut exprs, &mut |_, elements| {
            made.push(elements.clone());
            SetRef { name: (made.len() - 1).to_string(), id: None }
        });
    }
    let sets = |name: &str| match name.parse::<usize>() {
        Ok(number) => made.get(number).cloned().map(Test::Elements),
        Err(_) => Some(Test::Set(name.to_owned())),
    };
    let mut reader = Reader::new(None, &sets);
    for expr in &exprs {
        reader.read(expr).unwrap_or_else(|| panic!("{expr:?} of {matches:?}"));
    }
    assert!(reader.complete());
    reader.matches
}

#[test]
fn every_prefix_length_comes_back() {
    for negated in [false, true] {
        for end in [Subject::Source, Subject::Dest] {
            for (family, ip, full) in [
                (Family::Inet, "255.255.255.255", 32),
                (Family::Inet6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128),
            ] {
                for bits in 0..=full {
                    let all: ipnetwork::IpNetwork = format!("{ip}/{bits}").parse().unwrap();
                    let value = Prefix(ipnetwork::IpNetwork::new(all.network(), bits).unwrap());
                    let prefix = Match::of(end(family), &Not { negated, value });
                    let matches = [Match::family(family), prefix.clone()];
                    assert_eq!(round_trip(&matches), matches);
                    assert_eq!(prefix.value::<Prefix>(), Some(Not { negated, value }));
                }
            }
        }
    }
}

fn comes_back<T: Compared + Matched>(subject: Subject, before: &[Match], text: &str) {
    let value = Not::<T>::parse(text).unwrap();
    let matches: Vec<Match> = before.iter().cloned().chain([Match::of(subject, &value)]).collect();
    let back = round_trip(&matches);
    assert_eq!(back, matches, "{text}");
    assert_eq!(back.last().unwrap().value::<T>().unwrap().to_string(), text);
}

#[test]
fn words_come_back_from_expressions() {
    let tcp = [Match::of(Subject::Protocol, &Not::only(Protocol::TCP))];
    for subject in [Subject::Sport, Subject::Dport] {
        for text in ["80", "!80", "0-65535", "!8000-8010", "22,80", "!22,80-90"] {
            comes_back::<Ports>(subject, &tcp, text);
            comes_back::<Several<PortRange>>(subject, &tcp, text);
        }
        comes_back::<Several<PortRange>>(subject, &tcp, "!@web");
    }
    for text in ["lo", "!br0", "veth*", "!a-name-of-15-by", "fourteen-bytes*"] {
        comes_back::<Interface>(Subject::In, &[], text);
        comes_back::<Several<Interface>>(Subject::Out, &[], text);
    }
    comes_back::<Several<Interface>>(Subject::Out, &[], "!eth0,eth1");
    for text in ["10.0.0.1-10.0.0.9", "!10.0.0.1-10.0.0.9", "10.0.0.0/9,192.168.0.1", "@hosts"] {
        comes_back::<Several<Addresses>>(Subject::Source(Family::Inet), &[Match::family(Family::Inet)], text);
    }
    for text in ["fd00::1-fd00::9", "!fd00::/9,fe80::1"] {
        comes_back::<Several<Addresses>>(Subject::Dest(Family::Inet6), &[Match::family(Family::Inet6)], text);
    }
}

#[test]
fn any_expressions_are_read_without_a_panic() {
    let mut random = Random::new(3);
    let sets = |name: &str| (name == "x").then(|| Test::Elements(Elements::one(vec![1])));
    for _ in 0..3000 {
        let mut reader = Reader::new(None, &sets);
        for _ in 0..6 {
            let length = random.below(20) as usize;
            let data = random.bytes(length);
            let (a, b) = (random.below(3), random.below(20));
            let expr = match random.below(8) {
                0 => Expr::Meta { key: MetaKey::from(b), to: a },
                1 => Expr::Payload {
                    base: [Base::Network, Base::Transport][a as usize % 2],
                    offset: b,
                    length: a * 2,
                    to: a,
                },
                2 => Expr::Bitwise { from: a, to: a, xor: vec![0; data.len()], mask: data },
                3 => Expr::Range { from: a, op: Op::Eq, low: data.clone(), high: data },
                4 => Expr::Immediate { to: a, data },
                5 => Expr::Lookup {
                    set: SetRef { name: ["", "x"][b as usize % 2].to_owned(), id: None },
                    from: a,
                    to: None,
                    flags: Flags(0),
                },
                6 => Expr::Ct { key: b % 3, to: a, direction: None },
                _ => Expr::Cmp { from: a, op: [Op::Eq, Op::Ge, Op::Le][b as usize % 3], data },
            };
            reader.read(&expr);
        }
        reader
            .matches
            .iter()
            .for_each(|m| drop((m.value::<Ports>(), m.value::<Prefix>(), m.value::<Interface>())));
    }
}
