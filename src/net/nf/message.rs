//! nf_tables messages: tables, chains, rules and sets of ports as requests, and as the kernel shows them.
//!
//! linux/netfilter/nfnetlink.h and linux/netfilter/nf_tables.h. All changes go to the kernel in a batch, which
//! it carries out whole or not at all.

use netlink_packet_core::{
    Emitable, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_ECHO, NLM_F_REQUEST,
};
use netlink_packet_netfilter::nftables::NfTablesMessageType as Type;
use netlink_packet_netfilter::{NetfilterHeader, NetfilterProtoFamily, NetfilterSubsystem};
use netlink_sys::protocols::NETLINK_NETFILTER;

use super::attr::{Attributes, Received};
use super::expr::Expr;
use super::uapi::*;
use super::userdata::Userdata;
use crate::base::error::{Error, Result};
use crate::model::Words;
use crate::net::netlink::Socket;

/// `NFNL_MSG_BATCH_BEGIN` and `NFNL_MSG_BATCH_END`.
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
/// The length of `struct nfgenmsg`, which precedes the attributes.
pub const HEADER: usize = 4;

/// The type of a message of a subsystem of netfilter.
pub fn message_type(subsystem: NetfilterSubsystem, number: u8) -> u16 {
    u16::from(u8::from(subsystem)) << 8 | u16::from(number)
}

/// A request with its header; the sequence number is filled in when it is sent.
pub fn request(
    message_type: u16,
    flags: u16,
    header: &NetfilterHeader,
    attributes: &Attributes,
) -> Result<Vec<u8>> {
    let mut out = vec![0; 16 + HEADER];
    header.emit(&mut out[16..]);
    out.extend_from_slice(attributes.bytes()?);
    let length = out.len() as u32;
    out[0..4].copy_from_slice(&length.to_ne_bytes());
    out[4..6].copy_from_slice(&message_type.to_ne_bytes());
    out[6..8].copy_from_slice(&(NLM_F_REQUEST | flags).to_ne_bytes());
    Ok(out)
}

fn nf_tables(kind: Type, flags: u16, attributes: &Attributes) -> Result<Vec<u8>> {
    nf_tables_of(NetfilterProtoFamily::Inet, kind, flags, attributes)
}

fn nf_tables_of(
    family: NetfilterProtoFamily,
    kind: Type,
    flags: u16,
    attributes: &Attributes,
) -> Result<Vec<u8>> {
    let header = NetfilterHeader::new(family, 0, 0);
    request(message_type(NetfilterSubsystem::NfTables, kind.into()), flags, &header, attributes)
}

/// A base chain's place in the kernel's packet path, `enum nf_inet_hooks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

impl Words for Hook {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("prerouting", Hook::Prerouting),
        ("input", Hook::Input),
        ("forward", Hook::Forward),
        ("output", Hook::Output),
        ("postrouting", Hook::Postrouting),
    ];
}

impl Hook {
    fn of(number: u32) -> Option<Self> {
        Self::WORDS.iter().map(|(_, hook)| *hook).find(|hook| *hook as u32 == number)
    }
}

/// A chain, of the type `nat`, `filter` or `route` if it hangs on a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub name: String,
    pub kind: Option<String>,
    pub hook: Option<Hook>,
    pub priority: i32,
    /// Whether packets that no rule decides about are dropped.
    pub drop: bool,
}

/// Where in its chain a rule goes; others are named by their handles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    Front,
    #[default]
    Back,
    Before(u64),
    After(u64),
}

/// A rule as the kernel holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub chain: String,
    pub handle: u64,
    pub exprs: Vec<Expr>,
    pub userdata: Userdata,
}

/// What a batch failed on.
#[derive(Debug)]
pub struct Failure {
    /// The refused request's place, as [`Batch::len`] was before it was added; `None` for the batch itself.
    pub request: Option<usize>,
    pub error: Error,
}

/// Changes of one table, carried out whole or not at all.
pub struct Batch {
    family: NetfilterProtoFamily,
    table: String,
    requests: Vec<Vec<u8>>,
    /// How many sets it makes.
    pub(super) sets: u32,
    /// Why it can't be sent.
    wrong: Option<Error>,
}

