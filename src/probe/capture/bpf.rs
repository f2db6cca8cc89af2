//! A classic BPF program that lets the kernel leave out what no filter on the protocol can want. It lets through
//! all it isn't sure about; [`super::Filter`] decides.

use super::filter::Proto;

/// `struct sock_filter` of linux/filter.h.
pub(super) type Instruction = libc::sock_filter;

const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;
/// `SKF_AD_OFF + SKF_AD_PROTOCOL`: the packet's ethertype, whatever its link layer.
const PROTOCOL: u32 = 0xffff_f000;
/// `SKF_AD_OFF + SKF_AD_PKTTYPE`: its direction.
const DIRECTION: u32 = 0xffff_f004;
/// `SKF_AD_OFF + SKF_AD_HATYPE`: its link's type.
const LINK_TYPE: u32 = 0xffff_f01c;
/// `SKF_NET_OFF`: from the network header on.
const NETWORK: u32 = 0xfff0_0000;

const PACKET_OUTGOING: u32 = 4;
const ARPHRD_LOOPBACK: u32 = 772;
const ETH_IP: u32 = 0x0800;
const ETH_ARP: u32 = 0x0806;
const ETH_IP6: u32 = 0x86dd;

fn statement(code: u16, k: u32) -> Instruction {
    Instruction { code, jt: 0, jf: 0, k }
}

fn jump(k: u32, jt: u8, jf: u8) -> Instruction {
    Instruction { code: JUMP_IF_EQUAL, jt, jf, k }
}

/// A program that passes up to `snaplen` bytes of the packets of these protocols; of all if there is none. What is
/// sent on loopback is left out: it is received there too.
pub(super) fn program(protos: &[Proto], snaplen: u32) -> Vec<Instruction> {
    let mut program = vec![
        statement(LOAD_BYTE, DIRECTION),
        jump(PACKET_OUTGOING, 0, 3),
        statement(LOAD_HALF, LINK_TYPE),
        jump(ARPHRD_LOOPBACK, 0, 1),
        statement(RETURN, 0),
    ];
    program.extend(by_protocol(protos, snaplen));
    program
}

fn by_protocol(protos: &[Proto], snaplen: u32) -> Vec<Instruction> {
    let take = statement(RETURN, snaplen);
    let leave = statement(RETURN, 0);
    let known = |p: &Proto| !matches!(p, Proto::Stp | Proto::Lldp);
    if protos.is_empty() || !protos.iter().all(known) {
        return vec![take];
    }
    let has = |p: Proto| protos.contains(&p);
    let number = |p: &Proto, v6: bool| match p {
        Proto::Icmp if !v6 => Some(1),
        Proto::Icmp6 if v6 => Some(58),
        Proto::Tcp => Some(6),
        Proto::Udp => Some(17),
        Proto::Number(n) => Some(u32::from(*n)),
        _ => None,
    };
    // The part for one version of IP: the byte that tells the protocol, compared with each wanted one.
    let version = |all: bool, at: u32, v6: bool| {
        let mut wanted: Vec<u32> = protos.iter().filter_map(|p| number(p, v6)).collect();
        if all {
            return vec![take];
        }
        if wanted.is_empty() {
            return vec![leave];
        }
        if v6 {
            // Behind these may stand any other.
            wanted.extend([0, 43, 44, 51, 60, 135]);
        }
        let mut part = vec![statement(LOAD_BYTE, NETWORK.wrapping_add(at))];
        for (i, n) in wanted.iter().enumerate() {
            part.push(jump(*n, (wanted.len() - i) as u8, 0));
        }
        part.extend([leave, take]);
        part
    };
    let ip = version(has(Proto::Ip), 9, false);
    let ip6 = version(has(Proto::Ip6), 6, true);
    let mut program = vec![statement(LOAD_HALF, PROTOCOL)];
    // Those in front of the parts: three jumps, and the end for other ethertypes (tagged ones, for example).
    program.push(jump(ETH_IP, 3, 0));
    program.push(jump(ETH_IP6, 2 + ip.len() as u8, 0));
    program.push(jump(ETH_ARP, if has(Proto::Arp) { 0 } else { 1 + (ip.len() + ip6.len()) as u8 }, 0));
    program.push(take);
    program.extend(ip);
    program.extend(ip6);
    program.push(leave);
    program
}
