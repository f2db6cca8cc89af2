//! The program that lets the kernel leave out what a filter can't want, so that nobody has to read it. It lets through
//! all it isn't sure about; [`Filter`] decides.

use super::expression::code::{self, Condition, ETH_ARP, ETH_IP, ETH_IP6, Instruction, Place, Value};
use super::expression::headers::Headers;
use super::filter::{Filter, Proto};
use crate::base::error::Result;

/// Behind these IPv6 headers may stand any other.
const EXTENSIONS: [u32; 6] = [0, 43, 44, 51, 60, 135];

/// A program that passes up to `snaplen` bytes of what the filter may want.
pub(super) fn program(filter: &Filter, snaplen: u32) -> Result<Vec<Instruction>> {
    let mut wanted = match filter.protos.is_empty() {
        true => Condition::Always(true),
        // Behind a second tag or a label, others may come.
        false => Value::Ethertype.is_one_of(&[0x8100, 0x88a8, 0x9100, 0x8847]),
    };
    for proto in &filter.protos {
        wanted = wanted.or(by_protocol(*proto));
    }
    if let Some(expression) = &filter.expression {
        let program = code::program(&wanted.clone().and(expression.condition.clone()), snaplen)?;
        if program.len() <= code::MOST {
            return Ok(program);
        }
    }
    code::program(&wanted, snaplen)
}

fn by_protocol(proto: Proto) -> Condition {
    let headers = Headers::default();
    let byte = |at| Value::at(Place::Network(0), at, 1);
    let four = |number| headers.ethertype(ETH_IP).and(byte(9).is(number));
    let six = |number| headers.ethertype(ETH_IP6).and(byte(6).is(number).or(byte(6).is_one_of(&EXTENSIONS)));
    match proto {
        Proto::Arp => headers.ethertype(ETH_ARP),
        Proto::Ip => headers.ethertype(ETH_IP),
        Proto::Ip6 => headers.ethertype(ETH_IP6),
        Proto::Icmp => four(1),
        Proto::Icmp6 => six(58),
        Proto::Tcp => four(6).or(six(6)),
        Proto::Udp => four(17).or(six(17)),
        Proto::Number(number) => four(number.into()).or(six(number.into())),
        Proto::Stp => headers.ieee802_3(),
        // What carries it isn't looked at.
        Proto::Named(_) => Condition::Always(true),
        Proto::Lldp => headers.ethertype(0x88cc),
    }
}
