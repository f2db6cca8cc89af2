//! `tc.filter`: filters, and what they do with packets.

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, Type, field, opts, param, ret, ty};
use crate::net::tc::action::Action;
use crate::net::tc::filter::{self, Filter, On};
use crate::net::tc::{Control, visit_actions, visit_filters};

/// An action, or the word for what only decides.
fn action() -> Type<Action> {
    let shape = super::options::<Action>(
        "nsh.tc.ActionOptions",
        |_| true,
        |action, options| action.options.push(options),
        visit_actions,
    );
    Type::from(shape)
        .called("a table of options")
        .or(field::<Control>().map(Action::of).called("a word such as \"drop\""))
}

fn options(name: &'static str) -> Shape<Filter> {
    let put = |filter: &mut Filter, options| filter.options.push(options);
    super::options(name, |row| row != "dev" && row != "block", put, visit_filters).field(
        "actions",
        ty::one_or_list(action()),
        "what is done with the packets, one after another: \"drop\", or `{ mirred = { dev = \"eth1\" } }`",
        |filter: &mut Filter, actions| filter.actions = actions,
    )
}

fn action_record() -> Record<Action> {
    let told = ("nsh.tc.Action", "What a filter does with packets. Prints as in `tc filter`.");
    super::record::<Action>(told, |action| &action.options, visit_actions)
        .include(super::stats(), |action| Some(&action.stats))
        .shown(Action::to_string)
}

pub fn record() -> Record<Filter> {
    let told = ("nsh.tc.Filter", "A filter. Prints as in `tc filter`, on one line.");
    super::record::<Filter>(told, |filter| &filter.options, visit_filters)
        .list(
            "actions",
            action_record(),
            "what is done with the packets; the counters say how many there were",
            |filter| &filter.actions,
        )
        .shown(Filter::to_string)
}

pub fn module() -> Module {
    let on = || {
        let block = ty::int(1..=u32::MAX - 1).map(On::Block);
        param(
            "on",
            ty::link().map(On::Dev).or(block),
            "the link, or the number of a block of filters that links share",
        )
    };
    Module::new(
        "tc.filter",
        "Filters: which packets go to which class, and what is done with them. The options of a kind stand in a table of its \
         name, those of an action too: `tc.filter.add(\"eth0\", { parent = \"ingress\", flower = { dst_ip = \"10.0.0.1\" }, \
         actions = \"drop\" })`.",
    )
    .function(
        Function::new(
            "tc.filter.add",
            (on(), opts(options("nsh.tc.filter.AddOptions"))),
            ret::nothing(),
            |cx, (on, filter)| Ok(filter::add(cx.ns, &on, &filter)?),
        )
        .doc(
            "Adds a filter to a queueing discipline (`parent = \"1:\"`), or at the way in or out of a link that has a `clsact` \
             (`parent = \"ingress\"`, `\"egress\"`); or to a block, by its number, which links share whose clsact names it \
             (`ingress_block`, `egress_block`).\n\nRaises `exists` if there is such a one, `not_found` if the \
             discipline isn't there, `unsupported` if the kernel lacks the kind or an action.",
        )
        .command("tc filter add dev DEV parent PARENT protocol PROTOCOL pref PREF KIND ... action ..."),
    )
    .function(
        Function::new(
            "tc.filter.replace",
            (on(), opts(options("nsh.tc.filter.AddOptions"))),
            ret::nothing(),
            |cx, (on, filter)| Ok(filter::replace(cx.ns, &on, &filter)?),
        )
        .doc(
            "Adds a filter, or puts it in the place of the one with this `pref`, `protocol` and `handle`.\n\nRaises as \
             `tc.filter.add`.",
        )
        .command("tc filter replace dev DEV parent PARENT protocol PROTOCOL pref PREF handle HANDLE KIND ..."),
    )
    .function(
        Function::new(
            "tc.filter.del",
            (on(), opts(Shape::rows_where("nsh.tc.filter.DelOptions", |row| row != "dev" && row != "block"))),
            ret::nothing(),
            |cx, (on, which)| Ok(filter::del(cx.ns, &on, &which)?),
        )
        .doc(
            "Deletes filters of a place: the one with this `pref`, `kind` and `handle`, all with this `pref`, or, with `parent` \
             alone, all.\n\nRaises `not_found` if there is none.",
        )
        .command("tc filter del dev DEV parent PARENT pref PREF"),
    )
    .function(
        Function::new(
            "tc.filter.list",
            (opts(Shape::rows("nsh.tc.filter.ListOptions")),),
            ret::list(record(), "the filters, with their actions and how many packets these met"),
            |cx, (filter,)| Ok(filter::list(cx.ns, &filter)?),
        )
        .doc("Lists the filters of all links, or those that all given options fit.\n\nRaises `not_found` if there is no such link.")
        .command("tc -s filter show dev DEV"),
    )
}
