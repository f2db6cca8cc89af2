//! What changed in a lab since a moment: the net effect of its events, as short lines.
//!
//! Links and addresses are known from the beginning on, since their events tell what is, not what was. Of the rest the
//! events alone tell enough: the first one since the moment says what was before, the last one what is now.

#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::rc::Rc;

use text::{destination, link_lines, now, told, value_text, way, what};

use super::{Change, Event, Events, Netconf, Nft, Object, What};
use crate::base::error::Result;
use crate::model::{Access, Table};
use crate::net::addr::{self, Addr};
use crate::net::fields::Scope;
use crate::net::link::{self, Common, Link};
use crate::net::namespace::{Namespace, Namespaces};
use crate::net::prefix::Family;

/// How many things that changed are kept; what comes on top is counted.
const KEPT: usize = 4096;

/// What is followed.
const OBJECTS: &[Object] =
    &[Object::Link, Object::Address, Object::Route, Object::Rule, Object::Netconf, Object::Nft];

type Name = Rc<str>;

/// What is told of a link's state.
#[derive(Clone, Debug, PartialEq)]
struct State {
    name: String,
    up: bool,
    carrier: bool,
    master: Option<u32>,
    /// What a script can set, by name.
    attributes: Vec<(&'static str, Option<String>)>,
}

impl State {
    fn of(link: &Link) -> State {
        let settable = Common::ROWS.iter().filter(|row| row.access == Access::Set && row.flag.is_none());
        State {
            name: link.name.clone(),
            up: link.is_up(),
            carrier: link.has_carrier(),
            master: link.master_index,
            attributes: settable.map(|row| (row.name, (row.word)(&link.common))).collect(),
        }
    }
}

/// Something else that changed, from its first event on.
struct Fact {
    first: Change,
    last: Change,
    /// Where it is about a link: gone with it, it isn't told.
    dev: Option<String>,
    kind: Kind,
}

enum Kind {
    /// There or not there.
    Thing,
    /// Now so: the text says how.
    Now(String),
    /// A parameter's values after the first and the last change.
    Value(Netconf, i32),
    /// A rule of nf_tables: what it is in.
    NftRule(String),
}

/// Follows the events of a lab.
pub struct Changes {
    events: Events,
    links: HashMap<(Name, u32), State>,
    addresses: HashSet<(Name, u32, IpAddr)>,
    namespaces: BTreeSet<String>,
    noted: usize,
    since: Since,
}

/// A link that changed.
struct Touched {
    order: u64,
    /// As it was; `None`: not there.
    before: Option<State>,
    /// What it was called last.
    name: String,
}

/// What happened since the moment.
#[derive(Default)]
struct Since {
    order: u64,
    links: HashMap<(Name, u32), Touched>,
    facts: HashMap<(Name, String), (u64, Fact)>,
    more: usize,
    lost: bool,
}

impl Changes {
    /// Follows from here on. With `number`, namespaces are given numbers, and nf_tables is followed too (which makes
    /// the kernel load it): for sandboxes only.
    pub fn follow(all: &Namespaces, number: bool) -> Result<Self> {
        let without = &OBJECTS[..OBJECTS.len() - 1];
        let events = match number {
            // There may be no nf_tables.
            true => Events::open(all, OBJECTS, true).or_else(|_| Events::open(all, without, true))?,
            false => Events::open(all, without, false)?,
        };
        let mut changes = Changes {
            events,
            links: HashMap::new(),
            addresses: HashSet::new(),
            namespaces: all.names()?.into_iter().collect(),
            noted: all.noted(),
            since: Since::default(),
        };
        changes.look(all)?;
        Ok(changes)
    }

    /// Takes in what happened; often enough, nothing is lost. What can't be taken in is told as lost.
    pub fn take(&mut self, all: &Namespaces) -> Result<()> {
        let taken = self.take_events(all);
        self.since.lost |= taken.is_err();
        taken
    }

    fn take_events(&mut self, all: &Namespaces) -> Result<()> {
        let mut events = Vec::new();
        self.events.drain(all, |event| events.push(event))?;
        for event in events {
            if event.what == What::Lost {
                self.since.lost = true;
                self.look(all)?;
            } else {
                self.note(all, event)?;
            }
        }
        Ok(())
    }

