//! Traffic control: queueing disciplines of links, as `tc` handles them.

mod apply;
mod netem;
mod object;
mod shape;
mod silence;
mod tbf;
mod units;

pub use apply::{del, get, set};
pub use shape::Shape;
pub use silence::silence;
pub use units::{Rate, Share, Span};

use object::Object;

const NETEM: &str = "netem";
const TBF: &str = "tbf";
/// Drops all packets; it is part of every kernel that has any discipline.
const BLACKHOLE: &str = "blackhole";

/// The disciplines that shape a link.
pub const SHAPING: &[&str] = &[NETEM, TBF];

/// What [`set`] puts at a link's root, with the handle by which it knows its own: the first two letters of the kind. The
/// handles that the kernel chooses are from 8000 on, and those of people are mostly small.
const HANDLES: &[(&str, u32)] = &[(NETEM, 0x6e65_0000), (TBF, 0x7462_0000)];

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
fn read(kind: &str, options: &[u8]) -> Option<Shape> {
    match kind {
        NETEM => Shape::of_netem(options),
        TBF => Shape::of_tbf(options),
        _ => None,
    }
}
