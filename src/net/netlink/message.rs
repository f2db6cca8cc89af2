//! Requests as the connections take them.

use netlink_packet_core::{
    DecodeError, DefaultNla, Emitable, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkDeserializable,
    NetlinkHeader, NetlinkMessage, NetlinkPayload, NetlinkSerializable, Nla, NlasIterator, Parseable,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressHeader, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkHeader, LinkMessage};
use netlink_packet_route::neighbour::{NeighbourAttribute, NeighbourHeader, NeighbourMessage};
use netlink_packet_route::nsid::{NsidAttribute, NsidHeader, NsidMessage};
use netlink_packet_route::route::{RouteAttribute, RouteHeader, RouteMessage};
use netlink_packet_route::rule::{RuleAttribute, RuleHeader, RuleMessage};
use netlink_packet_route::tc::{TcAttribute, TcHeader, TcMessage};

/// Declares [`typed`]: the message, its header and attributes, and the numbers of linux/rtnetlink.h.
macro_rules! messages {
    ($($message:ident $header:ident $attribute:ident { $($number:literal $variant:ident),* })*) => {
        /// netlink-packet-route's message for these bytes, with its header, and with the attributes as our rows
        /// wrote them. `None` for types that the crate doesn't know, and where it would drop NLA_F_NESTED, without which the
        /// kernel refuses some encapsulations: it does so for attributes of routes.
        #[allow(clippy::manual_range_patterns)]
        pub(super) fn typed(message_type: u16, body: &[u8]) -> Option<RouteNetlinkMessage> {
            Some(match message_type {
                $($($number)|* => {
                    let mut message = $message::default();
                    message.header = $header::parse(body).ok()?;
                    let attributes = NlasIterator::new(body.get(message.header.buffer_len()..)?);
                    for attribute in attributes {
                        let row = DefaultNla::parse(&attribute.ok()?).ok()?;
                        let nested = row.is_nested();
                        let attribute = $attribute::Other(row);
                        if attribute.is_nested() != nested {
                            return None;
                        }
                        message.attributes.push(attribute);
                    }
                    match message_type {
                        $($number => RouteNetlinkMessage::$variant(message),)*
                        _ => return None,
                    }
                })*
                _ => return None,
            })
        }

        #[cfg(test)]
        pub(super) const KNOWN: &[u16] = &[$($($number),*),*];
    };
}

messages! {
    LinkMessage LinkHeader LinkAttribute {
        16 NewLink, 17 DelLink, 18 GetLink, 19 SetLink, 108 NewLinkProp, 109 DelLinkProp
    }
    AddressMessage AddressHeader AddressAttribute { 20 NewAddress, 21 DelAddress, 22 GetAddress }
    RouteMessage RouteHeader RouteAttribute { 24 NewRoute, 25 DelRoute, 26 GetRoute }
    NeighbourMessage NeighbourHeader NeighbourAttribute { 28 NewNeighbour, 29 DelNeighbour, 30 GetNeighbour }
    RuleMessage RuleHeader RuleAttribute { 32 NewRule, 33 DelRule, 34 GetRule }
    TcMessage TcHeader TcAttribute {
        36 NewQueueDiscipline, 37 DelQueueDiscipline, 38 GetQueueDiscipline,
        40 NewTrafficClass, 41 DelTrafficClass, 42 GetTrafficClass,
        44 NewTrafficFilter, 45 DelTrafficFilter, 46 GetTrafficFilter
    }
    NsidMessage NsidHeader NsidAttribute { 88 NewNsId, 89 DelNsId, 90 GetNsId }
}

/// A message of which only netlink's header is known.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) message_type: u16,
    pub(super) body: Vec<u8>,
}

impl NetlinkSerializable for Raw {
    fn message_type(&self) -> u16 {
        self.message_type
    }

    fn buffer_len(&self) -> usize {
        self.body.len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.body);
    }
}

impl NetlinkDeserializable for Raw {
    type Error = DecodeError;

    fn deserialize(header: &NetlinkHeader, payload: &[u8]) -> Result<Self, DecodeError> {
        Ok(Raw { message_type: header.message_type, body: payload.to_vec() })
    }
}

pub(super) fn is_dump(flags: u16) -> bool {
    flags & NLM_F_DUMP == NLM_F_DUMP
}

/// Whether the kernel answers by one object or a refusal, always (RTM_GETLINK, GETADDR, GETROUTE, GETNEIGH and GETNSID):
/// an ack would be one more datagram, a microsecond.
fn answers_once(message_type: u16) -> bool {
    matches!(message_type, 18 | 22 | 26 | 30 | 90)
}

/// A request; one that isn't a dump asks for an ack where only that ends the answer.
pub(super) fn request<T: NetlinkSerializable>(message: T, flags: u16) -> NetlinkMessage<T> {
    let mut header = NetlinkHeader::default();
    let acked = !is_dump(flags) && !answers_once(message.message_type());
    header.flags = NLM_F_REQUEST | flags | if acked { NLM_F_ACK } else { 0 };
    NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message))
}
