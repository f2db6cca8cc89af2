//! `lab`: the lab as a whole.

pub mod compare;
mod steady;
mod text;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{
    addr, fdb, json, link, mdb, mpls, mptcp, mroute, nat, neigh, nexthop, nft, route, rule, socket, tc, vlan,
    wireguard, xfrm,
};
use crate::base::error::{Error, Result};
use crate::draw::{Form, Picture};
use crate::lua::registry::Module;
use crate::lua::schema::{Cx, Failure, Function, Record, Type, options, opts, param, ret, ty};
use crate::model::Words;
use crate::net::defaults::Difference;
use crate::net::state::{self, State};
use crate::proc::list::{self, Listed};

pub use text::{difference, text};

/// A namespace at one moment, with what nft shows of it.
struct Space {
    state: State,
    nft: Option<String>,
}

/// A process, and the name of its namespace.
struct Process {
    process: Listed,
    namespace: Option<String>,
}

/// The lab at one moment.
pub struct Moment {
    /// Seconds since 1970.
    time: f64,
    spaces: Vec<Space>,
    processes: Vec<Process>,
}

/// Looks at everything.
pub fn now(cx: &Cx<'_>) -> Result<Moment> {
    let time = crate::io::now();
    let spaces: Vec<Space> =
        state::all(&cx.lab.namespaces)?.into_iter().map(|state| with_nft(cx, state)).collect();
    let names: HashMap<u64, &str> =
        spaces.iter().map(|s| (s.state.namespace.inode(), s.state.namespace.name())).collect();
    let own = std::process::id();
    let processes = list::list().into_iter().filter(|p| p.pid != own && p.pid != 1);
    let processes = processes
        .map(|process| {
            let namespace = process.netns.and_then(|inode| names.get(&inode)).map(|name| (*name).to_owned());
            Process { process, namespace }
        })
        // Under --host there are the machine's too, which are no part of the lab.
        .filter(|p| cx.lab.place.sandboxed || p.namespace.as_deref().is_some_and(|ns| ns != "host"))
        .collect();
    Ok(Moment { time, spaces, processes })
}

/// nft takes its time, so it is only asked where there is something.
fn with_nft(cx: &Cx<'_>, mut state: State) -> Space {
    if !state.nf_tables {
        return Space { state, nft: None };
    }
    let ns = state.namespace.clone();
    let nft = match nft::ruleset(&Cx { ns: &ns, ..*cx }) {
        Ok(ruleset) => Some(ruleset),
        Err(e) => {
            state.problems.push(format!("nft: {}", e.message()));
            None
        }
    };
    Space { state, nft }
}

fn sysctl() -> Record<Difference> {
    Record::of("nsh.lab.Sysctl", "A kernel parameter that isn't as in a new namespace.")
        .field("name", "its name, as `sysctl.get` takes it", |d: &Difference| d.name.clone())
        .field("value", "its value", |d| d.value.clone())
        .field("default", "what a new namespace has; of a link, what its namespace's `default` says", |d| {
            d.default.clone()
        })
        .shown(|d| format!("{} = {} (default {})", d.name, d.value, d.default))
}

fn process() -> Record<Process> {
    Record::of("nsh.lab.Process", "A process of the lab.")
        .field("pid", "its number", |p: &Process| p.process.pid)
        .field("parent", "its parent's number", |p| p.process.parent)
        .field("name", "its program's name", |p| p.process.name.clone())
        .field("command", "its arguments, the program first", |p| p.process.command.clone())
        .field("state", "R running, S sleeping, T stopped, Z ended but not waited for, ...", |p| {
            p.process.state.to_string()
        })
        .field("uid", "its user", |p| p.process.uid)
        .field("namespace", "the namespace that it is in, if it is one of the lab", |p| p.namespace.clone())
        .show(show_process)
}

/// As in `ps`: its number, its parent's, its state, its namespace, its arguments.
fn show_process(p: &mlua::Table) -> mlua::Result<String> {
    let text = |key: &str| p.raw_get::<Option<String>>(key).map(Option::unwrap_or_default);
    let command = Some(text("command")?).filter(|c| !c.is_empty());
    let command = command.map_or_else(|| text("name").map(|name| format!("[{name}]")), Ok)?;
    let namespace = Some(text("namespace")?).filter(|ns| !ns.is_empty()).unwrap_or_else(|| "?".to_owned());
    Ok(format!("{:>6} {:>6} {} {namespace:<10} {command}", text("pid")?, text("parent")?, text("state")?))
}

