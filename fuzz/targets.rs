//! What is fuzzed: functions that read what others made. Each takes any bytes, and must neither panic nor hang.
//! cargo-fuzz runs them (`cargo +nightly fuzz run packets`), and tests/fuzz.rs does on stable.

use std::rc::Rc;

use mlua::{Lua, MultiValue, Value};
use nsh::lua::lab::{Lab, Place};
use nsh::lua::modules::MODULES;
use nsh::lua::schema::{Cx, Function, ShapeDoc};
use nsh::lua::{Script, interpreter, prepare};
use nsh::net::{netlink, prefix};
use nsh::probe::capture::{self, Direction, Expression, LinkLayer};
use nsh::probe::http::Url;
use nsh::shell;

/// A target, and inputs to begin with.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

pub const ALL: &[Target] = &[
    ("packets", packets, PACKETS),
    ("filters", filters, FILTERS),
    ("captures", captures, CAPTURES),
    ("attributes", attributes, &[&[8, 0, 1, 0, 1, 2, 3, 4, 6, 0, 2, 0, 5, 6, 0, 0], &[4, 0, 9, 0]]),
    ("urls", urls, &[b"http://[fe80::1%25eth0]:8080/a/../b?c=d#e", b"http://10.0.0.1/%2e%2e/x", b"../y"]),
    ("words", words, &[b"10.0.0.1/24", b"2001:db8::1/64", b"02:00:00:00:00:01", b"::ffff:10.0.0.1"]),
    ("translate", translate, TRANSLATE),
    ("chunks", chunks, CHUNKS),
    ("options", options, OPTIONS),
];

const PACKETS: &[&[u8]] = &[
    // Ethernet, VLAN 10, IPv4, UDP 53 with a name.
    b"\0\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x81\0\0\x0a\x08\0\x45\0\0\x2c\0\x01\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02\
      \x30\x39\0\x35\0\x18\0\0\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01",
    // Ethernet, IPv4, TCP SYN with options.
    b"\0\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0\x45\0\0\x34\0\x01\x40\0\x40\x06\0\0\x0a\0\0\x01\x0a\0\0\x02\
      \x30\x39\0\x50\0\0\0\x01\0\0\0\0\x80\x02\xff\xff\0\0\0\0\x02\x04\x05\xb4\x01\x03\x03\x07\x04\x02\0\0",
    // IPv6 with a hop-by-hop header, ICMPv6 neighbour solicitation.
    b"\x01\x60\0\0\0\0\x28\0\xff\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\
      \x3a\0\x05\x02\0\0\x01\0\x87\0\0\0\0\0\0\0\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x01\x01\x02\0\0\0\0\x01",
    // Ethernet, MPLS, IPv4, GRE with a key, IPv4, UDP to VXLAN, Ethernet, IPv4, OSPF hello.
    b"\0\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x88\x47\0\x06\x41\x40\x45\0\0\x9a\0\x01\0\0\x40\x2f\0\0\x0a\0\0\x01\x0a\0\0\x02\
      \x20\0\x08\0\0\0\0\x64\x45\0\0\x7e\0\x01\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02\x30\x39\x12\xb5\0\x6a\0\0\x08\0\0\0\0\0\x64\0\
      \x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0\x45\0\0\x40\0\x01\0\0\x40\x59\0\0\x0a\0\0\x01\xe0\0\0\x05\
      \x02\x01\0\x2c\x01\x01\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\0\0\x0a\x02\x01\0\0\0\x28",
    // IPv4, TCP from 179: BGP open and update.
    b"\x01\x45\0\0\x70\0\x01\0\0\x40\x06\0\0\x0a\0\0\x01\x0a\0\0\x02\0\xb3\x9c\x40\0\0\0\x01\0\0\0\0\x50\x18\xff\xff\0\0\0\0\
      \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x1d\x01\x04\xfd\xe9\0\x5a\x01\x01\x01\x01\0\
      \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x1f\x02\0\0\0\x04\x40\x01\x01\0\x18\x0a\x01\x02",
    // IPv4, UDP 67: DHCP's beginning.
    b"\x01\x45\0\x01\x10\0\x01\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02\0\x43\0\x44\0\xfc\0\0\x02\x01\x06\0\0\0\x12\x34",
    // Ethernet, ARP.
    b"\0\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x06\0\x01\x08\0\x06\x04\0\x01\x02\0\0\0\0\x01\x0a\0\0\x01\0\0\0\
      \0\0\0\x0a\0\0\x02",
];

/// A file of pcap and one of pcapng, each with a packet.
const CAPTURES: &[&[u8]] = &[
    b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0\0\0\0\0\0\0\0\0\x2a\0\0\0\x2a\0\0\0\
      \xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x06\0\x01\x08\0\x06\x04\0\x01\x02\0\0\0\0\x01\x0a\0\0\x01\0\0\0\0\0\0\x0a\0\0\x02",
    b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0\
      \x01\0\0\0\x20\0\0\0\x65\0\0\0\0\0\x04\0\x02\0\x02\0\x61\x62\0\0\x09\0\x01\0\x09\0\0\0\x20\0\0\0\
      \x06\0\0\0\x38\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x14\0\0\0\x14\0\0\0\x45\0\0\x14\0\x01\0\0\x40\xfd\0\0\x0a\0\0\x01\x0a\0\0\x02\
      \x02\0\0\0\x38\0\0\0",
];

