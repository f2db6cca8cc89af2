//! `send`: frames that a script makes.

use mlua::BString;

use super::traffic::settled;
use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, Type, opts, param, record, ret, ty};
use crate::model::Table;
use crate::net::link::fields::U16;
use crate::probe::send::{self, Frame, Pace, Sent, Vlan};

/// What is sent, and how often.
#[derive(Default)]
struct Order {
    frame: Frame,
    count: Option<u64>,
    interval: Option<f64>,
    rate: Option<f64>,
}

impl Order {
    fn pace(&self) -> Pace {
        let interval = self.interval.or(self.rate.map(|rate| 1.0 / rate));
        Pace { count: self.count.unwrap_or(1), interval: interval.unwrap_or(0.0) }
    }
}

fn header<T: Table + Default>(name: &'static str) -> Type<T> {
    Shape::<T>::rows(name).into()
}

fn vlan() -> Type<Vlan> {
    let id = ty::int(0..=4095u16).map(|id| Vlan { id: Some(U16(id)), ..Vlan::default() });
    Type::from(Shape::<Vlan>::rows("nsh.send.Vlan").requiring("id")).or(id)
}

/// `"ff ff 01"`
fn hex() -> Type<Vec<u8>> {
    ty::parsed("bytes in hexadecimal such as \"ffff ffff 0800\"", |text| {
        let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
        let byte = |pair: &[char]| match pair {
            [a, b] => Some((a.to_digit(16)? << 4 | b.to_digit(16)?) as u8),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        bytes.ok_or_else(|| {
            format!("expected bytes in hexadecimal, got {:?}", text.chars().take(60).collect::<String>())
        })
    })
}

fn options() -> Shape<Order> {
    Shape::<Order>::new("nsh.send.Options")
        .field("eth", header("nsh.send.Eth"), "the Ethernet header; default what the packet needs", |o, v| {
            o.frame.eth = Some(v)
        })
        .field(
            "vlan",
            ty::one_or_list(vlan()),
            "tags of VLANs, each a number or a table; the outer one first",
            |o, v| o.frame.vlans = v,
        )
        .field("arp", header("nsh.send.Arp"), "an ARP message", |o, v| o.frame.arp = Some(v))
        .field("ip", header("nsh.send.Ip"), "a header of IPv4 or IPv6", |o, v| o.frame.ip = Some(v))
        .field("icmp", header("nsh.send.Icmp"), "a message of ICMP, or of ICMPv6 behind IPv6", |o, v| {
            o.frame.icmp = Some(v)
        })
        .field("tcp", header("nsh.send.Tcp"), "a TCP header", |o, v| o.frame.tcp = Some(v))
        .field("udp", header("nsh.send.Udp"), "a UDP header", |o, v| o.frame.udp = Some(v))
        .field("payload", ty::bytes(), "what stands behind the headers", |o, v| o.frame.payload = v)
        .field("size", ty::int(0..=65_535usize), "how long the payload is made, with zeros", |o, v| {
            o.frame.size = Some(v)
        })
        .field(
            "bytes",
            ty::bytes(),
            "the whole frame, as `bytes` of a captured packet, instead of headers",
            |o, v| o.frame.bytes = Some(v),
        )
        .field("hex", hex(), "the same in hexadecimal: \"ffffffffffff 020000000001 0800 45...\"", |o, v| {
            o.frame.bytes = Some(v)
        })
        .field("count", ty::int(1..=1_000_000_000u64), "how many are sent; default 1", |o, v| {
            o.count = Some(v)
        })
        .field("interval", ty::number(0.0..=3600.0), "seconds between two; default 0", |o, v| {
            o.interval = Some(v)
        })
        .field(
            "rate",
            ty::number(0.001..=10_000_000.0),
            "how many a second, instead of `interval`",
            |o, v| o.rate = Some(v),
        )
}

fn sent() -> Record<Sent> {
    record!(Sent = "nsh.Sent", "What was sent." => {
        count: s => s.count, "how many frames";
        dropped: s => s.dropped, "how many of them a queueing discipline or a filter of the link dropped at once";
        bytes: s => BString::from(s.bytes.clone()), "the last one, as it was handed to the link";
        length: s => s.bytes.len(), "its length";
        time: s => s.time, "seconds that it took";
    })
    .shown(|s| {
        let dropped = if s.dropped > 0 { format!(", {} dropped", s.dropped) } else { String::new() };
        let frames = if s.count == 1 { "frame" } else { "frames" };
        format!("{} {frames} of {} bytes in {:.3} s{dropped}", s.count, s.bytes.len(), s.time)
    })
}

pub fn module() -> Module {
    Module::new(
        "send",
        "Sends frames that a script makes, header by header: what it doesn't say is worked out. With `capture`, the other \
         end is watched.",
    )
    .callable(
        Function::new(
            "send",
            (param("dev", ty::link(), "the link that sends it"), opts(options())),
            ret::record(sent(), "what was sent"),
            |cx, (dev, order)| {
                if order.interval.is_some() && order.rate.is_some() {
                    return Err(crate::base::error::Error::argument("interval and rate exclude each other").into());
                }
                settled(cx)?;
                Ok(send::send(cx.ns, &dev, &order.frame, order.pace())?)
            },
        )
        .doc(
            "Sends a frame by a link, whatever it says: Ethernet, VLAN tags, ARP, IPv4 and IPv6, ICMP, neighbour \
             discovery, TCP, UDP, and any payload. Lengths and checksums are right unless they are given. The source \
             is the kernel's choice, and the hardware address of the destination is asked for, unless `eth.dst` has it. \
             The names of fields are those of `capture`'s packets.\n\n\
             Firewall rules and routes of the sender don't see the frame.\n\n\
             Raises `argument` for headers that contradict each other, `not_found` if there is no such link, `timeout` if \
             nobody tells the destination's hardware address, `network_down` if the link is down, `invalid` if the frame is \
             longer than its MTU.",
        )
        .command("mausezahn DEV ..."),
    )
}