fn space() -> Record<Space> {
    Record::of("nsh.lab.Namespace", "What a namespace has, each list as its module's `list` returns it.")
        .list("links", link::record::link(), "as `link.list`", |s: &Space| &s.state.links)
        .list("addresses", addr::record(), "as `addr.list`", |s| &s.state.addresses)
        .list(
            "routes",
            route::record(),
            "of all tables, but for what the kernel keeps in the table local for each address",
            |s| &s.state.routes,
        )
        .list("mpls", mpls::record(), "of MPLS, as `mpls.list`", |s| &s.state.mpls)
        .list("rules", rule::record(), "as `rule.list`", |s| &s.state.rules)
        .list("neighbours", neigh::record(), "as `neigh.list`, with those of proxy ARP and NDP behind", |s| {
            &s.state.neighbours
        })
        .list("fdb", fdb::record(), "the forwarding databases of bridges and links, as `fdb.list`", |s| {
            &s.state.fdb
        })
        .list("mdb", mdb::record(), "the multicast databases of bridges, as `mdb.list`", |s| &s.state.mdb)
        .list("vlans", vlan::record(), "of bridges and their ports, as `vlan.list`", |s| &s.state.vlans)
        .list(
            "qdiscs",
            tc::qdisc::record(),
            "the queueing disciplines that somebody has set, as `tc.qdisc.list`",
            |s| &s.state.qdiscs,
        )
        .list("classes", tc::class::record(), "as `tc.class.list`", |s| &s.state.classes)
        .list("filters", tc::filter::record(), "as `tc.filter.list`", |s| &s.state.filters)
        .list("nat", nat::record(), "as `nat.list`", |s| &s.state.nat)
        .list("xfrm_states", xfrm::state_record(), "as `xfrm.state.list`", |s| &s.state.xfrm_states)
        .list("xfrm_policies", xfrm::policy_record(), "as `xfrm.policy.list`", |s| &s.state.xfrm_policies)
        .list("wireguard", wireguard::record(), "as `wireguard.list`, without the secret keys", |s| {
            &s.state.wireguard
        })
        .list("nexthops", nexthop::record(), "as `nexthop.list`", |s| &s.state.nexthops)
        .list("mptcp", mptcp::record(), "endpoints of MPTCP, as `mptcp.list`", |s| &s.state.mptcp)
        .list("mroute", mroute::record(), "routes of multicast, as `mroute.list`", |s| &s.state.mroute)
        .field("nft", "the whole ruleset, as nft shows it, if there is one and nft is installed", |s| {
            s.nft.clone()
        })
        .list("sockets", socket::record(), "of all protocols, as `socket.list`", |s| &s.state.sockets)
        .list("sysctls", sysctl(), "the parameters that aren't as in a new namespace", |s| &s.state.sysctls)
        .field("problems", "what could not be read, and why", |s| s.state.problems.clone())
        .show(text::of_space)
}

/// A table that [`record()`] made.
fn state() -> Type<mlua::Table> {
    ty::table()
        .try_map(|table| match table.raw_get("namespaces") {
            Ok(mlua::Value::Table(_)) => Ok(table),
            _ => Err("expected what lab.state returned".to_owned()),
        })
        .luals("nsh.lab.State")
        .called("a state, as lab.state returns it")
}

/// The record of a moment: a table that prints as [`text()`] shows it.
pub fn record() -> Record<Moment> {
    Record::of(
        "nsh.lab.State",
        "The lab at one moment. Prints as `ip` and `ss` show its parts, namespace by namespace.",
    )
    .field("time", "when, in seconds since 1970", |m: &Moment| m.time)
    .map("namespaces", space(), "what each namespace has, by its name", |m| {
        m.spaces.iter().map(|s| (s.state.namespace.name(), s)).collect()
    })
    .list("processes", process(), "the processes of the lab, but for nsh's own", |m| &m.processes)
    .show(text)
}

