//! `tc.class`: classes of queueing disciplines.

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, Type, opts, param, ret, ty};
use crate::net::tc::class::{self, Class};
use crate::net::tc::fields::Handle;
use crate::net::tc::visit_classes;

fn options(name: &'static str) -> Shape<Class> {
    super::options(name, |row| row != "dev", |class, options| class.options.push(options), visit_classes)
}

pub fn record() -> Record<Class> {
    let told = ("nsh.tc.Class", "A class of a queueing discipline. Prints as in `tc class`.");
    super::record::<Class>(told, |class| &class.options, visit_classes)
        .include(super::stats(), |class| Some(&class.stats))
        .shown(Class::to_string)
}

fn classid() -> Type<Handle> {
    ty::parsed("a class such as \"1:10\"", |text| {
        let class = Handle::parse(text).filter(|class| class.0 & 0xffff != 0 && class.0 < 0xffff_0000);
        class.ok_or_else(|| format!("expected a class such as \"1:10\" (hexadecimal), got {text:?}"))
    })
}

pub fn module() -> Module {
    let dev = || param("dev", ty::link(), "the link");
    let id = || {
        param("classid", classid(), "its handle: the discipline's number, and its own, both in hexadecimal")
    };
    Module::new(
        "tc.class",
        "Classes of queueing disciplines that have some: htb, hfsc, drr. Filters choose which packets go to which.",
    )
    .function(
        Function::new(
            "tc.class.add",
            (dev(), id(), opts(options("nsh.tc.class.AddOptions"))),
            ret::nothing(),
            |cx, (dev, id, class)| Ok(class::add(cx.ns, &dev, id, &class)?),
        )
        .doc(
            "Adds a class to a queueing discipline, or to another class of it (`parent`).\n\nRaises `exists` if there is one, \
             `not_found` if the discipline isn't there.",
        )
        .command("tc class add dev DEV parent PARENT classid CLASSID KIND ..."),
    )
    .function(
        Function::new(
            "tc.class.replace",
            (dev(), id(), opts(options("nsh.tc.class.AddOptions"))),
            ret::nothing(),
            |cx, (dev, id, class)| Ok(class::replace(cx.ns, &dev, id, &class)?),
        )
        .doc("Adds a class, or changes the one there is.\n\nRaises as `tc.class.add`.")
        .command("tc class replace dev DEV parent PARENT classid CLASSID KIND ..."),
    )
    .function(
        Function::new("tc.class.del", (dev(), id()), ret::nothing(), |cx, (dev, id)| {
            Ok(class::del(cx.ns, &dev, id)?)
        })
        .doc("Deletes a class.\n\nRaises `not_found` if there is none, `busy` if classes stand in it or filters lead to it.")
        .command("tc class del dev DEV classid CLASSID"),
    )
    .function(
        Function::new(
            "tc.class.list",
            (opts(Shape::rows("nsh.tc.class.ListOptions")),),
            ret::list(record(), "the classes, with their counters"),
            |cx, (filter,)| Ok(class::list(cx.ns, &filter)?),
        )
        .doc("Lists the classes of all links, or those that all given options fit.\n\nRaises `not_found` if there is no such link.")
        .command("tc -s class show dev DEV"),
    )
}