impl Batch {
    /// Of the family `inet`.
    pub fn new(table: &str) -> Self {
        Self::of(NetfilterProtoFamily::Inet, table)
    }

    pub fn of(family: NetfilterProtoFamily, table: &str) -> Self {
        let mut batch = Batch { family, table: table.to_owned(), requests: Vec::new(), sets: 0, wrong: None };
        batch.mark(BATCH_BEGIN);
        batch
    }

    fn mark(&mut self, message_type: u16) {
        let subsystem = u16::from(u8::from(NetfilterSubsystem::NfTables));
        let header = NetfilterHeader::new(NetfilterProtoFamily::Unspec, 0, subsystem);
        self.push(request(message_type, 0, &header, &Attributes::new()));
    }

    fn push(&mut self, request: Result<Vec<u8>>) {
        match request {
            Ok(request) => self.requests.push(request),
            Err(e) => self.wrong = Some(e),
        }
    }

    pub(super) fn add(&mut self, kind: Type, flags: u16, fill: impl FnOnce(&mut Attributes)) {
        let mut attributes = Attributes::new();
        // NFTA_CHAIN_TABLE, NFTA_RULE_TABLE and so on are the same number.
        attributes.text(NFTA_TABLE_NAME, &self.table);
        fill(&mut attributes);
        self.push(nf_tables_of(self.family, kind, flags, &attributes));
    }

