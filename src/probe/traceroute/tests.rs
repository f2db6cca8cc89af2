//! What is printed, and what is read.

use super::*;

fn answer(from: &str, sign: Option<&str>) -> Answer {
    let sign = sign.map(str::to_owned);
    Answer { from: from.parse().unwrap(), rtt: 0.000_25, message: None, sign, mtu: None }
}

fn trace(hops: Vec<Vec<Answer>>, reached: bool) -> Trace {
    let hops = hops.into_iter().zip(1..).map(|(answers, ttl)| Hop { ttl, sent: 2, answers, namespace: None });
    Trace {
        name: "far".into(),
        addr: "10.1.0.2".parse().unwrap(),
        proto: Proto::Icmp,
        max: 30,
        length: 60,
        reached,
        time: 0.1,
        hops: hops.collect(),
        owners: HashMap::from([("10.0.0.1".parse().unwrap(), "r".to_owned())]),
    }
}

#[test]
fn a_way_prints_as_traceroute_prints_it() {
    let two = vec![answer("10.0.0.1", None), answer("10.9.9.9", Some("!X"))];
    let shown = trace(vec![two, vec![answer("10.1.0.2", None); 2]], true).to_string();
    assert_eq!(
        shown,
        "traceroute to far (10.1.0.2), 30 hops max, 60 byte packets\n \
         1  r (10.0.0.1)  0.250 ms 10.9.9.9 (10.9.9.9)  0.250 ms !X\n \
         2  10.1.0.2 (10.1.0.2)  0.250 ms  0.250 ms"
    );
}

#[test]
fn silence_is_told_once() {
    let shown = trace(vec![vec![answer("10.0.0.1", None)], vec![], vec![]], false).to_string();
    assert!(shown.ends_with("\n 1  r (10.0.0.1)  0.250 ms *\n 2  * * (no answer up to 30)"), "{shown}");
}
