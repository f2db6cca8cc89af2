//! `wait`: until something is so.

mod options;
mod other;

use std::time::Duration;

use options::{AddrOptions, CounterOptions, LinkOptions, NeighOptions, PortOptions, RouteOptions};

use super::traffic;
use crate::lua::registry::Module;
use crate::lua::schema::{Cx, Failure, Function, Return, Wrong, opts, param, ret, ty};
use crate::net::{route, until};

/// What each wait returns.
fn took() -> Return<f64> {
    ret::value("number", "how long it took, in seconds")
}

fn seconds<E: Into<Failure>>(took: Result<Duration, E>) -> Result<f64, Failure> {
    Ok(took.map_err(Into::into)?.as_secs_f64())
}

fn wait_route(cx: &Cx<'_>, dst: route::Destination, options: RouteOptions) -> Result<f64, Failure> {
    let mut filter = options.filter;
    filter.like.dst = Some(dst);
    seconds(until::route(cx.ns, &filter, options.common.gone, options.common.timeout))
}

fn wait_neigh(cx: &Cx<'_>, dst: std::net::IpAddr, options: NeighOptions) -> Result<f64, Failure> {
    let goal = until::NeighGoal { gone: options.common.gone, ..options.goal };
    if goal.probe && !goal.gone {
        // A request through a link that isn't ready is lost.
        traffic::settled(cx)?;
    }
    seconds(until::neigh(cx.ns, dst, &goal, options.common.timeout))
}

fn wait_counter(cx: &Cx<'_>, what: options::Counted, options: CounterOptions) -> Result<f64, Failure> {
    match what {
        options::Counted::Link(_) if options.goals.is_empty() => {
            Err(Wrong::new("no counter was given").hint("such as { rx_packets = 10 }").within("opts").into())
        }
        options::Counted::Link(_) if options.value.is_some() => {
            Err(Wrong::new("of a link, counters are given by name: { rx_packets = 10 }")
                .within("opts.value")
                .into())
        }
        options::Counted::Link(name) => {
            seconds(until::counter(cx.ns, &name, &options.goals, options.fresh, options.timeout))
        }
        options::Counted::Function(_) if !options.goals.is_empty() => {
            Err(Wrong::new("of a function, the value is given: { value = 10 }").within("opts").into())
        }
        options::Counted::Function(f) => other::function(&f, &options),
    }
}

/// What was waited for and came is a check that held.
fn counted(function: Function) -> Function {
    function.then(|cx, returned| returned.inspect(|_| super::check::held(cx)))
}

pub fn module() -> Module {
    let module = waits();
    Module { functions: module.functions.into_iter().map(counted).collect(), ..module }
}

