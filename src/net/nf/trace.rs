//! Which rules a packet meets: nf_tables' own tracing, `nft monitor trace`.
//!
//! The rules that switch it on stand in a table that belongs to a socket (NFT_TABLE_F_OWNER, Linux 5.12): the kernel
//! takes them away with the socket, however nsh ends.

use std::collections::HashMap;

use netlink_packet_netfilter::NetfilterProtoFamily;
use netlink_packet_netfilter::nftables::MetaKey;
use netlink_sys::protocols::NETLINK_NETFILTER;

use super::expr::{Expr, Op};
use super::message::{self, Batch, Chain, Hook, Place, attributes};
use super::text;
use super::uapi::*;
use super::userdata::Userdata;
use crate::base::error::Result;
use crate::model::Words;
use crate::net::namespace::Namespace;
use crate::net::netlink::{Listening, Received, Socket, messages};

const TABLE: &str = "nsh-why";
/// NFNLGRP_NFTRACE.
const GROUP: u32 = 9;
/// NFNL_SUBSYS_NFTABLES, NFT_MSG_TRACE.
const TRACE: u16 = 10 << 8 | 17;
/// Before all that others do.
const PRIORITY: i32 = -1000;
/// NFT_TRACETYPE_POLICY.
const POLICY: u32 = 1;

/// Tracing in one namespace, until it is dropped.
pub struct Tracer {
    owner: Socket,
    events: Listening,
}

/// A packet that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// `ip`, `inet`, ...
    pub family: &'static str,
    pub table: String,
    pub chain: String,
    /// The rule's handle; `None` for the chain's policy.
    pub handle: Option<u64>,
    /// The rule as nft writes it.
    pub rule: String,
    pub hook: &'static str,
    /// The packet's bytes from the header behind that of IP on.
    pub transport: Vec<u8>,
}

/// Begins to trace packets of this protocol; `None` where no rules are, and on a kernel that can't.
pub fn start(ns: &Namespace, protocol: u8) -> Result<Option<Tracer>> {
    let mut owner = ns.within(|| Socket::open(NETLINK_NETFILTER))?;
    if !message::any_table(&mut owner).unwrap_or(false) {
        return Ok(None);
    }
    let events = Listening::open(ns, NETLINK_NETFILTER, &[GROUP], false)?;
    let mut batch = Batch::new(TABLE);
    batch.owned_table();
    for hook in [Hook::Prerouting, Hook::Output] {
        let name = hook.name().to_owned();
        let kind = Some("filter".to_owned());
        batch.chain(&Chain { name: name.clone(), kind, hook: Some(hook), priority: PRIORITY, drop: false });
        batch.rule(&name, &mark(protocol), &Userdata::default(), Place::Back);
    }
    Ok(batch.send(&mut owner).ok().map(|_| Tracer { owner, events }))
}

/// `meta l4proto PROTOCOL meta nftrace set 1`
fn mark(protocol: u8) -> Vec<Expr> {
    vec![
        Expr::Meta { to: 1, key: MetaKey::L4Proto },
        Expr::Cmp { from: 1, op: Op::Eq, data: vec![protocol] },
        Expr::Immediate { to: 1, data: vec![1] },
        Expr::MetaSet { key: MetaKey::NftraceBit, from: 1 },
    ]
}

/// What is told of one step.
struct Event {
    family: u8,
    table: String,
    chain: String,
    handle: Option<u64>,
    id: u32,
    drops: bool,
    transport: Option<Vec<u8>>,
}

impl Event {
    fn read(payload: &[u8]) -> Option<Self> {
        let a = attributes(payload);
        let policy = a.u32(NFTA_TRACE_TYPE)? == POLICY;
        let code = match policy {
            true => a.u32(NFTA_TRACE_POLICY),
            false => a.nest(NFTA_TRACE_VERDICT).and_then(|v| v.u32(NFTA_VERDICT_CODE)),
        };
        Some(Event {
            family: *payload.first()?,
            table: a.string(NFTA_TRACE_TABLE)?,
            chain: a.string(NFTA_TRACE_CHAIN)?,
            handle: a.u64(NFTA_TRACE_RULE_HANDLE).filter(|_| !policy),
            id: a.u32(NFTA_TRACE_ID)?,
            drops: code == Some(libc::NF_DROP as u32),
            transport: a.get(NFTA_TRACE_TRANSPORT_HEADER).map(<[u8]>::to_vec),
        })
    }
}

impl Tracer {
    /// The packets that were dropped so far, of those of which `wanted` says so by the bytes from the header behind that of
    /// IP on.
    pub fn dropped(&mut self, wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<Dropped>> {
        let mut found = Vec::new();
        // The headers are told once for each hook.
        let mut headers: HashMap<u32, Vec<u8>> = HashMap::new();
        loop {
            let bytes = match self.events.receive()? {
                Received::Nothing => break,
                // Too many packets of others at once: what is left may still be the one.
                Received::Lost => continue,
                Received::Messages(_, bytes) => bytes,
            };
            for message in messages(bytes) {
                let message = message?;
                let event = Some(message.payload()).filter(|_| message.message_type() == TRACE);
                let Some(mut event) = event.and_then(Event::read) else { continue };
                if let Some(header) = event.transport.take() {
                    headers.insert(event.id, header);
                }
                let header = headers.get(&event.id).map_or(&[][..], Vec::as_slice);
                if event.drops && wanted(header) {
                    found.push((event, header.to_vec()));
                }
            }
        }
        found.into_iter().map(|(event, transport)| self.describe(&event, transport)).collect()
    }

    fn describe(&mut self, event: &Event, transport: Vec<u8>) -> Result<Dropped> {
        let family = NetfilterProtoFamily::from(event.family);
        let rules = message::rules_of(&mut self.owner, family, &event.table)?;
        let rule = rules.iter().find(|rule| Some(rule.handle) == event.handle);
        let base = message::hook_of(&mut self.owner, event.family, &event.table, &event.chain)?;
        Ok(Dropped {
            family: text::family(event.family).unwrap_or("unknown"),
            table: event.table.clone(),
            chain: event.chain.clone(),
            handle: event.handle,
            rule: rule.map(|rule| text::rule(&rule.exprs)).unwrap_or_default(),
            hook: base.map_or("a chain", Words::name),
            transport,
        })
    }
}
