//! Traffic control: queueing disciplines of links, as `tc` handles them.

mod apply;
mod discipline;
mod ifb;
mod loss;
mod netem;
mod object;
mod peers;
mod pfifo;
mod shape;
mod silence;
mod tbf;
mod u32;
mod units;

pub use apply::{del, get, get_in, set};
pub use shape::{LossModel, Peer, Shape, Slot};
pub use silence::silence;
pub use units::{Rate, Share, Span};

use object::Object;

const NETEM: &str = "netem";
const TBF: &str = "tbf";
/// Has a class for each peer.
const HTB: &str = "htb";
/// Stands for nothing but that the link is shaped elsewhere: [`loss`].
const PFIFO: &str = "pfifo";
/// Drops all packets; it is part of every kernel that has any discipline.
const BLACKHOLE: &str = "blackhole";

/// The disciplines that shape a link.
pub const SHAPING: &[&str] = &[NETEM, TBF, HTB, PFIFO];

/// What [`set`] puts at a link's root, with the handle by which it knows its own: the first two letters of the kind. The
/// handles that the kernel chooses are from 8000 on, and those of people are mostly small.
const HANDLES: &[(&str, u32)] =
    &[(NETEM, 0x6e65_0000), (TBF, 0x7462_0000), (HTB, 0x6874_0000), (PFIFO, 0x7066_0000)];

/// The discipline of this kind at a link's root, as [`set`] puts it there.
fn own(kind: &str) -> Object {
    let handle = HANDLES.iter().find(|(name, _)| *name == kind).map_or(0, |(_, handle)| *handle);
    Object::qdisc(object::ROOT, handle, kind)
}

/// Whether [`set`] has put this discipline at a link's root.
fn is_own(root: &Object) -> bool {
    HANDLES.contains(&(root.kind.as_str(), root.handle))
}

/// How a discipline shapes, if it does.
fn read(qdisc: &Object) -> Option<Shape> {
    match qdisc.kind.as_str() {
        NETEM => Shape::of_netem(&qdisc.options),
        TBF => Shape::of_tbf(&qdisc.options),
        PFIFO if is_own(qdisc) || qdisc.parent != object::ROOT => Shape::of_pfifo(&qdisc.options),
        _ => None,
    }
}