fn waits() -> Module {
    Module::new(
        "wait",
        "Waits for a state of the lab: by the kernel's events where it sends some, else by asking every few \
         milliseconds. Each function returns the seconds that it took, about 0 if the state was there already. Each \
         has a deadline, `timeout`, 5 seconds by default, and raises `timeout` with the state found instead. A wait \
         that succeeds counts as a check that passed. For anything else there is `eventually`; for processes, \
         `ready` of `proc.spawn`."
    )
    .function(
        Function::new(
            "wait.link",
            (param("name", ty::link_name(), "the link's name; it needn't be there yet"), opts(options::link())),
            took(),
            |cx, (name, o): (String, LinkOptions)| {
                let goal = until::LinkGoal { gone: o.common.gone, ..o.goal };
                seconds(until::link(&cx.lab.namespaces, cx.ns, &name, &goal, o.common.timeout))
            },
        )
        .doc(
            "Waits until a link is ready to carry packets: up, with its carrier and its state (RFC 2863), and as a port \
             of a bridge forwarding. With options, until it is as they say; other things don't count then.\n\nRaises \
             `timeout` with the reason, such as \"eth0 has no carrier: its peer veth0 in host is down\".",
        )
        .command("ip monitor link"),
    )
    .function(
        Function::new(
            "wait.addr",
            (
                param("addr", ty::prefix(), "the address; a prefix length must fit too"),
                opts(options::addr()),
            ),
            took(),
            |cx, (addr, o): (ipnetwork::IpNetwork, AddrOptions)| {
                let (all, dev) = (&cx.lab.namespaces, o.dev.as_deref());
                seconds(until::addr(all, cx.ns, addr, dev, o.common.gone, o.common.timeout))
            },
        )
        .doc(
            "Waits until the namespace has an address that it can use: of IPv6, past duplicate address detection. \
             \n\nRaises `address_in_use` as soon as that found another host with the address, `timeout` with how it \
             is.",
        )
        .command("ip monitor address"),
    )
    .function(
        Function::new(
            "wait.route",
            (
                param(
                    "dst",
                    super::route::dst(),
                    "the destination: \"default\", \"10.0.0.0/8\" or \"fd00::/64\", exactly",
                ),
                opts(options::route()),
            ),
            took(),
            |cx, (dst, o)| wait_route(cx, dst, o),
        )
        .doc(
            "Waits until there is a route to a destination that all given options fit; with `gone`, until there is \
             none. `wait.route(\"default\", { family = \"inet6\" })` waits for one of IPv6.\n\nRaises `timeout` with \
             the routes to it that there are.",
        )
        .command("ip monitor route"),
    )
    .function(
        Function::new(
            "wait.neigh",
            (param("dst", ty::ip(), "the neighbour's address"), opts(options::neigh())),
            took(),
            |cx, (dst, o)| wait_neigh(cx, dst, o),
        )
        .doc(
            "Waits until the hardware address of a neighbour is known. The kernel is made to ask for it (ARP, NDP), and \
             again when nobody answered, unless `probe` is false.\n\nRaises `timeout` with what is known instead, such \
             as that it FAILED; `network_unreachable` or `argument` if no link leads to it.",
        )
        .command("ip neigh replace DST dev DEV use; ip monitor neigh"),
    )
    .function(
        Function::new(
            "wait.port",
            (
                param("port", options::listening(), "the port, or \"ADDRESS:PORT\" for one address of this namespace"),
                opts(options::port()),
            ),
            took(),
            |cx, ((ip, port), o): (_, PortOptions)| {
                let goal = until::PortGoal { proto: o.proto, port, ip, gone: o.common.gone };
                seconds(until::port(cx.ns, &goal, o.common.timeout))
            },
        )
        .doc(
            "Waits until a process in this namespace listens on a port, on every address or on the one given; with \
             `gone`, until none does. Nothing is sent: `wait.connect` tries it from outside.\n\nRaises `timeout` with \
             the addresses on which something listens there.",
        )
        .command("ss -ltn"),
    )
    .function(
        Function::new(
            "wait.connect",
            (
                param("address", ty::string(), "\"HOST:PORT\": an address or a namespace's name, and a port"),
                opts(options::connect()),
            ),
            took(),
            |cx, (address, o)| other::connect(cx, &address, &o),
        )
        .doc(
            "Waits until a TCP connection from this namespace to an address succeeds, and closes it again.\n\nRaises \
             `timeout` with what the last try came to.",
        )
        .command("nc -z HOST PORT"),
    )
    .function(
        Function::new(
            "wait.counter",
            (
                param("what", options::counted(), "a link's name; or a function that returns a number"),
                opts(options::counter()),
            ),
            took(),
            |cx, (what, o)| wait_counter(cx, what, o),
        )
        .doc(
            "Waits until the counters of a link (those of `link.stats`) have reached the given values, all of them; or \
             until a function returns at least `value`.\n\nRaises `timeout` with how far they are, `not_found` if \
             there is no such link.",
        ),
    )
    .function(
        Function::new(
            "wait.namespace",
            (param("name", ty::string(), "its name"), opts(options::common("nsh.wait.NamespaceOptions"))),
            took(),
            |cx, (name, o)| other::namespace(cx, &name, &o),
        )
        .doc(
            "Waits until there is a namespace of that name, such as one that another program makes; with `gone`, until \
             there is none.\n\nRaises `timeout`.",
        )
        .command("ip netns monitor"),
    )
}
