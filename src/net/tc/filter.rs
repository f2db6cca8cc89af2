//! Filters (tc(8), `tc filter`): which packets go to which class, and what is done with them.

use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;

use super::action::{self, Action};
use super::class::with_qdiscs;
use super::ether::EtherType;
use super::fields::{FilterHandle, Handle};
use super::kind::{About, Details};
use super::object::{BLOCK, Device, EGRESS, INCOMING, INGRESS, Noun, Object, ROOT, TCA_OPTIONS, objects};
use super::place::{Names, explain, index, lacks};
use super::{ACTIONS, FILTERS};
use crate::base::error::{Error, Result};
use crate::model::{Between, Field, Table, table};
use crate::net::attributes::find;
use crate::net::done::Verb;
use crate::net::fields::LinkRef;
use crate::net::link::fields::U32;
use crate::net::namespace::Namespace;

table! {
    /// A filter.
    pub struct Filter {
        Set dev: LinkRef = header, ip [], "the link";
        Set block: Between<1, 4294967294> = header, ip [], "the number of the block that it is in, where links share their filters";
        Set kind: String = header, ip [], "flower, matchall, u32, ...; default the one whose options are given";
        Set parent: Handle = header, ip [],
            "where it stands: a discipline or class such as \"1:\", or \"ingress\" or \"egress\" of a clsact; default the link's root";
        Set protocol: EtherType = header, ip ["protocol"],
            "the protocol of the packets that it sees; default what the options imply, or all";
        Set pref: Between<1, 65535> = header, ip ["pref", "preference", "prio"],
            "lower ones are asked first; default the kernel's choice: before the others";
        Set handle: FilterHandle = header, ip ["handle"], "its number among those of the same preference; of fw, the packets' mark";
        Set chain: U32 = header, ip ["chain"], "the chain that it is in; default 0";
    } and {
        /// Of each kind of which some are given; of one that is there, its own.
        pub options: Vec<Details>,
        /// What is done with the packets that it matches, one after another.
        pub actions: Vec<Action>,
    }
}

impl Filter {
    fn of(object: &Object, names: &mut Names<'_>) -> Result<Self> {
        let (pref, protocol) = object.info;
        let mut options: Vec<Details> = object.details(&FILTERS).into_iter().collect();
        names.fill(&mut options)?;
        let place = options.first().map_or(0, Details::actions);
        let within = find(&object.reported.1, TCA_OPTIONS).unwrap_or_default();
        let actions = find(within, place).map_or(Ok(Vec::new()), |nest| action::read(nest, names))?;
        let handle = FilterHandle { number: object.handle, u32: object.kind == "u32" };
        let shared = object.reported.0 == BLOCK;
        let dev = if shared { None } else { Some(names.link(object.reported.0)?) };
        Ok(Filter {
            dev,
            block: shared.then_some(Between(object.parent)),
            kind: Some(object.kind.clone()),
            parent: (!shared).then_some(Handle(object.parent)),
            protocol: Some(EtherType(protocol)),
            pref: Some(Between(pref.into())),
            handle: Some(handle),
            chain: Some(U32(object.chain)),
            options,
            actions,
        })
    }

    /// The object that is meant, without its options.
    fn object(&self, kind: &str, protocol: EtherType) -> Object {
        let parent = match self.parent {
            None | Some(Handle(ROOT)) => 0,
            Some(Handle(INGRESS)) => INCOMING,
            Some(Handle(parent)) => parent,
        };
        let pref = self.pref.map_or(0, |pref| pref.0 as u16);
        let handle = self.handle.map_or(0, |handle| handle.number);
        let chain = self.chain.map_or(0, |chain| chain.0);
        Object { handle, chain, ..Object::filter(parent, pref, protocol.0, kind) }
    }
}

/// Where a filter is put.
pub enum On {
    /// A link, by its name.
    Dev(String),
    /// The filters that several links share, by the number of their block.
    Block(u32),
}