    /// How many requests it has.
    pub fn len(&self) -> usize {
        self.requests.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `add table inet NAME`: nothing happens if it is there.
    pub fn table(&mut self) {
        self.add(Type::NewTable, NLM_F_CREATE, |out| {
            out.be32(NFTA_TABLE_FLAGS, 0);
        });
    }

    /// As [`Batch::table`], but the kernel deletes it with the socket that makes it, and it is nobody else's (Linux 5.12).
    pub fn owned_table(&mut self) {
        // NFT_TABLE_F_OWNER
        const OWNER: u32 = 2;
        self.add(Type::NewTable, NLM_F_CREATE, |out| {
            out.be32(NFTA_TABLE_FLAGS, OWNER);
        });
    }

    /// `delete table inet NAME`, with all that is in it.
    pub fn delete_table(&mut self) {
        self.add(Type::DeleteTable, 0, |_| {});
    }

    /// `add chain inet NAME CHAIN { ... }`: nothing happens if it is there.
    pub fn chain(&mut self, chain: &Chain) {
        self.add(Type::NewChain, NLM_F_CREATE, |out| {
            out.text(NFTA_CHAIN_NAME, &chain.name);
            if let (Some(hook), Some(kind)) = (chain.hook, &chain.kind) {
                out.within(NFTA_CHAIN_HOOK, |out| {
                    out.be32(NFTA_HOOK_HOOKNUM, hook as u32).be32(NFTA_HOOK_PRIORITY, chain.priority as u32);
                });
                out.text(NFTA_CHAIN_TYPE, kind);
                // To accept is the default: said of a chain that is there, it would take its policy away.
                if chain.drop {
                    out.be32(NFTA_CHAIN_POLICY, libc::NF_DROP as u32);
                }
            }
        });
    }

    /// `add chain inet NAME CHAIN { policy ...; }` of a chain that is there and hangs on a hook.
    pub fn policy(&mut self, chain: &str, drop: bool) {
        self.add(Type::NewChain, 0, |out| {
            out.text(NFTA_CHAIN_NAME, chain).be32(NFTA_CHAIN_POLICY, u32::from(!drop));
        });
    }

    /// `add chain netdev NAME CHAIN { type filter hook egress device DEV priority 0; }`: nothing happens if it is there.
    pub fn egress_chain(&mut self, chain: &str, device: &str) {
        // NF_NETDEV_EGRESS of `enum nf_dev_hooks`.
        const EGRESS: u32 = 1;
        self.add(Type::NewChain, NLM_F_CREATE, |out| {
            out.text(NFTA_CHAIN_NAME, chain);
            out.within(NFTA_CHAIN_HOOK, |out| {
                out.be32(NFTA_HOOK_HOOKNUM, EGRESS).be32(NFTA_HOOK_PRIORITY, 0).text(NFTA_HOOK_DEV, device);
            });
            out.text(NFTA_CHAIN_TYPE, "filter");
        });
    }

    /// `delete chain inet NAME CHAIN`; its rules must be gone.
    pub fn delete_chain(&mut self, chain: &str) {
        self.add(Type::DeleteChain, 0, |out| {
            out.text(NFTA_CHAIN_NAME, chain);
        });
    }

    /// Has the kernel not show the rules among the answers.
    pub fn unshown(&mut self) {
        for request in &mut self.requests {
            if let Some(flags) = request.get_mut(6..8) {
                let value = u16::from_ne_bytes([flags[0], flags[1]]) & !NLM_F_ECHO;
                flags.copy_from_slice(&value.to_ne_bytes());
            }
        }
    }

    /// `add rule` or `insert rule`; the kernel shows it with its handle among the batch's answers.
    pub fn rule(&mut self, chain: &str, exprs: &[Expr], userdata: &Userdata, place: Place) {
        let append = if matches!(place, Place::Back | Place::After(_)) { NLM_F_APPEND } else { 0 };
        self.add(Type::NewRule, NLM_F_CREATE | NLM_F_ECHO | append, |out| {
            if let Place::Before(handle) | Place::After(handle) = place {
                out.be64(NFTA_RULE_POSITION, handle);
            }
            out.text(NFTA_RULE_CHAIN, chain).within(NFTA_RULE_EXPRESSIONS, |list| {
                for expr in exprs {
                    list.within(NFTA_LIST_ELEM, |element| expr.write(element));
                }
            });
            let userdata = userdata.bytes();
            if !userdata.is_empty() {
                out.put(NFTA_RULE_USERDATA, &userdata);
            }
        });
    }

    /// `delete rule inet NAME CHAIN handle N`.
    pub fn delete_rule(&mut self, chain: &str, handle: u64) {
        self.add(Type::DeleteRule, 0, |out| {
            out.text(NFTA_RULE_CHAIN, chain).be64(NFTA_RULE_HANDLE, handle);
        });
    }

    /// `flush chain inet NAME CHAIN`.
    pub fn flush_chain(&mut self, chain: &str) {
        self.add(Type::DeleteRule, 0, |out| {
            out.text(NFTA_RULE_CHAIN, chain);
        });
    }

    /// Carries it out; returns the rules that were added, as the kernel shows them.
    pub fn send(mut self, socket: &mut Socket) -> std::result::Result<Vec<Rule>, Failure> {
        // One ack, of the last change, tells that all is done: a batch of many acks could overflow the buffer.
        // The end marker itself is acknowledged by kernels from 6.10 on alone. Refusals come unasked.
        let last = self.requests.len() - 1;
        if let Some(flags) = self.requests[last].get_mut(6..8) {
            let value = u16::from_ne_bytes([flags[0], flags[1]]) | NLM_F_ACK;
            flags.copy_from_slice(&value.to_ne_bytes());
        }
        self.mark(BATCH_END);
        if let Some(error) = self.wrong {
            return Err(Failure { request: None, error });
        }
        let mut rules = Vec::new();
        let refusals = socket.batch(&mut self.requests, |index| index == last, &mut |_, answer| {
            if answer.message_type == message_type(NetfilterSubsystem::NfTables, Type::NewRule.into()) {
                rules.extend(Rule::read(answer.payload));
            }
            Ok(())
        });
        match refusals.map(|list| list.into_iter().next()) {
            Ok(None) => Ok(rules),
            Ok(Some(refusal)) => Err(Failure { request: refusal.index.checked_sub(1), error: refusal.error }),
            Err(error) => Err(Failure { request: None, error }),
        }
    }
}

/// Attributes behind the `struct nfgenmsg` of a message.
pub(super) fn attributes(payload: &[u8]) -> Received<'_> {
    Received(payload.get(HEADER..).unwrap_or_default())
}

impl Chain {
    /// Reads a message's table and chain.
    fn read(payload: &[u8]) -> Option<(String, Self)> {
        let a = attributes(payload);
        let hook = a.nest(NFTA_CHAIN_HOOK);
        let chain = Chain {
            name: a.string(NFTA_CHAIN_NAME)?,
            kind: a.string(NFTA_CHAIN_TYPE),
            hook: hook.and_then(|h| Hook::of(h.u32(NFTA_HOOK_HOOKNUM)?)),
            priority: hook.and_then(|h| h.u32(NFTA_HOOK_PRIORITY)).unwrap_or(0) as i32,
            drop: a.u32(NFTA_CHAIN_POLICY) == Some(libc::NF_DROP as u32),
        };
        Some((a.string(NFTA_CHAIN_TABLE)?, chain))
    }
}

