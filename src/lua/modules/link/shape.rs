//! `link.shape`: delay, loss and rate of a link.

use std::rc::Rc;

use crate::lua::schema::{Function, Record, Shape as Options, ShapeDoc, Type, param, ret, ty};
use crate::net::tc::{self, Shape};

/// How a link is shaped.
pub fn record() -> Record<Shape> {
    Record::rows("nsh.Shape", "How a link shapes what it sends. Prints as in `tc qdisc`.")
}

fn options() -> Options<Shape> {
    Options::rows("nsh.link.ShapeOptions")
}

/// The options that have this name, for those who take them besides their own.
pub fn options_called(name: &str) -> Option<Rc<ShapeDoc>> {
    Some(options().doc()).filter(|doc| doc.name == name)
}

pub fn function() -> Function {
    let none = ty::boolean().try_map(|on| match on {
        false => Ok(None),
        true => Err("expected options, or false to take the shaping away".to_owned()),
    });
    let options = Type::from(options()).map(Some).or(none);
    Function::new(
        "link.shape",
        (param("name", ty::link_name(), "the link"), param("opts", options, "options; or false: none any more")),
        ret::nothing(),
        |cx, (name, wanted)| {
            match wanted {
                Some(wanted) => tc::set(&cx.lab.namespaces, cx.ns, &name, &wanted)?,
                None => tc::del(&cx.lab.namespaces, cx.ns, &name)?,
            }
            Ok(())
        },
    )
    .doc(
        "Shapes what a link sends: delay, loss, rate. It can be changed while packets flow: those that wait are kept. What \
         isn't named is not done: `{ direction = \"in\" }` takes the shaping of one direction away, and `false` in place of \
         the options that of both. \
         `link.get(name).shape` tells how a link is shaped. The queueing discipline at the link's root does it, with a handle \
         of nsh's own: `tc qdisc show`.\n\n\
         Raises `not_found` if there is no such link, `exists` if somebody else has set a queueing discipline at its root, \
         `unsupported` where the kernel has no netem and more than a rate and loss is asked for (tbf does the rate then, and a \
         rule of nf_tables in the table `netdev nsh` the loss), `argument` for options that \
         contradict each other.",
    )
    .command("tc qdisc replace dev NAME root netem delay TIME loss PERCENT rate RATE")
}