impl On {
    fn device(&self, ns: &Rc<Namespace>, filter: &Filter) -> Result<Device> {
        match self {
            On::Dev(name) => Device::require(ns, name),
            On::Block(_) if filter.parent.is_some() => {
                Err(Error::argument("a block has no parent: its links say where its filters are asked"))
            }
            On::Block(number) => Ok(Device::block(ns, *number)),
        }
    }

    fn object(&self, filter: &Filter, kind: &str, protocol: EtherType) -> Object {
        let object = filter.object(kind, protocol);
        match self {
            On::Dev(_) => object,
            On::Block(number) => Object { parent: *number, ..object },
        }
    }
}

fn no_block(e: Error, device: &Device) -> Error {
    let number = &device.name;
    e.with_kind(crate::base::error::Kind::NotFound).hint(format!(
        "a link makes the block: tc.qdisc.add(DEV, {{ kind = \"clsact\", ingress_block = {number} }})"
    ))
}

/// As `tc filter show` writes it, in one line.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.dev, self.block) {
            (_, Some(block)) => write!(f, "filter block {}", block.0)?,
            (dev, None) => write!(f, "filter dev {}", dev.as_ref().map_or("", |dev| &dev.name))?,
        }
        match self.parent {
            Some(place @ Handle(INCOMING | EGRESS)) => write!(f, " {}", place.word())?,
            Some(parent) => write!(f, " parent {}", parent.word())?,
            None => {}
        }
        let head = [
            self.protocol.map(|protocol| format!("protocol {}", protocol.word())),
            self.pref.map(|pref| format!("pref {}", pref.0)),
            self.kind.clone(),
            self.chain.map(|chain| format!("chain {}", chain.0)),
            self.handle.map(|handle| format!("handle {}", handle.word())),
        ];
        head.iter().flatten().try_for_each(|part| write!(f, " {part}"))?;
        self.options.iter().flat_map(Details::words).try_for_each(|word| write!(f, " {word}"))?;
        self.actions.iter().try_for_each(|action| write!(f, " {action}"))
    }
}

/// Adds one, as `tc filter add dev DEV parent PARENT protocol PROTOCOL KIND`.
///
/// Raises `not_found` if there is no discipline that could have it, `unsupported` if the kernel lacks the kind, or an
/// action.
pub fn add(ns: &Rc<Namespace>, on: &On, filter: &Filter) -> Result<()> {
    send(ns, on, filter, Verb::Add)
}

/// Adds it, or puts it in the place of the one with this preference, protocol and handle.
pub fn replace(ns: &Rc<Namespace>, on: &On, filter: &Filter) -> Result<()> {
    send(ns, on, filter, Verb::Replace)
}

fn send(ns: &Rc<Namespace>, on: &On, filter: &Filter, verb: Verb) -> Result<()> {
    let (kind, options) = FILTERS.choose(filter.kind.as_deref(), &filter.options)?;
    let device = on.device(ns, filter)?;
    let implied = options.as_ref().and_then(Details::protocol);
    let protocol = filter.protocol.or(implied).unwrap_or(EtherType::ALL);
    let object = on.object(filter, &kind, protocol);
    let about = About { device: &device, protocol: protocol.0 };
    let options = options.map(|options| options.filled(&about)).transpose()?;
    let (actions, action_words) = action::write(&filter.actions, &about)?;
    let Some(options) = options else {
        return Err(Error::argument(format!("filters of the kind {kind} have no binding")));
    };
    let words: Vec<String> = options.words().into_iter().chain(action_words).collect();
    let bytes = options.write(actions)?;
    let sent = device.change(verb, &object.clone().with(bytes), &words);
    sent.map_err(|e| explain_add(e, &device, &object, filter))
}