/// An expression, and the packet that it is tried on.
const FILTERS: &[&[u8]] = &[
    b"icmp or tcp port 80 and not (host 10.0.0.1 or fd00::1)\n\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0\x45\0\0\x2c",
    b"vlan 10 and vlan and mpls 5 and ip6 and udp src portrange 1-http\n\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x81\0\0\x0a",
    b"ip[2:2] - ((ip[0]&0xf)<<2) % 7 != -tcp[tcpflags] & (tcp-syn|ether[udp[0:4]])\n\x45\0\0\x2c\0\x01\0\0\x40\x06",
    b"ether src 02:00:00:00:00:01 && ! multicast || greater 100 or net 10.0.0.0 mask 255.0.0.0 or arp[6:2] = 1\n",
];

const TRANSLATE: &[&[u8]] = &[
    b"ip netns add ns1\nip link add veth1 type veth peer name eth0 netns ns1\nip -n ns1 addr add 10.0.0.1/24 dev eth0\n",
    b"for i in 1 2 3; do\n  ip route add 10.0.$i.0/24 via 10.0.0.$((i + 1)) || exit 1\ndone\n",
    b"# Lab\n\n```sh\niptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\nsysctl -w net.ipv4.ip_forward=1\n```\n",
    b"N=${1:-5}; f() { local x=\"$(echo \"a'b\")\"; ping -c1 \"$x\"; }; f <<EOF\ntext $N\nEOF\n",
];

const CHUNKS: &[&[u8]] = &[
    b"#!/usr/bin/env nsh\nlocal t <close> = setmetatable({}, { __close = print })\nreturn #t // 1 | 2\n",
    b"\x1bLua\x54\0\x19\x93\r\n\x1a\n\x04\x08\x08xV\0\0\0\0\0\0\0\0\0\0\0(w@\x01",
    b"goto done; for i = 1, 10 do local s = [==[\n]] ]==] .. '\\x41\\u{7f}\\z  ' end ::done::",
];

/// Of these bytes are made a function, and values for it: see [`Values`].
const OPTIONS: &[&[u8]] = &[
    // A text, and a table of three options: a number, a list of texts, and a table.
    b"\x13\x00\x06\x0b10.0.0.1:80\x08\x03\x00\x02\x50\x01\x07\x02\x06\x03tcp\x06\x05udp:x\x02\x08\x01\x00\x01\x01",
    b"\x05\x00\x06\x05veth1\x08\x02\x03\x05\x02\x04\x06\x0b10.0.0.1/24",
    b"\x1a\x01\x07\x02\x06\x04echo\x06\x01x\x08\x03\x01\x03\x00\x02\x04\x03\x07\x01\x05\x02",
    b"\x10\x00\x06\x07default\x08\x04\x00\x06\x0bvia 10.0.0.1\x01\x03\x02\x02\x04\x04\x03\x05\x01",
];

/// Captured packets; the first byte tells the link's sort.
pub fn packets(data: &[u8]) {
    let Some((sort, bytes)) = data.split_first() else { return };
    let layer = if sort % 2 == 0 { LinkLayer::Ethernet } else { LinkLayer::Ip };
    // Cut by the snap length, or whole.
    for length in [bytes.len(), bytes.len() + usize::from(*sort)] {
        let layers = capture::decode(layer, bytes, length);
        let _ = format!("{layers:?}");
    }
}

/// Filter expressions, run on what stands behind the first line.
pub fn filters(data: &[u8]) {
    let end = data.iter().position(|b| *b == b'\n').unwrap_or(data.len());
    let resolve = |name: &str| {
        Ok(if name.len() > 3 { vec!["10.0.0.1".parse().expect("an address")] } else { Vec::new() })
    };
    let Ok(expression) = Expression::parse(&String::from_utf8_lossy(&data[..end]), &resolve) else { return };
    let bytes = data.get(end + 1..).unwrap_or_default();
    for layer in [LinkLayer::Ethernet, LinkLayer::Ip] {
        expression.matches_bytes(layer, Direction::In, bytes, bytes.len() as u32);
    }
}

/// Capture files, and how their packets are told.
pub fn captures(data: &[u8]) {
    for packet in capture::parse(data).into_iter().flatten() {
        assert!(!packet.to_string().is_empty());
    }
}

/// The attributes of a netlink message, and those within them.
pub fn attributes(data: &[u8]) {
    for (_, value) in netlink::attributes_of(data) {
        assert!(netlink::attributes_of(value).map(|(_, inner)| inner.len()).sum::<usize>() <= value.len());
    }
}

/// Addresses of HTTP, and the redirects that lead on from them.
pub fn urls(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines();
    let Some(Ok(url)) = lines.next().map(Url::parse) else { return };
    for location in lines.chain(["../x", "//y", "?z"]) {
        if let Ok(next) = url.join(location) {
            let _ = next.host();
        }
    }
}