    /// Begins anew: this is the moment.
    pub fn reset(&mut self, all: &Namespaces) -> Result<()> {
        let taken = self.take(all);
        if self.since.order != 0 || self.since.lost {
            self.since = Since { lost: taken.is_err(), ..Since::default() };
        }
        taken?;
        if self.noted != all.noted() {
            self.noted = all.noted();
            self.namespaces = all.names()?.into_iter().collect();
            let there = |name: &Name| &**name == "host" || self.namespaces.contains(&**name);
            self.links.retain(|(name, _), _| there(name));
            self.addresses.retain(|(name, ..)| there(name));
        }
        Ok(())
    }

    /// Reads links and addresses as they are. What differs from what was known has changed unheard.
    fn look(&mut self, all: &Namespaces) -> Result<()> {
        let before = std::mem::take(&mut self.links);
        self.addresses.clear();
        for ns in all.all()? {
            self.look_in(&ns)?;
        }
        if self.since.lost {
            for (key, was) in &before {
                if self.links.get(key) != Some(was) {
                    self.since.link(key, Some(was.clone()), &was.name);
                }
            }
            for (key, is) in self.links.iter().filter(|(key, _)| !before.contains_key(key)) {
                self.since.link(key, None, &is.name);
            }
        }
        Ok(())
    }

    fn look_in(&mut self, ns: &Namespace) -> Result<()> {
        let name: Name = ns.name().into();
        for found in link::dump(ns)? {
            self.links.insert((name.clone(), found.index()), State::of(&found));
        }
        for found in addr::list(ns, &addr::Addr::default())? {
            self.addresses.insert((name.clone(), found.index(), found.ip()));
        }
        Ok(())
    }