fn explain_add(e: Error, device: &Device, object: &Object, filter: &Filter) -> Error {
    let said = e.message();
    if said.contains("Block of given index was not found") {
        return no_block(e, device);
    }
    let lacking = action::last(&filter.actions).filter(|_| said.contains("action"));
    if let Some(kind) = lacking.filter(|_| said.contains("Failed to load") || said.contains("not found")) {
        return lacks(&ACTIONS, Noun::Filter, kind);
    }
    if said.contains("Parent Qdisc doesn't exist")
        || said.contains("not support class")
        || said.contains("doesn't support blocks")
    {
        let what = match object.parent {
            INCOMING | EGRESS => {
                format!("tc.qdisc.add({:?}, {{ kind = \"clsact\" }}) comes first", device.name)
            }
            _ => {
                "a discipline that has filters comes first, such as htb, or clsact at \"ingress\"".to_owned()
            }
        };
        return e.with_kind(crate::base::error::Kind::NotFound).hint(what);
    }
    explain(e, device, object, &FILTERS, false)
}

/// Deletes filters: the one with this preference and handle, or all with this preference, or all of a place.
///
/// Raises `not_found` if there is none.
pub fn del(ns: &Rc<Namespace>, on: &On, which: &Filter) -> Result<()> {
    let device = on.device(ns, which)?;
    let kind = which.kind.clone().unwrap_or_default();
    if which.handle.is_some() && (kind.is_empty() || which.pref.is_none()) {
        return Err(Error::argument("a handle is of a kind and a preference: give kind and pref, too"));
    }
    let protocol = which.protocol.unwrap_or(EtherType(0));
    let object = on.object(which, &kind, protocol);
    device.del(&object).map_err(|e| match e.message().contains("Block of given index was not found") {
        true => no_block(e, &device),
        false => explain(e, &device, &object, &FILTERS, true),
    })
}

/// Those that have all that is given, as `tc -s filter show dev DEV`; of all links and places, unless some are named.
pub fn list(ns: &Namespace, filter: &Filter) -> Result<Vec<Filter>> {
    let index = index(ns, filter.dev.as_ref())?;
    let mut names = Names::of(ns);
    let (mut out, mut shared) = (Vec::new(), HashSet::new());
    for index in with_qdiscs(ns, index)? {
        for parent in places(ns, index)? {
            let found = objects(ns, Noun::Filter, index, parent)?;
            for object in found.iter().filter(|object| object.handle != 0 && !is_table(object)) {
                // Each link tells those that it shares.
                if object.reported.0 != BLOCK
                    || shared.insert((object.parent, object.chain, object.info, object.handle))
                {
                    out.push(Filter::of(object, &mut names)?);
                }
            }
        }
    }
    let root = filter.parent.filter(|parent| parent.0 != ROOT && parent.0 != INGRESS);
    let filter = Filter { dev: None, parent: root, ..filter.clone() };
    out.retain(|one| filter.fits(one));
    Ok(out)
}

/// u32 keeps tables of filters as filters.
fn is_table(object: &Object) -> bool {
    object.kind == "u32" && object.handle & 0xfff == 0
}

/// Where a link may have filters.
fn places(ns: &Namespace, index: u32) -> Result<Vec<u32>> {
    let mut out = Vec::new();
    for qdisc in objects(ns, Noun::Qdisc, index, 0)?.iter().filter(|qdisc| qdisc.handle != 0) {
        match (qdisc.parent, qdisc.kind.as_str()) {
            (INGRESS, "clsact") => out.extend([INCOMING, EGRESS]),
            (INGRESS, _) => out.push(INCOMING),
            _ => out.push(qdisc.handle),
        }
    }
    let classes = objects(ns, Noun::Class, index, 0)?;
    let has_filters = |class: &&Object| matches!(class.kind.as_str(), "htb" | "hfsc");
    out.extend(
        classes.iter().filter(has_filters).map(|class| class.handle).filter(|handle| handle & 0xffff != 0),
    );
    out.sort_unstable();
    out.dedup();
    Ok(out)
}
