//! A packet on one line, as `tcpdump -n -S` prints it.

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;
use std::time::Duration;

use super::icmp::{name4, name6};
use super::packet::{Icmp, Inner, Ip, Layers, Net, Packet, Stp, Tcp, TcpOption, Transport, protocol_name};
use crate::base::clock;
use crate::base::text::harmless;

/// `12:38:07.517776 IP 192.168.1.10 > 8.8.8.8: ICMP echo request, id 63141, seq 7, length 64`
impl Display for Packet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", time_of_day(self.time))?;
        self.body(f)
    }
}

/// The same, with the link and the direction behind the time, for captures of several links:
/// `12:38:07.517776 ns1/eth0 In  IP ...`
pub struct WithLink<'a>(pub &'a Packet);

impl Display for WithLink<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let p = self.0;
        let direction = match p.direction {
            super::Direction::In => "In",
            super::Direction::Out => "Out",
            super::Direction::Broadcast => "B",
            super::Direction::Multicast => "M",
            super::Direction::Other => "P",
        };
        write!(f, "{} {}/{} {direction:<3} ", time_of_day(p.time), p.link.namespace, p.link.name)?;
        p.body(f)
    }
}

/// The local time of day, with microseconds.
fn time_of_day(time: Duration) -> String {
    let tm = clock::local(time.as_secs());
    format!("{:02}:{:02}:{:02}.{:06}", tm.tm_hour, tm.tm_min, tm.tm_sec, time.subsec_micros())
}

impl Packet {
    fn body(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Body { layers: &self.layers, bytes: &self.bytes, length: self.length }.write(f)
    }
}

/// What is told of a packet, or of one within another.
struct Body<'a> {
    layers: &'a Layers,
    bytes: &'a [u8],
    length: u32,
}

impl Body<'_> {
    fn write(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.layers.mpls.is_empty() {
            f.write_str("MPLS ")?;
            self.layers.mpls.iter().try_for_each(|label| write!(f, "{label} "))?;
        }
        match &self.layers.net {
            Net::Ip(ip) => self.ip(f, ip),
            Net::Arp(arp) => {
                match arp.op {
                    1 => {
                        write!(f, "ARP, Request who-has {}", arp.target)?;
                        if arp.target_mac.0 != [0; 6] {
                            write!(f, " ({})", arp.target_mac)?;
                        }
                        write!(f, " tell {}", arp.sender)?;
                    }
                    2 => write!(f, "ARP, Reply {} is-at {}", arp.sender, arp.sender_mac)?,
                    op => write!(f, "ARP, operation {op}: {} > {}", arp.sender, arp.target)?,
                }
                write!(f, ", length {}", arp.length)
            }
            Net::Stp(stp) => stp_line(f, stp),
            Net::Lldp => write!(f, "LLDP, length {}", self.layers.payload_length),
            Net::Unknown if !self.layers.mpls.is_empty() => {
                write!(f, "length {}", self.layers.payload_length)
            }
            Net::Unknown => match self.layers.eth {
                Some(eth) => {
                    write!(f, "{} > {}, ", eth.src, eth.dst)?;
                    match eth.ethertype {
                        ..=1500 => write!(f, "802.3")?,
                        other => write!(f, "ethertype Unknown (0x{other:04x})")?,
                    }
                    write!(f, ", length {}", self.length)
                }
                None => write!(f, "unknown, length {}", self.length),
            },
        }
    }

    fn ip(&self, f: &mut Formatter<'_>, ip: &Ip) -> fmt::Result {
        let layers = &self.layers;
        f.write_str(if ip.version == 6 { "IP6 " } else { "IP " })?;
        match layers.ports() {
            Some((sport, dport)) => write!(f, "{}.{sport} > {}.{dport}:", ip.src, ip.dst)?,
            None => write!(f, "{} > {}:", ip.src, ip.dst)?,
        }
        for extension in &ip.extensions {
            match extension {
                0 => f.write_str(" HBH")?,
                43 => f.write_str(" RT")?,
                60 => f.write_str(" DSTOPT")?,
                51 => f.write_str(" AH")?,
                _ => {}
            }
        }
        if let (6, Some(fragment)) = (ip.version, ip.fragment) {
            write!(f, " frag ({}|{})", fragment.offset, carried(self))?;
        }
        match &layers.transport {
            Transport::Icmp(icmp) => icmp4(f, icmp, ip),
            Transport::Icmp6(icmp) => icmp6(f, icmp),
            Transport::Tcp(tcp) => {
                tcp_line(f, tcp, layers.payload_length as u32)?;
                if let Some(app) = &layers.app {
                    return write!(f, ": {app}");
                }
                http(f, tcp, self.bytes.get(layers.payload.clone()).unwrap_or_default())
            }
            _ if layers.tunnel.is_some() || layers.app.is_some() => self.inside(f),
            Transport::Udp(udp) => write!(f, " UDP, length {}", udp.length.saturating_sub(8)),
            Transport::Unknown if ip.fragment.is_some_and(|x| x.offset != 0) => {
                match (ip.version, ip.protocol) {
                    (6, _) => Ok(()),
                    (_, p) => match protocol_name(p) {
                        Some(name) => write!(f, " {name}"),
                        None => write!(f, " ip-proto-{p}"),
                    },
                }
            }
            Transport::Unknown => match (ip.protocol, protocol_name(ip.protocol)) {
                (59, _) if ip.version == 6 => write!(f, " no next header"),
                (_, Some(name)) => write!(f, " {name}, length {}", layers.payload_length),
                (p, None) => write!(f, "  ip-proto-{p} {}", layers.payload_length),
            },
        }
    }
}