    fn note(&mut self, all: &Namespaces, event: Event) -> Result<()> {
        let Event { namespace: ns, change, what } = event;
        match what {
            What::Link(link, flags) => self.note_link(ns, change, &link, flags),
            What::Address(addr) => self.note_address(ns, change, &addr),
            What::Route(route) if told(&route) => {
                let dev = route.dev.as_ref().map(|dev| dev.name.to_string());
                let dst = destination(&route);
                match change {
                    Change::Set => {
                        let now = Kind::Now(format!("route {dst} is now {}", way(&route)));
                        self.since.fact(ns, format!("route {dst}"), change, dev, now);
                    }
                    _ => {
                        let text = format!("route {dst} {}", way(&route)).trim_end().to_owned();
                        self.since.fact(ns, text, change, dev, Kind::Thing);
                    }
                }
            }
            What::Rule(rule) => self.since.fact(ns, rule.in_changes(), change, None, Kind::Thing),
            What::Netconf(conf) if conf.dev != "default" => {
                let key = format!("{} {} {}", conf.family.name(), conf.dev, conf.name);
                let dev = Some(conf.dev.clone()).filter(|dev| dev != "all");
                let value = conf.value;
                self.since.fact(ns, key, change, dev, Kind::Value(conf, value));
            }
            What::Nft(nft) => self.note_nft(ns, change, &nft),
            // The namespace is gone: what was in it too, but not what is in another of that name.
            What::Nsid(_) if change == Change::Deleted => {
                self.links.retain(|(name, _), _| *name != ns);
                self.addresses.retain(|(name, ..)| *name != ns);
                if let Some(another) = all.get(&ns)? {
                    self.look_in(&another)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn note_link(&mut self, ns: Name, change: Change, link: &Link, flags: u32) {
        let key = (ns, link.index());
        let state = State::of(link);
        let before = match self.links.get(&key) {
            Some(before) => Some(before.clone()),
            None if change == Change::Added => None,
            // Not known yet, as the lo of a new namespace: the flags that changed tell what was.
            None => {
                let changed = flags != u32::MAX && flags & libc::IFF_UP as u32 != 0;
                Some(State { up: state.up ^ changed, ..state.clone() })
            }
        };
        let after = Some(state).filter(|_| change != Change::Deleted);
        if before != after {
            self.since.link(&key, before, &link.name);
        }
        match after {
            Some(state) => self.links.insert(key, state),
            None => self.links.remove(&key),
        };
    }

    fn note_address(&mut self, ns: Name, change: Change, addr: &Addr) {
        // The kernel's own link-local ones come and go with their links.
        let own = addr.family == Some(Family::Inet6) && addr.scope == Some(Scope::LINK);
        let text = format!("address {} on {}", addr.prefix(), addr.dev());
        let dev = Some(addr.dev().to_owned());
        if addr.is_duplicate() && change != Change::Deleted {
            let now = Kind::Now(format!("{text} failed duplicate address detection"));
            return self.since.fact(ns, format!("{text} dad"), Change::Set, dev, now);
        }
        let key = (ns.clone(), addr.index(), addr.ip());
        let news = match change {
            Change::Deleted => self.addresses.remove(&key),
            _ => self.addresses.insert(key),
        };
        if news && !own {
            let change = if change == Change::Deleted { change } else { Change::Added };
            self.since.fact(ns, text, change, dev, Kind::Thing);
        }
    }

    fn note_nft(&mut self, ns: Name, change: Change, nft: &Nft) {
        let table = format!("nft table {} {}", nft.family, nft.table);
        match (nft.object, change) {
            ("rule", _) => {
                let chain = format!("{table} {}", nft.name).replacen("nft table ", "", 1);
                let key = format!("nft rule {chain} {}", nft.handle.unwrap_or_default());
                self.since.fact(ns, key, change, None, Kind::NftRule(chain));
            }
            ("table", Change::Set) => self.since.fact(ns, table.clone(), change, None, now(&table)),
            ("table", _) => self.since.fact(ns, table, change, None, Kind::Thing),
            (object, _) => {
                let text = format!("nft {object} {} {} {}", nft.family, nft.table, nft.name);
                let kind = match (object, change) {
                    ("element", _) | (_, Change::Set) => {
                        now(&format!("nft {} {} {} {}", what(object), nft.family, nft.table, nft.name))
                    }
                    _ => Kind::Thing,
                };
                self.since.fact(ns, text, change, None, kind);
            }
        }
    }

    /// What changed, a line each, in the order in which it last did.
    pub fn lines(&mut self, all: &Namespaces) -> Result<Vec<String>> {
        self.take(all)?;
        let now: BTreeSet<String> = all.names()?.into_iter().collect();
        let gone = self.namespaces.difference(&now).map(|ns| format!("namespace {ns} deleted"));
        let came = now.difference(&self.namespaces).map(|ns| format!("namespace {ns} added"));
        let mut lines: Vec<String> = gone.chain(came).collect();
        if self.since.lost {
            lines.push("more happened than could be kept: some of it is missing here".to_owned());
        }
        let old = |ns: &Name| &**ns == "host" || now.contains(&**ns) && self.namespaces.contains(&**ns);
        let mut dated: Vec<(u64, String)> = Vec::new();
        for ((ns, index), link) in self.since.links.iter().filter(|((ns, _), _)| old(ns)) {
            let after = self.links.get(&(ns.clone(), *index));
            for text in link_lines(link.before.as_ref(), after, |index| self.name(ns, index)) {
                dated.push((link.order, format!("{ns}: {text}")));
            }
        }
        let mut nft: HashMap<String, (u64, usize)> = HashMap::new();
        for ((ns, key), (order, fact)) in self.since.facts.iter().filter(|((ns, _), _)| old(ns)) {
            let Some(text) = fact.text(key) else { continue };
            if self.follows(ns, key, fact) {
                continue;
            }
            if let Kind::NftRule(_) = fact.kind {
                let entry = nft.entry(format!("{ns}: {text}")).or_default();
                *entry = (entry.0.max(*order), entry.1 + 1);
                continue;
            }
            dated.push((*order, format!("{ns}: {text}")));
        }
        dated.extend(nft.into_iter().map(|(text, (order, n))| {
            (order, text.replacen("nft rule", &format!("{n} nft rule{}", if n == 1 { "" } else { "s" }), 1))
        }));
        dated.sort();
        lines.extend(dated.into_iter().map(|(_, text)| text));
        if self.since.more > 0 {
            lines.push(format!("and {} events more", self.since.more));
        }
        Ok(lines)
    }

    fn name(&self, ns: &Name, index: u32) -> String {
        self.links.get(&(ns.clone(), index)).map_or_else(|| index.to_string(), |link| link.name.clone())
    }

    /// Whether it goes without saying, since something bigger is told: the link or table is gone, or the parameter was
    /// set for all links.
    fn follows(&self, ns: &Name, key: &str, fact: &Fact) -> bool {
        let deleted = |key: &str| {
            let found = self.since.facts.get(&(ns.clone(), key.to_owned()));
            found.is_some_and(|(_, fact)| fact.last == Change::Deleted)
        };
        if let Some(rest) = key.strip_prefix("nft ").filter(|_| !key.starts_with("nft table ")) {
            let mut words = rest.split(' ').skip(1);
            let table = [words.next(), words.next()].map(Option::unwrap_or_default).join(" ");
            let chain = words.next().unwrap_or_default();
            return deleted(&format!("nft table {table}"))
                || matches!(fact.kind, Kind::NftRule(_)) && deleted(&format!("nft chain {table} {chain}"));
        }
        let Some(dev) = &fact.dev else { return false };
        if let Kind::Value(conf, value) = &fact.kind {
            let of_all = format!("{} all {}", conf.family.name(), conf.name);
            let of_all = self.since.facts.get(&(ns.clone(), of_all));
            if matches!(of_all, Some((_, Fact { kind: Kind::Value(_, all), .. })) if all == value) {
                return true;
            }
        }
        let went = self.since.links.iter().any(|(key, link)| {
            let now = self.links.get(key);
            key.0 == *ns && link.name == *dev && link.before.is_some() && now.is_none_or(|now| !now.up)
        });
        went && fact.last == Change::Deleted
    }
}

impl Since {
    fn next(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    /// Keeps how the link was, unless that is known.
    fn link(&mut self, key: &(Name, u32), before: Option<State>, name: &str) {
        let order = self.next();
        if let Some(link) = self.links.get_mut(key) {
            link.order = order;
            link.name = name.to_owned();
        } else if self.links.len() < KEPT {
            self.links.insert(key.clone(), Touched { order, before, name: name.to_owned() });
        } else {
            self.more += 1;
        }
    }

    fn fact(&mut self, ns: Name, key: String, change: Change, dev: Option<String>, kind: Kind) {
        let order = self.next();
        let key = (ns, key);
        if let Some((last, fact)) = self.facts.get_mut(&key) {
            *last = order;
            fact.last = change;
            match (&mut fact.kind, kind) {
                // The first value stays in the record of its parameter.
                (Kind::Value(_, last), Kind::Value(conf, _)) => *last = conf.value,
                (old, new) => *old = new,
            }
        } else if self.facts.len() < KEPT {
            self.facts.insert(key, (order, Fact { first: change, last: change, dev, kind }));
        } else {
            self.more += 1;
        }
    }
}

impl Fact {
    /// The line; `None` if all is as it was.
    fn text(&self, key: &str) -> Option<String> {
        let is = match (self.first, self.last) {
            (Change::Deleted, Change::Deleted) => "deleted",
            (Change::Added, Change::Added | Change::Set) => "added",
            (Change::Set, Change::Deleted) => "deleted",
            (Change::Set, _) => "",
            _ => return None,
        };
        match &self.kind {
            Kind::Thing => Some(format!("{key} {is}")),
            Kind::NftRule(chain) if is.is_empty() => Some(format!("nft rule replaced in {chain}")),
            Kind::NftRule(chain) if is == "added" => Some(format!("nft rule added to {chain}")),
            Kind::NftRule(chain) => Some(format!("nft rule deleted from {chain}")),
            Kind::Now(text) => Some(text.clone()),
            Kind::Value(first, last) => value_text(first, *last),
        }
    }
}
