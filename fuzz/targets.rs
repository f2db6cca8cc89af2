//! What is fuzzed: functions that read what others made. Each takes any bytes, and must neither panic nor hang.
//! cargo-fuzz runs them (`cargo +nightly fuzz run packets`), and tests/fuzz.rs does on stable.

use nsh::lua::{Script, prepare};
use nsh::net::{netlink, prefix};
use nsh::probe::capture::{self, LinkLayer};
use nsh::probe::http::Url;
use nsh::shell;

/// A target, and inputs to begin with.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

pub const ALL: &[Target] = &[
    ("packets", packets, PACKETS),
    ("attributes", attributes, &[&[8, 0, 1, 0, 1, 2, 3, 4, 6, 0, 2, 0, 5, 6, 0, 0], &[4, 0, 9, 0]]),
    ("urls", urls, &[b"http://[fe80::1%25eth0]:8080/a/../b?c=d#e", b"http://10.0.0.1/%2e%2e/x", b"../y"]),
    ("words", words, &[b"10.0.0.1/24", b"2001:db8::1/64", b"02:00:00:00:00:01", b"::ffff:10.0.0.1"]),
    ("translate", translate, TRANSLATE),
    ("chunks", chunks, CHUNKS),
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
    // Ethernet, ARP.
    b"\0\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x06\0\x01\x08\0\x06\x04\0\x01\x02\0\0\0\0\x01\x0a\0\0\x01\0\0\0\
      \0\0\0\x0a\0\0\x02",
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
