//! Traffic control: queueing disciplines of links, as `tc` handles them.

mod netem;
mod qdisc;
mod shape;
mod silence;
mod tbf;
mod units;

#[cfg(test)]
use shape::read;
pub use shape::{NETEM, Shape, TBF, del, get, set};
pub use silence::silence;
pub use units::{Rate, Share, Span};