/// The table as JSON, indented.
pub fn to_json(state: &mlua::Table) -> String {
    match json::to_json(&mlua::Value::Table(state.clone()), 0) {
        Ok(json) => serde_json::to_string_pretty(&json).unwrap_or_default(),
        Err(wrong) => serde_json::json!({ "error": Error::from(wrong).message() }).to_string(),
    }
}

struct Info {
    sandboxed: bool,
    namespaces: Vec<String>,
}

fn info() -> Record<Info> {
    Record::of("nsh.lab.Info", "What the lab is.")
        .field("sandboxed", "false under --host", |i: &Info| i.sandboxed)
        .field("version", "nsh's version", |_| env!("CARGO_PKG_VERSION"))
        .field("kernel", "the kernel's release, as `uname -r` tells it", |_| {
            nix::sys::utsname::uname().map(|u| u.release().to_string_lossy().into_owned()).unwrap_or_default()
        })
        .field("namespaces", "the names of the namespaces, host first", |i| i.namespaces.clone())
        .plain()
}

options! {
    struct DrawOptions = "nsh.lab.DrawOptions" {
        form: Option<Form>, ty::one_of(Form::WORDS), "svg, dot, mermaid or text; default as the file's ending says, or text";
    }
}

fn draw(cx: &Cx<'_>, path: Option<&Path>, form: Option<Form>) -> std::result::Result<String, Failure> {
    let form = match (form, path) {
        (Some(form), _) => form,
        (None, Some(path)) => Form::of(path)?,
        (None, None) => Form::Text,
    };
    let text = Picture::of(&cx.lab.namespaces)?.write(form);
    if let Some(path) = path {
        std::fs::write(path, &text)
            .map_err(|e| Error::from(e).detail(format!("writing {}", path.display())))?;
    }
    Ok(text)
}

pub fn module() -> Module {
    Module::new("lab", "The lab as a whole.")
        .function(
            Function::new("lab.state", (), ret::record(record(), "everything"), |cx, ()| Ok(now(cx)?))
                .doc(
                    "Reads the state of the whole lab: for each namespace its links, addresses, routes, rules, \
                     neighbours, forwarding databases, traffic control, NAT rules, states and policies of IPsec, WireGuard, nexthop objects, endpoints of MPTCP, routes of multicast, the nft ruleset, sockets, and the kernel \
                     parameters that aren't as in a new namespace; and the processes. A part that can't be read is \
                     named in `problems`; the others are complete.\n\n\
                     Each list is what the module's own `list` returns, so that `json.encode` makes JSON of it and \
                     `print` shows it as people know it.",
                ),
        )
        .function(
            Function::new(
                "lab.difference",
                (
                    param("before", state(), "what `lab.state` returned first"),
                    param("after", state(), "what it returned later"),
                ),
                ret::value::<String>("string", "the lines, an empty string if nothing differs"),
                |cx, (before, after)| Ok(difference(cx.lua, &before, &after)?),
            )
            .doc(
                "Compares two states, and returns the differences as lines: `-` for what was there before, `+` for \
                 what is there after, below the namespace and the part.\n\n\
                 What the kernel does by itself is left out: link-local addresses and whether an address is still \
                 tentative, groups that links join, addresses that bridges learn, whether a learned neighbour was \
                 confirmed lately, times that are left.",
            ),
        )
        .function(
            Function::new("lab.info", (), ret::record(info(), "what is known of it"), |cx, ()| {
                let namespaces = cx.lab.namespaces.all()?.iter().map(|ns| ns.name().to_owned()).collect();
                Ok(Info { sandboxed: cx.lab.place.sandboxed, namespaces })
            })
            .doc("Describes the lab: whether it is a sandbox, on which kernel, and its namespaces."),
        )
        .function(
            Function::new(
                "lab.draw",
                (
                    param("path", ty::string().map(PathBuf::from), "the file: .svg, .dot, .mmd (Mermaid) or .txt; left out, none is written").optional(),
                    opts(DrawOptions::shape()),
                ),
                ret::value::<String>("string", "the picture"),
                |cx, (path, options)| draw(cx, path.as_deref(), options.form),
            )
            .doc(
                "Draws the lab: namespaces as boxes with their links, addresses, VLANs, states and NAT rules, and a line for each \
                 link between two of them, dashed where it is down.\n\n\
                 Raises `argument` for another ending, `read_only` where the sandbox lets nothing be written.",
            ),
        )
}
