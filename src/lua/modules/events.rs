//! `events`: what changes in namespaces, as it changes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use mlua::{MultiValue, Value};

use super::{addr, conntrack, link, mdb, mptcp, namespace, neigh, route, rule};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::Deadline;
use crate::lua::registry::Module;
use crate::lua::runtime::bind;
use crate::lua::schema::{
    Class, Cx, Failure, Function, Handle, MethodDoc, Record, Shape, options, opts, ret, shape, ty,
};
use crate::net::events::{Change, Event, Events, Netconf, Nft, Object, What};
use crate::net::namespace::{Namespace, Namespaces};
use namespace::Where;

/// How long `wait` waits unless told otherwise.
const WAIT: Duration = Duration::from_secs(5);

/// What is watched unless a script says otherwise: what a person asks for.
const USUAL: &[Object] =
    &[Object::Link, Object::Address, Object::Route, Object::Rule, Object::Neigh, Object::Nft];

#[derive(Default)]
struct WatchOptions {
    objects: Vec<Object>,
    namespaces: Option<Where>,
}

/// Which event is meant.
#[derive(Clone, Default)]
struct Filter {
    object: Option<&'static str>,
    change: Option<Change>,
    dev: Option<String>,
    namespace: Option<String>,
}

options! {
    struct WaitOptions = "nsh.events.WaitOptions" {
        timeout: Duration = WAIT, ty::seconds(), "how long to wait; default 5 seconds";
        ..filter: Filter, filter();
    }
}

options! {
    struct StreamOptions = "nsh.events.StreamOptions" {
        timeout: Option<Duration>, ty::seconds(), "seconds for all of it; default no limit";
        ..filter: Filter, filter();
    }
}

const CHANGES: [(&str, Change); 3] =
    [("added", Change::Added), ("set", Change::Set), ("deleted", Change::Deleted)];

/// The link that the event is about.
fn dev(what: &What) -> Option<String> {
    match what {
        What::Link(link, _) => Some(link.name.clone()),
        What::Port(name) => Some(name.clone()),
        What::Address(address) => Some(address.dev().to_owned()),
        What::Neigh(neigh) => Some(neigh.dev().to_owned()),
        What::Netconf(netconf) => Some(netconf.dev.clone()),
        What::Mdb(entry) => Some(entry.dev().to_owned()),
        What::Mptcp(event) => event.dev.as_ref().map(|link| link.name.to_string()),
        What::Route(route) => route.dev.as_ref().map(|link| link.name.to_string()),
        _ => None,
    }
}

fn filter() -> Shape<Filter> {
    let objects = Object::ALL.iter().map(|object| object.name()).chain(["port", "lost"]);
    let objects: Vec<_> = objects.map(|name| (name, name)).collect();
    shape!(Filter = "nsh.events.Filter" => {
        object: ty::one_of(&objects), "only of this object";
        change: ty::one_of(&CHANGES), "only of this change";
        dev: ty::link(), "only of this link";
        namespace: namespace::ty().map(|ns| ns.name().to_owned()), "only in this namespace";
    })
}

impl Filter {
    fn lets_through(&self, event: &Event) -> bool {
        self.object.is_none_or(|name| name == event.what.object())
            && self.change.is_none_or(|change| change == event.change)
            && self.dev.as_ref().is_none_or(|name| dev(&event.what).as_ref() == Some(name))
            && self.namespace.as_ref().is_none_or(|name| **name == *event.namespace)
    }
}

/// An event, and when nsh took it in, in seconds since 1970.
struct Told {
    time: f64,
    event: Event,
}

/// Listens from when it was made until it is stopped.
struct Watch {
    events: RefCell<Option<Events>>,
    /// `None`: those of all namespaces.
    spaces: Option<Vec<String>>,
    objects: Vec<Object>,
    waiting: RefCell<VecDeque<Told>>,
}

impl Watch {
    fn open(cx: &Cx<'_>, options: WatchOptions) -> Result<Self> {
        let names = |all: &[Rc<Namespace>]| Some(all.iter().map(|ns| ns.name().to_owned()).collect());
        let spaces = match &options.namespaces {
            None => names(std::slice::from_ref(cx.ns)),
            Some(Where::These(these)) => names(these),
            Some(Where::All) => None,
        };
        let objects = if options.objects.is_empty() { USUAL.to_vec() } else { options.objects };
        let events = Events::open(&cx.lab.namespaces, &objects, cx.lab.place.sandboxed)?;
        Ok(Watch { events: RefCell::new(Some(events)), spaces, objects, waiting: RefCell::default() })
    }

