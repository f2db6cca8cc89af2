//! `rule`: which routing table is looked up for which packets.

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, opts, ret};
use crate::net::rule::{self, Rule};

fn options(name: &'static str) -> Shape<Rule> {
    Shape::rows(name)
}

pub fn record() -> Record<Rule> {
    Record::rows("nsh.Rule", "A rule of policy routing. Prints as in `ip rule`.")
}

pub fn module() -> Module {
    Module::new(
        "rule",
        "Rules of policy routing: which routing table is asked for which packets.\n\nThe kernel asks the rules in the \
         order of their priorities. It begins with three: 0 for the table local, 32766 for main and 32767 for default. \
         IPv4 and IPv6 have rules of their \
         own, and IPv6 has none for default."
    )
    .function(
        Function::new("rule.add", (opts(options("nsh.rule.AddOptions")),), ret::nothing(), |cx, (spec,)| {
            Ok(rule::add(cx.ns, &spec)?)
        })
        .doc(
            "Adds a rule for the packets that all given options fit. `table` (default main), `l3mdev`, `type` or \
             `goto_priority` says what happens to them. The rule is one of IPv4 unless an address or `family` says \
             otherwise. Without `priority` the kernel puts it before all rules but the one of priority 0, so also \
             before those that were added like this earlier.\n\n\
             Raises `exists` if the same rule is there, `argument` if options contradict each other.",
        )
        .listed(None)
        .command("ip rule add from PREFIX table TABLE priority PRIORITY"),
    )
    .function(
        Function::new("rule.del", (opts(options("nsh.rule.DelOptions")),), ret::nothing(), |cx, (spec,)| {
            Ok(rule::del(cx.ns, &spec)?)
        })
        .doc(
            "Deletes the first rule that has all that is given; IPv4's are looked through first.\n\nRaises `not_found` \
             if there is none.",
        )
        .command("ip rule del from PREFIX table TABLE"),
    )
    .function(
        Function::new(
            "rule.get",
            (opts(options("nsh.rule.GetOptions")),),
            ret::optional(record(), "the rule, or nil"),
            |cx, (spec,)| Ok(rule::list(cx.ns, &spec)?.into_iter().next()),
        )
        .doc("Finds the first rule that has all that is given; IPv4's are looked through first."),
    )
    .function(
        Function::new(
            "rule.list",
            (opts(options("nsh.rule.ListOptions")),),
            ret::list(record(), "the rules, in the order in which they are asked, IPv4 first"),
            |cx, (spec,)| Ok(rule::list(cx.ns, &spec)?),
        )
        .doc("Lists the rules of IPv4 and IPv6, or those that have all that is given.")
        .command("ip rule show; ip -6 rule show"),
    )
    .function(
        Function::new(
            "rule.flush",
            (opts(options("nsh.rule.FlushOptions")),),
            ret::value::<usize>("integer", "how many were deleted"),
            |cx, (spec,)| Ok(rule::flush(cx.ns, &spec)?),
        )
        .doc(
            "Deletes the rules that have all that is given, those of the tables main and default too, but those of \
             priority 0 only if `priority` says so.",
        )
        .command("ip rule flush"),
    )
}
