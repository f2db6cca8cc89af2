//! `xfrm`: states and policies of IPsec.

use mlua::Table;

use crate::lua::registry::Module;
use crate::lua::schema::{Builder, Function, Record, Shape, Type, object, opts, ret, ty};
use crate::net::xfrm::{Lifetime, Policy, Selector, State, Template, policy as policies, state as states};

const KEY: [&str; 6] = ["dst", "proto", "spi", "src", "mark", "mask"];

fn sel() -> Type<Selector> {
    Shape::rows("nsh.xfrm.Selector").into()
}

/// What tells a state from others.
fn state_key() -> Shape<State> {
    Shape::rows_where("nsh.xfrm.StateKey", |row| KEY.contains(&row)).requiring("proto").requiring("dst")
}

fn state_options(name: &'static str) -> Shape<State> {
    Shape::<State>::rows(name)
        .field(
            "sel",
            sel(),
            "the packets that it is for; default those that the policy sends to it",
            |state, sel| state.sel = sel,
        )
        .include(Shape::<Lifetime>::rows(name), |state| &mut state.life)
}

pub(super) fn state_record() -> Record<State> {
    let sel = Builder::<Selector>::rows("nsh.XfrmSelector", "The packets that a state is for.");
    Builder::<State>::rows("nsh.XfrmState", "A state of IPsec. Prints as in `ip xfrm state`, with its keys.")
        .record("sel", sel.plain(), "the packets that it is for", |state| Some(&state.sel))
        .include(Builder::<Lifetime>::rows("nsh.XfrmLifetime", "").plain(), |state| Some(&state.life))
        .show(|table| {
            let mut state: State = object(table);
            state.life = object(table);
            state.sel = table.raw_get::<Table>("sel").map(|sel| object(&sel)).unwrap_or_default();
            Ok(state.to_string())
        })
}

pub fn module() -> Module {
    Module::new(
        "xfrm",
        "IPsec. `xfrm.state` has the states (security associations), which say how packets are protected; `xfrm.policy` has \
         the policies, which say which packets are. The kernel asks nobody for keys: both ends are given the same ones.",
    )
}

pub fn state() -> Module {
    Module::new("xfrm.state", "States of IPsec: how packets are protected, by which algorithms and keys.")
        .function(
            Function::new(
                "xfrm.state.add",
                (opts(state_options("nsh.xfrm.StateOptions").requiring("proto").requiring("dst")),),
                ret::nothing(),
                |cx, (state,)| Ok(states::add(cx.ns, &state)?),
            )
            .doc(
                "Adds a state. Each direction needs its own, on both ends.\n\nRaises `exists` if there is one for its dst, \
                 proto and spi, `invalid` if a key has the wrong length, `unsupported` if the kernel lacks the protocol or an \
                 algorithm. No error shows a key.",
            )
            .command("ip xfrm state add src SRC dst DST proto esp spi SPI mode MODE aead NAME KEY BITS"),
        )
        .function(
            Function::new("xfrm.state.del", (opts(state_key()),), ret::nothing(), |cx, (key,)| {
                Ok(states::del(cx.ns, &key)?)
            })
            .doc("Deletes a state.\n\nRaises `not_found` if there is none with this dst, proto and spi.")
            .command("ip xfrm state delete dst DST proto PROTO spi SPI"),
        )
        .function(
            Function::new(
                "xfrm.state.get",
                (opts(state_key()),),
                ret::optional(state_record(), "the state, or nil"),
                |cx, (key,)| Ok(states::get(cx.ns, &key)?),
            )
            .doc("Finds a state, with its keys and what passed by it.")
            .command("ip xfrm state get dst DST proto PROTO spi SPI"),
        )
        .function(
            Function::new(
                "xfrm.state.list",
                (opts(state_options("nsh.xfrm.StateListOptions")),),
                ret::list(state_record(), "the states"),
                |cx, (filter,)| Ok(states::list(cx.ns, &filter)?),
            )
            .doc("Lists the states, or those that have all that is given.")
            .command("ip xfrm state list"),
        )
        .function(
            Function::new(
                "xfrm.state.flush",
                (opts(state_options("nsh.xfrm.StateListOptions")),),
                ret::value::<usize>("integer", "how many were deleted"),
                |cx, (filter,)| Ok(states::flush(cx.ns, &filter)?),
            )
            .doc("Deletes all states, or those that have all that is given.")
            .command("ip xfrm state deleteall"),
        )
}

fn templates() -> Type<Vec<Template>> {
    ty::one_or_list(Shape::<Template>::rows("nsh.xfrm.Template").requiring("proto").into())
}