    /// Events of other namespaces come too, and numbers of namespaces, by which [`Events`] finds new ones.
    fn wants(&self, event: &Event) -> bool {
        let of_these =
            self.spaces.as_ref().is_none_or(|all| all.iter().any(|name| **name == *event.namespace));
        match event.what {
            What::Lost => true,
            What::Nsid(_) => of_these && self.objects.contains(&Object::Nsid),
            _ => of_these && !event.is_noise(),
        }
    }

    /// Takes in what is there.
    fn look(&self, all: &Namespaces) -> Result<()> {
        if let Some(events) = &mut *self.events.borrow_mut() {
            let time = crate::io::now();
            events.drain(all, |event| self.keep(time, event))?;
        }
        Ok(())
    }

    fn keep(&self, time: f64, event: Event) {
        if self.wants(&event) {
            self.waiting.borrow_mut().push_back(Told { time, event });
        }
    }

    /// The next event that the filter lets through; those before it are passed over. `None` at the deadline, and when it
    /// was stopped.
    fn next(&self, all: &Namespaces, filter: &Filter, deadline: Deadline) -> Result<Option<Told>> {
        loop {
            self.look(all)?;
            while let Some(told) = self.waiting.borrow_mut().pop_front() {
                if filter.lets_through(&told.event) {
                    return Ok(Some(told));
                }
            }
            let mut events = self.events.borrow_mut();
            let Some(listening) = &mut *events else { return Ok(None) };
            match listening.next(all, deadline)? {
                Some(event) => self.keep(crate::io::now(), event),
                None => return Ok(None),
            }
        }
    }
}

fn netconf() -> Record<Netconf> {
    Record::of("nsh.events.Netconf", "A parameter of IP that was set.")
        .field("family", "inet or inet6", |c: &Netconf| crate::model::Words::name(c.family))
        .field("dev", "the link, \"all\" or \"default\"", |c| c.dev.clone())
        .field("name", "its name in /proc/sys/net/ipv4/conf or its like", |c| c.name)
        .field("value", "its value", |c| c.value)
        .plain()
}

fn nft() -> Record<Nft> {
    Record::of("nsh.events.Nft", "Something of nf_tables.")
        .field("family", "inet, ip, ip6, arp, bridge or netdev", |n: &Nft| n.family)
        .field("table", "the table", |n| n.table.clone())
        .field("object", "table, chain, rule, set, element, object or flowtable", |n| n.object)
        .field("name", "the name of the chain or set, a rule's chain; empty for a table", |n| n.name.clone())
        .field("handle", "the number by which nft knows it", |n| n.handle)
        .plain()
}

fn record() -> Record<Told> {
    macro_rules! part {
        ($variant:ident) => {
            |told| match &told.event.what {
                What::$variant(object, ..) => Some(object),
                _ => None,
            }
        };
    }
    Record::of("nsh.events.Event", "Something that happened. Prints as in `ip monitor`.")
        .field("time", "when nsh took it in, in seconds since 1970", |t: &Told| t.time)
        .field("namespace", "the namespace's name", |t| t.event.namespace.to_string())
        .field(
            "object",
            "link, port (of a bridge), address, route, rule, neigh, netconf, nsid, mdb, nft, conntrack or mptcp; lost where the kernel \
             dropped events, of any namespace, because there were too many at once",
            |t| t.event.what.object(),
        )
        .field("change", "added, set or deleted; of addresses, neighbours and mdb the kernel doesn't tell added from set", |t| {
            CHANGES.iter().find(|(_, change)| *change == t.event.change).map(|(name, _)| *name)
        })
        .field("dev", "the link that it is about", |t| dev(&t.event.what))
        .record("link", link::record::link(), "the link as it is now, or was", part!(Link))
        .record("address", addr::record(), "the address", part!(Address))
        .record("route", route::record(), "the route", part!(Route))
        .record("rule", rule::record(), "the rule", part!(Rule))
        .record("neigh", neigh::record(), "the neighbour", part!(Neigh))
        .record("netconf", netconf(), "the parameter", part!(Netconf))
        .record("mdb", mdb::record(), "the entry of a multicast database", part!(Mdb))
        .record("nft", nft(), "the object of nf_tables", part!(Nft))
        .record("conntrack", conntrack::record(), "the tracked connection", part!(Conntrack))
        .record("mptcp", mptcp::event_record(), "what happened to a connection of MPTCP", part!(Mptcp))
        .field("text", "all of it as a line", |t| t.event.to_string())
        .show(|table| table.raw_get("text"))
}

