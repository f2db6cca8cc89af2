//! What the receiver counts, and what is printed.

use std::time::{Duration, Instant};

use super::datagram::{self, Arrivals, HEADER};
use super::*;

fn take(arrivals: &mut Arrivals, start: Instant, seq: u64, sent: u64, came: u64) {
    let at = Duration::from_millis(sent);
    arrivals.take(100, seq, at, start, start + Duration::from_millis(came));
}

#[test]
fn a_header() {
    let mut bytes = [0xff; HEADER];
    datagram::write(&mut bytes, 0x0102_0304, Duration::from_nanos(7));
    let expected = [
        b'n', b's', b'h', b'p', // the magic
        0, 0, 0, 0, 1, 2, 3, 4, // the number
        0, 0, 0, 0, 0, 0, 0, 7, // nanoseconds
    ];
    assert_eq!(bytes, expected);
    assert_eq!(datagram::read(&bytes), Some((0x0102_0304, Duration::from_nanos(7))));
    assert_eq!(datagram::read(&bytes[..19]), None);
    assert_eq!(datagram::read(b"nsh perf, and more of it"), None);
}

#[test]
fn losses_duplicates_and_order() {
    let (mut arrivals, start) = (Arrivals::default(), Instant::now());
    for seq in [0, 1, 3, 3, 2, 7] {
        take(&mut arrivals, start, seq, 0, 1);
    }
    assert_eq!((arrivals.received, arrivals.duplicates, arrivals.out_of_order), (5, 1, 1));
    assert_eq!((arrivals.end, arrivals.missing(), arrivals.bytes), (8, 3, 500));
    // Far ahead: what was remembered of old numbers isn't taken for new ones.
    take(&mut arrivals, start, 1_000_000, 0, 1);
    take(&mut arrivals, start, 999_999, 0, 1);
    take(&mut arrivals, start, 999_999, 0, 1);
    assert_eq!((arrivals.received, arrivals.duplicates, arrivals.out_of_order), (7, 2, 2));
    take(&mut arrivals, start, u64::MAX - 1, 0, 1);
    assert_eq!(arrivals.received, 8);
}

#[test]
fn jitter_as_rfc_3550_has_it() {
    let (mut arrivals, start) = (Arrivals::default(), Instant::now());
    take(&mut arrivals, start, 0, 0, 10);
    take(&mut arrivals, start, 1, 10, 20);
    assert!(arrivals.jitter < 1e-9);
    take(&mut arrivals, start, 2, 20, 46);
    assert!((arrivals.jitter - 0.016 / 16.0).abs() < 1e-9, "{}", arrivals.jitter);
    take(&mut arrivals, start, 3, 30, 40);
    let expected = 0.001 + (0.016 - 0.001) / 16.0;
    assert!((arrivals.jitter - expected).abs() < 1e-9, "{}", arrivals.jitter);
}

#[test]
fn it_prints_as_iperf3() {
    let tcp = TcpStats { retransmits: 12, cwnd: 1 << 20, rtt: 0.001 };
    let part = Part { start: 0.0, end: 10.0, sent: 1 << 30, bytes: 1 << 30, tcp: Some(tcp), udp: None };
    let way = Way {
        from: "a".into(),
        to: "b".into(),
        rtt: Some(Rtt { min: 0.0001, avg: 0.001, max: 0.002 }),
        intervals: vec![part.clone()],
        streams: vec![part.clone()],
        total: part,
    };
    let addr = "10.0.0.2:5201".parse().unwrap();
    let mut perf = Perf { name: "b".into(), addr, proto: Proto::Tcp, way, back: None };
    assert_eq!(
        perf.to_string(),
        "tcp a -> b, 10.0.0.2 port 5201, 1 stream\n\
         [ ID] Interval           Transfer     Bitrate         Retr   Cwnd\n\
         [  1]    0.00-10.00  sec  1.00 GBytes  859 Mbits/sec       sender, a\n\
         [  1]    0.00-10.00  sec  1.00 GBytes  859 Mbits/sec     12    receiver, b\n\
         rtt min/avg/max = 0.100/1.000/2.000 ms"
    );
    perf.proto = Proto::Udp;
    let udp = UdpStats { sent: 906, received: 899, lost: 7, jitter: 0.000_012, ..UdpStats::default() };
    let part = Part { sent: 1_287_520, bytes: 1_277_479, tcp: None, udp: Some(udp), ..perf.way.total };
    perf.way = Way { total: part.clone(), streams: vec![part], rtt: None, intervals: Vec::new(), ..perf.way };
    assert_eq!(
        perf.to_string().lines().last().unwrap(),
        "[  1]    0.00-10.00  sec  1.22 MBytes  1.02 Mbits/sec  0.012 ms   7/906 (0.77%)    receiver, b"
    );
}