impl Body<'_> {
    /// What a tunnel carries, or what an application says.
    fn inside(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(app) = &self.layers.app {
            return write!(f, " {app}");
        }
        let Some(tunnel) = &self.layers.tunnel else { return Ok(()) };
        write!(f, " {tunnel}")?;
        let inner = Body { layers: &tunnel.inner, bytes: self.bytes, length: tunnel.length as u32 };
        inner.write(f)
    }
}

/// How much the fragment carries, its transport header included.
fn carried(packet: &Body<'_>) -> usize {
    match &packet.layers.transport {
        Transport::Icmp(icmp) | Transport::Icmp6(icmp) => icmp.length,
        Transport::Udp(_) => packet.layers.payload_length + 8,
        _ => packet.layers.payload_length,
    }
}

fn icmp4(f: &mut Formatter<'_>, icmp: &Icmp, ip: &Ip) -> fmt::Result {
    f.write_str(" ICMP ")?;
    let quoted = |f: &mut Formatter<'_>| match &icmp.inner {
        Some(inner) => write!(f, "{}", inner.dst),
        None => write!(f, "{}", ip.src),
    };
    match (icmp.kind, icmp.code) {
        (0, _) => echo(f, "reply", icmp)?,
        (8, _) => echo(f, "request", icmp)?,
        (3, code) => {
            let (before, after) = unreachable4(code);
            f.write_str(before)?;
            quoted(f)?;
            match (code, &icmp.inner) {
                (2, Some(inner)) => write!(f, " protocol {} unreachable", inner.protocol)?,
                (3, Some(inner)) => write!(f, " {} unreachable", port(inner))?,
                (4, _) => {
                    f.write_str(" unreachable - need to frag")?;
                    if let Some(mtu) = icmp.mtu.filter(|m| *m != 0) {
                        write!(f, " (mtu {mtu})")?;
                    }
                }
                (..=15, _) => write!(f, " unreachable{after}")?,
                (other, _) => write!(f, " unreachable - #{other}")?,
            }
        }
        (5, code) => {
            f.write_str(if code > 1 { "redirect-tos " } else { "redirect " })?;
            quoted(f)?;
            f.write_str(if code % 2 == 0 { " to net " } else { " to host " })?;
            address(f, icmp.gateway)?;
        }
        (11, 0) => f.write_str("time exceeded in-transit")?,
        (11, 1) => f.write_str("ip reassembly time exceeded")?,
        (12, 0) => write!(f, "parameter problem - octet {}", icmp.pointer.unwrap_or(0))?,
        (12, code) => write!(f, "parameter problem - code {code}")?,
        (13, _) => time_stamp(f, "query", icmp)?,
        (14, _) => time_stamp(f, "reply", icmp)?,
        (kind @ (4 | 9 | 10 | 17 | 18), _) => f.write_str(name4(kind))?,
        (kind, _) => write!(f, "type-#{kind}")?,
    }
    write!(f, ", length {}", icmp.length)
}