fn policy_options(name: &'static str, which: fn(&str) -> bool) -> Shape<Policy> {
    Shape::<Policy>::rows_where(name, which).include(Shape::<Selector>::rows(name), |policy| &mut policy.sel)
}

fn with_templates(name: &'static str) -> Shape<Policy> {
    policy_options(name, |_| true)
        .field(
            "tmpl",
            templates(),
            "what protects the packets: a table for a state, or a list of them, the innermost first; default nothing",
            |policy, templates| policy.templates = templates,
        )
        .include(Shape::<Lifetime>::rows(name), |policy| &mut policy.life)
}

fn policy_key() -> Shape<Policy> {
    let key = |row: &str| matches!(row, "dir" | "family" | "index" | "mark" | "mask" | "if_id");
    policy_options("nsh.xfrm.PolicyKey", key).requiring("dir")
}

pub(super) fn policy_record() -> Record<Policy> {
    let template = Builder::<Template>::rows(
        "nsh.XfrmTemplate",
        "What a state must be like to protect a policy's packets.",
    );
    Builder::<Policy>::rows("nsh.XfrmPolicy", "A policy of IPsec. Prints as in `ip xfrm policy`.")
        .include(Builder::<Selector>::rows("nsh.XfrmSelected", "").plain(), |policy| Some(&policy.sel))
        .list("tmpl", template.plain(), "what protects the packets", |policy| &policy.templates)
        .include(Builder::<Lifetime>::rows("nsh.XfrmLifetime", "").plain(), |policy| Some(&policy.life))
        .show(|table| {
            let mut policy: Policy = object(table);
            (policy.sel, policy.life) = (object(table), object(table));
            let templates = table.raw_get::<Vec<Table>>("tmpl").unwrap_or_default();
            policy.templates = templates.iter().map(object).collect();
            Ok(policy.to_string())
        })
}

pub fn policy() -> Module {
    let send =
        |name, call: fn(&crate::net::namespace::Namespace, &Policy) -> crate::base::error::Result<()>| {
            let options = with_templates("nsh.xfrm.PolicyOptions").requiring("dir");
            Function::new(name, (opts(options),), ret::nothing(), move |cx, (policy,)| {
                Ok(call(cx.ns, &policy)?)
            })
        };
    Module::new("xfrm.policy", "Policies of IPsec: which packets are protected, and by what states.")
        .function(
            send("xfrm.policy.add", policies::add)
                .doc(
                    "Adds a policy. Packets that fit must have been protected as `tmpl` says, or (`dir = \"out\"`) are; where \
                     there is no such state, they are dropped. A tunnel needs `out` on one end, and `in` and, for what it \
                     forwards, `fwd` on the other.\n\nRaises `exists` if there is one for the same packets.",
                )
                .command("ip xfrm policy add src SRC dst DST dir DIR tmpl src SRC dst DST proto esp mode tunnel"),
        )
        .function(
            send("xfrm.policy.replace", policies::replace)
                .doc("Adds a policy, or puts it in the place of the one for the same packets.")
                .command("ip xfrm policy update src SRC dst DST dir DIR tmpl src SRC dst DST proto esp mode tunnel"),
        )
        .function(
            Function::new("xfrm.policy.del", (opts(policy_key()),), ret::nothing(), |cx, (key,)| {
                Ok(policies::del(cx.ns, &key)?)
            })
            .doc(
                "Deletes the policy for exactly these packets, or the one of this index.\n\nRaises `not_found` if there is \
                 none.",
            )
            .command("ip xfrm policy delete src SRC dst DST dir DIR"),
        )
        .function(
            Function::new(
                "xfrm.policy.get",
                (opts(policy_key()),),
                ret::optional(policy_record(), "the policy, or nil"),
                |cx, (key,)| Ok(policies::get(cx.ns, &key)?),
            )
            .doc("Finds the policy for exactly these packets, or the one of this index.")
            .command("ip xfrm policy get src SRC dst DST dir DIR"),
        )
        .function(
            Function::new(
                "xfrm.policy.list",
                (opts(with_templates("nsh.xfrm.PolicyListOptions")),),
                ret::list(policy_record(), "the policies"),
                |cx, (filter,)| Ok(policies::list(cx.ns, &filter)?),
            )
            .doc("Lists the policies, or those that have all that is given. Those of single sockets are left out.")
            .command("ip xfrm policy list nosock"),
        )
        .function(
            Function::new(
                "xfrm.policy.flush",
                (opts(with_templates("nsh.xfrm.PolicyListOptions")),),
                ret::value::<usize>("integer", "how many were deleted"),
                |cx, (filter,)| Ok(policies::flush(cx.ns, &filter)?),
            )
            .doc("Deletes all policies, or those that have all that is given.")
            .command("ip xfrm policy deleteall"),
        )
}
