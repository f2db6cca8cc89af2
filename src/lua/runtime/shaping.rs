//! The options of `link.shape`, which the links of `nsh.topology` take, too.

use crate::base::error::Error;
use crate::lua::schema::{Shape as Options, Type, ty};
use crate::net::prefix;
use crate::net::tc::{LossModel, Peer, Shape, Slot};

/// How something is shaped, wherever that is.
pub fn options() -> Options<Shape> {
    with_models(Options::rows_where("nsh.ShapeOptions", |name| name != "direction"))
}

/// How a link is shaped.
pub fn link_options() -> Options<Shape> {
    let peers = ty::map(Type::from(options())).try_map(|peers| {
        let peer = |(to, shape): (String, Shape)| {
            let net = prefix::network(&to).map_err(|e| format!("{}{}", e.message(), hint(&e)))?;
            Ok(Peer::new(net, shape))
        };
        peers.into_iter().map(peer).collect::<Result<Vec<_>, String>>()
    });
    with_models(Options::rows("nsh.link.ShapeOptions")).field(
        "to",
        peers,
        "how packets to some addresses or networks are shaped, instead of what is said for all: \
         `{ [\"10.0.0.2\"] = { delay = \"20ms\" } }`",
        |shape, peers| shape.to = peers,
    )
}

fn hint(e: &Error) -> String {
    e.fields().hint.as_ref().map_or(String::new(), |hint| format!(": {hint}"))
}

fn with_models(options: Options<Shape>) -> Options<Shape> {
    options
        .field(
            "loss_model",
            Options::<LossModel>::rows("nsh.LossModel").into(),
            "losses that come in bursts, instead of `loss`: `{ p = \"1%\", r = \"10%\" }`",
            |shape: &mut Shape, model| shape.loss_model = Some(model),
        )
        .field(
            "slot",
            Options::<Slot>::rows("nsh.Slot").into(),
            "packets leave in groups: `{ min = \"800us\", max = \"1ms\" }`",
            |shape, slot| shape.slot = Some(slot),
        )
}