fn unreachable4(code: u8) -> (&'static str, &'static str) {
    match code {
        0 => ("net ", ""),
        1 => ("host ", ""),
        5 => ("", " - source route failed"),
        6 => ("net ", " - unknown"),
        7 => ("host ", " - unknown"),
        8 => ("", " - source host isolated"),
        9 => ("net ", " - admin prohibited"),
        10 => ("host ", " - admin prohibited"),
        11 => ("net ", " - tos prohibited"),
        12 => ("host ", " - tos prohibited"),
        13 => ("host ", " - admin prohibited filter"),
        14 => ("host ", " - host precedence violation"),
        15 => ("host ", " - precedence cutoff"),
        _ => ("", ""),
    }
}

fn port(inner: &Inner) -> String {
    let dport = inner.dport.unwrap_or(0);
    match inner.protocol {
        6 => format!("tcp port {dport}"),
        17 => format!("udp port {dport}"),
        other => format!("protocol {other} port {dport}"),
    }
}

fn echo(f: &mut Formatter<'_>, what: &str, icmp: &Icmp) -> fmt::Result {
    write!(f, "echo {what}, id {}, seq {}", icmp.id.unwrap_or(0), icmp.seq.unwrap_or(0))
}

fn time_stamp(f: &mut Formatter<'_>, what: &str, icmp: &Icmp) -> fmt::Result {
    write!(f, "time stamp {what} id {} seq {}", icmp.id.unwrap_or(0), icmp.seq.unwrap_or(0))
}

fn address(f: &mut Formatter<'_>, address: Option<impl Into<IpAddr>>) -> fmt::Result {
    match address {
        Some(address) => write!(f, "{}", address.into()),
        None => f.write_str("?"),
    }
}

fn icmp6(f: &mut Formatter<'_>, icmp: &Icmp) -> fmt::Result {
    f.write_str(" ICMP6, ")?;
    let dst = icmp.inner.as_ref().map(|i| i.dst);
    match (icmp.kind, icmp.code) {
        (1, 4) => {
            f.write_str("destination unreachable, unreachable port, ")?;
            address(f, dst)?;
            if let Some(inner) = &icmp.inner {
                write!(f, " {}", port(inner))?;
            }
        }
        (1, code) => {
            f.write_str("destination unreachable, ")?;
            match code {
                0 => f.write_str("unreachable route ")?,
                1 => f.write_str("unreachable prohibited ")?,
                2 => f.write_str("beyond scope ")?,
                3 => f.write_str("unreachable address ")?,
                _ => write!(f, "unknown unreach code ({code}) ")?,
            }
            address(f, dst)?;
            if code == 2 {
                f.write_str(", source address ")?;
                address(f, icmp.inner.as_ref().map(|i| i.src))?;
            }
        }
        (2, _) => write!(f, "packet too big, mtu {}", icmp.mtu.unwrap_or(0))?,
        (3, 0) => {
            f.write_str("time exceeded in-transit for ")?;
            address(f, dst)?;
        }
        (3, _) => f.write_str("time exceeded in-transit (reassembly)")?,
        (4, code) => {
            let what = match code {
                0 => "erroneous",
                1 => "next header",
                2 => "option",
                _ => "code",
            };
            write!(f, "parameter problem, {what} - octet {}", icmp.pointer.unwrap_or(0))?;
        }
        (128, _) => echo(f, "request", icmp)?,
        (129, _) => echo(f, "reply", icmp)?,
        (kind @ 130..=134, _) => f.write_str(name6(kind))?,
        (135, _) => {
            f.write_str("neighbor solicitation, who has ")?;
            address(f, icmp.target)?;
        }
        (136, _) => {
            f.write_str("neighbor advertisement, tgt is ")?;
            address(f, icmp.target)?;
        }
        (137, _) => {
            f.write_str("redirect, ")?;
            address(f, icmp.target)?;
            f.write_str(" to ")?;
            address(f, icmp.gateway)?;
        }
        (143, _) => {
            write!(f, "multicast listener report v2, {} group record(s)", icmp.groups.unwrap_or(0))?;
        }
        (kind, _) => write!(f, "unknown icmp6 type ({kind})")?,
    }
    write!(f, ", length {}", icmp.length)
}