fn stream(
    cx: &Cx<'_>,
    this: &Rc<Watch>,
    options: StreamOptions,
) -> std::result::Result<mlua::Function, Failure> {
    let deadline = options.timeout.map_or(Deadline::NEVER, Deadline::after);
    let (this, lab, record) = (this.clone(), crate::lua::lab::Lab::of(cx.lua)?, record());
    Ok(bind::raising(cx.lua, move |lua, _: MultiValue| {
        let next = this.next(&lab.namespaces, &options.filter, deadline);
        let value = match next.map_err(|e| bind::named(e, "Watch:stream"))? {
            Some(told) => Value::Table(record.table(lua, &told)?),
            None => Value::Nil,
        };
        Ok(MultiValue::from_iter([value]))
    })?)
}

impl Handle for Watch {
    fn class() -> Class<Self> {
        Class::new(
            "nsh.Watch",
            "Events that are listened for. None from after the call that made it is missed, but where the kernel says so \
             (`lost`).",
            |this: &Self| {
                let state = if this.events.borrow().is_some() { "listening" } else { "stopped" };
                format!("watch, {state}, {} events waiting", this.waiting.borrow().len())
            },
        )
        .close(|this| drop(this.events.take()))
        .runs(|this| this.events.borrow().is_some())
        .method(
            MethodDoc("events", "The events that came since the last look, the oldest first."),
            (),
            ret::list(record(), "the events; they are not told again"),
            |cx, this, ()| {
                this.look(&cx.lab.namespaces)?;
                Ok(this.waiting.borrow_mut().drain(..).collect::<Vec<_>>())
            },
        )
        .method(
            MethodDoc(
                "wait",
                "Waits for the next event that all given options fit; those before it are passed over.\n\nRaises \
                 `timeout` if there is none by then, or listening was stopped.",
            ),
            (opts(WaitOptions::shape()),),
            ret::record(record(), "the event"),
            |cx, this, (o,)| {
                let next = this.next(&cx.lab.namespaces, &o.filter, Deadline::after(o.timeout))?;
                next.ok_or_else(|| {
                    Error::new(Kind::Timeout, format!("no such event within {} s", o.timeout.as_secs_f64())).into()
                })
            },
        )
        .method(
            MethodDoc(
                "stream",
                "Iterates over the events as they come, beginning with those that wait. Ends at the deadline, or when \
                 listening was stopped.",
            ),
            (opts(StreamOptions::shape()),),
            ret::values("fun(): nsh.events.Event?", "an iterator: `for e in watch:stream({ timeout = 5 }) do`"),
            |cx, this, (options,)| stream(cx, this, options),
        )
        .method(MethodDoc("stop", "Ends it; the events that wait stay."), (), ret::nothing(), |_, this, ()| {
            drop(this.events.take());
            Ok(())
        })
    }
}

fn watch_options() -> Shape<WatchOptions> {
    let objects: Vec<_> = Object::ALL.iter().map(|object| (object.name(), *object)).collect();
    shape!(WatchOptions = "nsh.events.WatchOptions" => {
        objects: ty::one_or_list(ty::one_of(&objects)),
            "link (with ports of bridges), address, route, rule, neigh, nft, netconf (forwarding, rp_filter, ...), nsid, mdb, \
             conntrack, mptcp; one or several; default all but the last five";
        namespaces: namespace::places(),
            "listen in these namespaces, or in \"all\" that there are and that come, instead of the one called on";
    })
}

pub fn module() -> Module {
    Module::new(
        "events",
        "What changes in namespaces, as the kernel tells it: links, addresses, routes, rules, neighbours, nf_tables."
    )
    .function(
        Function::new(
            "events.watch",
            (opts(watch_options()),),
            ret::handle("the events from here on"),
            |cx, (options,)| Ok(Watch::open(cx, options)?),
        )
        .doc(
            "Listens for what changes, whoever changes it, from this call on. What the kernel puts into the table local for \
             each address is left out.\n\nThe kernel keeps some thousand events that were not looked at; beyond those it \
             drops, and tells so by an event `lost`: look anew then.\n\nConnections are told of that begin while \
             `conntrack` is watched, in namespaces where rules need them tracked; of those of MPTCP as `ip mptcp monitor` tells.",
        )
        .command("ip monitor"),
    )
}
