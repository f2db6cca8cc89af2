//! `link.shape`: delay, loss and rate of a link.

use std::rc::Rc;

use crate::lua::runtime::shaping;
use crate::lua::schema::{Builder, Function, Record, ShapeDoc, Type, param, ret, ty};
use crate::net::tc::{self, LossModel, Shape, Slot};

/// How a link is shaped.
pub fn record() -> Record<Shape> {
    part_of("nsh.Shape", "How a link shapes what it sends. Prints as in `tc qdisc`.")
        .map_of_some(
            "to",
            part().shown(Shape::to_string),
            "how what it sends to these is shaped instead",
            |s| s.to.iter().map(|peer| (peer.name.as_str(), &peer.shape)).collect(),
        )
        .shown(Shape::to_string)
}

/// How a link shapes what it sends to one of its peers, or a discipline what goes through it.
pub fn part() -> Builder<Shape> {
    part_of(
        "nsh.PeerShape",
        "How packets are held back and lost: what goes to one peer, or through a discipline.",
    )
}

fn part_of(name: &'static str, doc: &'static str) -> Builder<Shape> {
    let model = Builder::<LossModel>::rows("nsh.ShapeLossModel", "Losses that come in bursts.").plain();
    let slot = Builder::<Slot>::rows("nsh.ShapeSlot", "Packets that leave in groups.").plain();
    Builder::<Shape>::rows_where(name, doc, |name| name != "direction")
        .record("loss_model", model, "losses that come in bursts, instead of `loss`", |s| {
            s.loss_model.as_ref()
        })
        .record("slot", slot, "packets that leave in groups", |s| s.slot.as_ref())
}

/// The options that have this name, for those who take them besides their own.
pub fn options_called(name: &str) -> Option<Rc<ShapeDoc>> {
    [shaping::options().doc(), shaping::link_options().doc()].into_iter().find(|doc| doc.name == name)
}

pub fn function() -> Function {
    let none = ty::boolean().try_map(|on| match on {
        false => Ok(None),
        true => Err("expected options, or false to take the shaping away".to_owned()),
    });
    let mut options = Type::from(shaping::link_options());
    // What was read can be given again.
    options.luals.push_str("|nsh.Shape");
    let options = options.map(Some).or(none);
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
         `to` shapes what goes to some addresses in another way, `loss_model` has losses in bursts. \
         `link.get(name).shape` tells how a link is shaped. The queueing discipline at the link's root does it, with a handle \
         of nsh's own: `tc qdisc show`.\n\n\
         Raises `not_found` if there is no such link, `exists` if somebody else has set a queueing discipline at its root, \
         `unsupported` where the kernel has no netem and more than a rate and loss is asked for (tbf does the rate then, and a \
         rule of nf_tables in the table `netdev nsh` the loss), `argument` for options that \
         contradict each other.",
    )
    .command("tc qdisc replace dev NAME root netem delay TIME loss PERCENT rate RATE")
}