fn tcp_line(f: &mut Formatter<'_>, tcp: &Tcp, length: u32) -> fmt::Result {
    write!(f, " Flags [{}]", tcp.flag_letters())?;
    // FIN, SYN, RST.
    if length > 0 || tcp.flags & 7 != 0 {
        write!(f, ", seq {}", tcp.seq)?;
        if length > 0 {
            write!(f, ":{}", tcp.seq.wrapping_add(length))?;
        }
    }
    if tcp.flags & 16 != 0 {
        write!(f, ", ack {}", tcp.ack)?;
    }
    write!(f, ", win {}", tcp.window)?;
    if tcp.flags & 32 != 0 {
        write!(f, ", urg {}", tcp.urgent)?;
    }
    if !tcp.options.is_empty() {
        let options: Vec<String> = tcp.options.iter().map(TcpOption::to_string).collect();
        write!(f, ", options [{}]", options.join(","))?;
    }
    if tcp.bad_header {
        return f.write_str(" [bad hdr length]");
    }
    write!(f, ", length {length}")
}

/// The first line of what is sent to or from HTTP's ports, if it is HTTP's.
fn http(f: &mut Formatter<'_>, tcp: &Tcp, payload: &[u8]) -> fmt::Result {
    const PORTS: [u16; 3] = [80, 3128, 8080];
    const METHODS: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    if payload.is_empty() || !(PORTS.contains(&tcp.sport) || PORTS.contains(&tcp.dport)) {
        return Ok(());
    }
    f.write_str(": HTTP")?;
    let line = payload.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let first = line.split(' ').next().unwrap_or_default();
    if METHODS.contains(&first) || first.starts_with("HTTP/") {
        write!(f, ": {}", harmless(&line))?;
    }
    Ok(())
}

impl Display for TcpOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            TcpOption::Nop => f.write_str("nop"),
            TcpOption::End => f.write_str("eol"),
            TcpOption::Mss(mss) => write!(f, "mss {mss}"),
            TcpOption::WindowScale(shift) => write!(f, "wscale {shift}"),
            TcpOption::SackOk => f.write_str("sackOK"),
            TcpOption::Sack(blocks) => {
                write!(f, "sack {} ", blocks.len())?;
                blocks.iter().try_for_each(|(from, to)| write!(f, "{{{from}:{to}}}"))
            }
            TcpOption::Timestamps(value, echo) => write!(f, "TS val {value} ecr {echo}"),
            TcpOption::Other(kind, bytes) => {
                write!(f, "unknown-{kind} ")?;
                if !bytes.is_empty() {
                    f.write_str("0x")?;
                }
                bytes.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
        }
    }
}

fn stp_line(f: &mut Formatter<'_>, stp: &Stp) -> fmt::Result {
    let (version, kind) = match (stp.version, stp.kind) {
        (_, 0x80) => ("802.1d", "Topology Change"),
        (0, _) => ("802.1d", "Config"),
        (2, _) => ("802.1w", "Rapid STP"),
        (3, _) => ("802.1s", "Rapid STP"),
        _ => ("unknown", "unknown"),
    };
    write!(f, "STP {version}, {kind}")?;
    if stp.kind != 0x80 {
        let mut flags: Vec<&str> = [(1, "Topology change"), (0x80, "Topology change ACK")]
            .iter()
            .filter(|(bit, _)| stp.flags & bit != 0)
            .map(|(_, name)| *name)
            .collect();
        if stp.kind == 2 {
            let names = [(2, "Proposal"), (16, "Learn"), (32, "Forward"), (64, "Agreement")];
            flags.extend(names.iter().filter(|(bit, _)| stp.flags & bit != 0).map(|(_, name)| *name));
        }
        let flags = if flags.is_empty() { "none".to_owned() } else { flags.join(", ") };
        write!(f, ", Flags [{flags}], bridge-id {:04x}.{}.{:04x}", stp.bridge.0, stp.bridge.1, stp.port)?;
    }
    write!(f, ", length {}", stp.length)
}