impl Rule {
    fn read(payload: &[u8]) -> Option<Self> {
        let a = attributes(payload);
        Some(Rule {
            chain: a.string(NFTA_RULE_CHAIN)?,
            handle: a.u64(NFTA_RULE_HANDLE)?,
            exprs: a.list(NFTA_RULE_EXPRESSIONS).map(Expr::read).collect(),
            userdata: a.get(NFTA_RULE_USERDATA).map(Userdata::of).unwrap_or_default(),
        })
    }
}

/// `list chains` of one table; empty if there is no such table.
pub fn chains(socket: &mut Socket, table: &str) -> Result<Vec<Chain>> {
    dump(socket, Type::GetChain, &Attributes::new(), |payload| {
        Chain::read(payload).filter(|(of, _)| of == table).map(|(_, chain)| chain)
    })
}

/// A thing of a table, with the table's family and name.
pub struct Placed<T> {
    pub family: u8,
    pub table: String,
    pub thing: T,
}

impl<T> Placed<T> {
    fn of(payload: &[u8], thing: Option<T>) -> Option<Self> {
        // NFTA_CHAIN_TABLE and NFTA_RULE_TABLE are the same number.
        let table = attributes(payload).string(NFTA_RULE_TABLE)?;
        Some(Placed { family: *payload.first()?, table, thing: thing? })
    }
}

/// All chains, whoever made them.
pub fn all_chains(socket: &mut Socket) -> Result<Vec<Placed<Chain>>> {
    let unspec = NetfilterProtoFamily::Unspec;
    dump_of(socket, unspec, Type::GetChain, &Attributes::new(), |payload| {
        Placed::of(payload, Chain::read(payload).map(|(_, chain)| chain))
    })
}

/// All rules, whoever made them.
pub fn all_rules(socket: &mut Socket) -> Result<Vec<Placed<Rule>>> {
    let unspec = NetfilterProtoFamily::Unspec;
    dump_of(socket, unspec, Type::GetRule, &Attributes::new(), |payload| {
        Placed::of(payload, Rule::read(payload))
    })
}

/// The hook of a chain; `None` if it hangs on none.
pub fn hook_of(socket: &mut Socket, family: u8, table: &str, chain: &str) -> Result<Option<Hook>> {
    let family = NetfilterProtoFamily::from(family);
    let request = nf_tables_of(family, Type::GetChain, NLM_F_DUMP, &Attributes::new())?;
    let found = collect(socket, &request, |payload| {
        Chain::read(payload).filter(|(of, c)| of == table && c.name == chain).and_then(|(_, c)| c.hook)
    })?;
    Ok(found.into_iter().next())
}

/// Whether a chain of any table and family that hangs on the forward hook drops by default, in the caller's namespace.
pub fn forward_drops() -> Result<bool> {
    let header = NetfilterHeader::new(NetfilterProtoFamily::Unspec, 0, 0);
    let kind = message_type(NetfilterSubsystem::NfTables, Type::GetChain.into());
    let mut drops = false;
    Socket::open(NETLINK_NETFILTER)?.exchange(
        &request(kind, NLM_F_DUMP, &header, &Attributes::new())?,
        &mut |answer| {
            let chain = answer.and_then(|answer| Chain::read(answer.payload));
            drops |= chain.is_some_and(|(_, chain)| chain.hook == Some(Hook::Forward) && chain.drop);
            Ok(())
        },
    )?;
    Ok(drops)
}

/// All rules of one table, in order; empty if there is no such table.
pub fn rules(socket: &mut Socket, table: &str) -> Result<Vec<Rule>> {
    rules_of(socket, NetfilterProtoFamily::Inet, table)
}

