//! Kinds of filters.

mod flower;
pub mod masked;
mod plain;
mod u32;

pub use flower::Flower;
pub use plain::{Basic, Fw, Matchall};
pub use u32::U32;