/// Addresses, networks and MAC addresses as people write them.
pub fn words(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(network) = prefix::parse(&text) {
        assert_eq!(prefix::parse(&network.to_string()).ok(), Some(network));
    }
    let _ = (prefix::network(&text), prefix::address(&text), prefix::mac(&text), prefix::link_mac(&text));
}

/// Shell scripts and Markdown to Lua, which Lua must be able to parse.
pub fn translate(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for name in ["lab.sh", "lab.md"] {
        let translation = shell::text(&text, name);
        let _ = translation.report(name);
        let lua = mlua::Lua::new();
        if let Err(e) = lua.load(&translation.lua).into_function() {
            panic!("{name} became Lua that can't be parsed: {e}\n{text:?}\n{}", translation.lua);
        }
    }
}

/// Scripts: text is parsed or refused, bytecode is refused.
pub fn chunks(data: &[u8]) {
    let lua = mlua::Lua::new();
    let script = Script { name: "x".to_owned(), source: data.to_vec(), args: Vec::new(), directory: None };
    let parsed = prepare(&lua, &script);
    assert!(!(data.starts_with(b"\x1bLua") && matches!(parsed, Ok(Ok(_)))), "bytecode was loaded");
}

/// What any function is given: read, or refused.
pub fn options(data: &[u8]) {
    thread_local! {
        /// Never dropped: it would outlive what it needs.
        static LAB: &'static (Lua, Rc<Lab>) = {
            let lab = Lab::new(Place::default(), false).expect("a lab");
            Box::leak(Box::new((interpreter(&lab).expect("an interpreter"), lab)))
        };
    }
    let mut values = Values { data, names: Vec::new() };
    let module = MODULES.0[values.below(MODULES.0.len())].module();
    let functions: Vec<&Function> = module.functions.iter().chain(&module.call).collect();
    // One that only holds others, such as `xfrm`, has none.
    if functions.is_empty() {
        return;
    }
    let function = functions[values.below(functions.len())];
    function.doc.params.iter().filter_map(|p| p.shape.as_deref()).for_each(|shape| values.learn(shape));
    let (lua, lab) = LAB.with(|lab| *lab);
    let args: MultiValue = (0..function.doc.params.len()).map(|_| values.next(lua, 3)).collect();
    let _ = function.decode(&Cx { lua, lab, ns: lab.namespaces.host() }, args);
}

/// Makes Lua values of bytes.
struct Values<'a> {
    data: &'a [u8],
    /// The names of the function's options: those of a table are mostly of these.
    names: Vec<&'static str>,
}

impl Values<'_> {
    fn learn(&mut self, shape: &ShapeDoc) {
        for field in &shape.fields {
            self.names.push(field.name);
            field.shape.iter().for_each(|shape| self.learn(shape));
        }
    }

    /// 0 once all is used up.
    fn below(&mut self, limit: usize) -> usize {
        let Some((first, rest)) = self.data.split_first() else { return 0 };
        self.data = rest;
        usize::from(*first) % limit.max(1)
    }

    fn text(&mut self) -> &[u8] {
        let length = self.below(256).min(self.data.len());
        let (text, rest) = self.data.split_at(length);
        self.data = rest;
        text
    }

    fn next(&mut self, lua: &Lua, depth: usize) -> Value {
        const INTEGERS: [i64; 8] = [0, -1, 255, 65_536, 1 << 32, 1 << 62, i64::MAX, i64::MIN];
        const NUMBERS: [f64; 8] = [0.5, -0.0, 1e15, 1e308, 4_294_967_296.0, f64::INFINITY, f64::NAN, -1.5];
        let made = match self.below(if depth == 0 { 7 } else { 10 }) {
            0 => Ok(Value::Nil),
            1 => Ok(Value::Boolean(self.below(2) == 1)),
            2 => Ok(Value::Integer(self.below(256) as i64)),
            3 => Ok(Value::Integer(INTEGERS[self.below(8)])),
            4 => Ok(Value::Number(NUMBERS[self.below(8)])),
            5 => lua.globals().get(["host", "print", "link"][self.below(3)]),
            6 => lua.create_string(self.text()).map(Value::String),
            7 => {
                let items: Vec<Value> = (0..self.below(4)).map(|_| self.next(lua, depth - 1)).collect();
                lua.create_sequence_from(items).map(Value::Table)
            }
            _ => self.options(lua, depth).map(Value::Table),
        };
        made.expect("a value")
    }

    fn options(&mut self, lua: &Lua, depth: usize) -> mlua::Result<mlua::Table> {
        let table = lua.create_table()?;
        for _ in 0..self.below(6) {
            let key = self.below(self.names.len() + 1);
            let key = match self.names.get(key) {
                Some(name) => Value::String(lua.create_string(name)?),
                None => self.next(lua, 0),
            };
            // Neither nil nor NaN can be a key.
            let _ = table.raw_set(key, self.next(lua, depth - 1));
        }
        Ok(table)
    }
}