/// As [`rules`], of a table of any family.
pub fn rules_of(socket: &mut Socket, family: NetfilterProtoFamily, table: &str) -> Result<Vec<Rule>> {
    let mut filter = Attributes::new();
    filter.put_str(NFTA_RULE_TABLE, table);
    let request = nf_tables_of(family, Type::GetRule, NLM_F_DUMP, &filter)?;
    collect(socket, &request, |payload| {
        // Kernels that don't know the filter show every table's.
        let ours = attributes(payload).string(NFTA_RULE_TABLE).as_deref() == Some(table);
        Rule::read(payload).filter(|_| ours)
    })
}

/// How many chains, sets, objects and flow tables are in a table; `None` if there is no such table.
pub fn table_use(socket: &mut Socket, table: &str) -> Result<Option<u32>> {
    let mut found = dump(socket, Type::GetTable, &Attributes::new(), |payload| {
        let a = attributes(payload);
        let ours = payload.first() == Some(&NetfilterProtoFamily::Inet.into())
            && a.string(NFTA_TABLE_NAME).as_deref() == Some(table);
        ours.then(|| a.u32(NFTA_TABLE_USE).unwrap_or(0))
    })?;
    Ok(found.pop())
}

/// Whether there is any table of any family, whoever made it.
pub fn any_table(socket: &mut Socket) -> Result<bool> {
    let mut request = nf_tables(Type::GetTable, NLM_F_DUMP, &Attributes::new())?;
    // NFPROTO_UNSPEC.
    request[16] = 0;
    let mut any = false;
    socket.exchange(&request, &mut |answer| {
        any |= answer.is_some();
        Ok(())
    })?;
    Ok(any)
}

/// All that a dump answers, as `read` makes it of each message.
pub(super) fn dump<T, I: IntoIterator<Item = T>>(
    socket: &mut Socket,
    kind: Type,
    filter: &Attributes,
    read: impl FnMut(&[u8]) -> I,
) -> Result<Vec<T>> {
    dump_of(socket, NetfilterProtoFamily::Inet, kind, filter, read)
}

/// As [`dump`], of tables of any family.
pub(super) fn dump_of<T, I: IntoIterator<Item = T>>(
    socket: &mut Socket,
    family: NetfilterProtoFamily,
    kind: Type,
    filter: &Attributes,
    read: impl FnMut(&[u8]) -> I,
) -> Result<Vec<T>> {
    collect(socket, &nf_tables_of(family, kind, NLM_F_DUMP, filter)?, read)
}

/// What a request is answered, as `read` makes it of each message.
pub(super) fn collect<T, I: IntoIterator<Item = T>>(
    socket: &mut Socket,
    request: &[u8],
    mut read: impl FnMut(&[u8]) -> I,
) -> Result<Vec<T>> {
    let mut found = Vec::new();
    socket.exchange(request, &mut |answer| {
        match answer {
            // It begins, perhaps anew.
            None => found.clear(),
            Some(answer) => found.extend(read(answer.payload)),
        }
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::nf::test::Random;

    #[test]
    fn a_batch_marker_as_bytes() {
        let batch = Batch::new("nsh");
        #[rustfmt::skip]
        let expected: &[u8] = &[
            20, 0, 0, 0,  // length
            0x10, 0,      // NFNL_MSG_BATCH_BEGIN
            1, 0,         // NLM_F_REQUEST
            0, 0, 0, 0,   // sequence number, filled in later
            0, 0, 0, 0,   // port
            0, 0, 0, 10,  // AF_UNSPEC, version 0, NFNL_SUBSYS_NFTABLES
        ];
        assert_eq!(batch.requests[0], expected);
    }

    #[test]
    fn a_batch_that_no_message_can_hold_is_not_sent() {
        let mut batch = Batch::new("nsh");
        batch.rule(
            "c",
            &[Expr::Unknown { name: "x".to_owned(), attributes: vec![0; 65_536] }],
            &Userdata::default(),
            Place::Back,
        );
        assert!(batch.wrong.unwrap().message().contains("at most 65531 bytes"));
    }

    #[test]
    fn garbage_is_read_without_a_panic() {
        let mut random = Random::new(4);
        for _ in 0..5000 {
            let mut payload = vec![1, 0, 0, 0];
            payload.extend_from_slice(&random.attributes());
            Rule::read(&payload);
            Chain::read(&payload);
            Rule::read(&random.bytes(30));
        }
    }
}
