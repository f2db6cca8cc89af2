use super::build::Sender;
use super::*;
use crate::model::Value;
use crate::net::link::fields::{Be16, U16};
use table::TcpFlags;

const OWN: Sender = Sender { mac: Some([2, 0, 0, 0, 0, 1]) };

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ip(src: &str, dst: &str) -> Option<Ip> {
    Some(Ip { src: src.parse().ok(), dst: dst.parse().ok(), ..Ip::default() })
}

#[test]
fn a_datagram_has_its_lengths_and_checksums() {
    let udp = Udp { sport: Some(Be16(1)), dport: Some(Be16(2)), ..Udp::default() };
    let frame =
        Frame { ip: ip("10.0.0.1", "10.0.0.2"), udp: Some(udp), payload: b"hi".to_vec(), ..Frame::default() };
    let bytes = frame.bytes(OWN, 0).unwrap();
    assert_eq!(
        hex(&bytes),
        "ffffffffffff0200000000010800\
         4500001e00000000401166cd0a0000010a000002\
         00010002000a836b686\
         9"
    );
}

#[test]
fn tags_stand_the_outer_one_first() {
    let tag = |id| Vlan { id: Some(U16(id)), ..Vlan::default() };
    let frame = Frame { vlans: vec![tag(5), tag(6)], payload: vec![0xaa], ..Frame::default() };
    assert_eq!(
        hex(&frame.bytes(OWN, 0).unwrap()),
        "ffffffffffff02000000000188a8000581000006 88b5aa".replace(' ', "")
    );
}

#[test]
fn what_contradicts_itself_is_refused() {
    let tcp = Some(Tcp::default());
    for wrong in [
        Frame::default(),
        Frame { tcp: tcp.clone(), ..Frame::default() },
        Frame { ip: ip("10.0.0.1", "10.0.0.2"), tcp, udp: Some(Udp::default()), ..Frame::default() },
        Frame { ip: ip("10.0.0.1", "10.0.0.2"), arp: Some(Arp::default()), ..Frame::default() },
        Frame { bytes: Some(vec![1]), payload: vec![1], ..Frame::default() },
        Frame { bytes: Some(vec![0; 70_000]), ..Frame::default() },
    ] {
        assert!(wrong.check().is_err(), "{wrong:?}");
    }
    let mixed = Frame { ip: ip("10.0.0.1", "fd00::1"), ..Frame::default() };
    assert!(mixed.bytes(OWN, 0).is_err());
}

#[test]
fn flags_of_tcp_are_those_of_tcpdump() {
    for (text, flags) in [("S", 2), ("S.", 18), ("SA", 18), ("FA", 17), ("none", 0), ("R", 4)] {
        assert_eq!(TcpFlags::read(&Value::Text(text.to_owned())).unwrap(), Some(TcpFlags(flags)), "{text}");
    }
    assert!(TcpFlags::read(&Value::Text("X".to_owned())).is_err());
    assert!(TcpFlags::read(&Value::Text(String::new())).is_err());
}
