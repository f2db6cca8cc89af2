//! `tc.qdisc`: queueing disciplines.

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, opts, param, ret, ty};
use crate::net::tc::qdisc::{self, Qdisc};
use crate::net::tc::visit_qdiscs;

fn options(name: &'static str) -> Shape<Qdisc> {
    super::options(name, |row| row != "dev", |qdisc, options| qdisc.options.push(options), visit_qdiscs)
}

pub fn record() -> Record<Qdisc> {
    let told = ("nsh.tc.Qdisc", "A queueing discipline. Prints as in `tc qdisc`.");
    super::record::<Qdisc>(told, |qdisc| &qdisc.options, visit_qdiscs)
        .include(super::stats(), |qdisc| Some(&qdisc.stats))
        .shown(Qdisc::to_string)
}

pub fn module() -> Module {
    let dev = || param("dev", ty::link(), "the link");
    Module::new(
        "tc.qdisc",
        "Queueing disciplines: in which order, how fast and how many packets leave a link. The options of a kind stand in a \
         table of its name: `tc.qdisc.add(\"eth0\", { handle = \"1:\", htb = { default = \"10\" } })`.",
    )
    .function(
        Function::new(
            "tc.qdisc.add",
            (dev(), opts(options("nsh.tc.qdisc.AddOptions"))),
            ret::nothing(),
            |cx, (dev, qdisc)| Ok(qdisc::add(cx.ns, &dev, &qdisc)?),
        )
        .doc(
            "Adds a queueing discipline: at the link's root, or in the class that `parent` names; `clsact` and `ingress` stand \
             beside it.\n\nRaises `exists` if there is one, `not_found` if the link or the class isn't there, `unsupported` if \
             the kernel lacks the kind.",
        )
        .command("tc qdisc add dev DEV parent PARENT handle HANDLE KIND ..."),
    )
    .function(
        Function::new(
            "tc.qdisc.replace",
            (dev(), opts(options("nsh.tc.qdisc.AddOptions"))),
            ret::nothing(),
            |cx, (dev, qdisc)| Ok(qdisc::replace(cx.ns, &dev, &qdisc)?),
        )
        .doc(
            "Adds a queueing discipline, or puts it in the place of the one there is. One of the same kind is changed, and the \
             packets that wait in it stay.\n\nRaises as `tc.qdisc.add`.",
        )
        .command("tc qdisc replace dev DEV parent PARENT handle HANDLE KIND ..."),
    )
    .function(
        Function::new(
            "tc.qdisc.del",
            (dev(), opts(Shape::rows_where("nsh.tc.qdisc.DelOptions", |row| row != "dev"))),
            ret::nothing(),
            |cx, (dev, which)| Ok(qdisc::del(cx.ns, &dev, &which)?),
        )
        .doc(
            "Deletes a queueing discipline, the one at the link's root unless `parent` or `kind` (\"clsact\") says another; with \
             it go its classes and filters.\n\nRaises `not_found` if nobody has set one there.",
        )
        .command("tc qdisc del dev DEV root"),
    )
    .function(
        Function::new(
            "tc.qdisc.get",
            (dev(), opts(Shape::rows_where("nsh.tc.qdisc.DelOptions", |row| row != "dev"))),
            ret::optional(record(), "the queueing discipline, or nil"),
            |cx, (dev, which)| Ok(qdisc::get(cx.ns, &dev, &which)?),
        )
        .doc(
            "Finds a queueing discipline, the one at the link's root unless told otherwise; the kernel's own, too.\n\nRaises \
             `not_found` if there is no such link.",
        )
        .command("tc -s qdisc show dev DEV root"),
    )
    .function(
        Function::new(
            "tc.qdisc.list",
            (opts(Shape::rows("nsh.tc.qdisc.ListOptions")),),
            ret::list(record(), "the queueing disciplines, with their counters"),
            |cx, (filter,)| Ok(qdisc::list(cx.ns, &filter)?),
        )
        .doc("Lists the queueing disciplines of all links, or those that all given options fit.\n\nRaises `not_found` if there is no such link.")
        .command("tc -s qdisc show"),
    )
}
