//! What every floor uses.

#[macro_use]
mod print;

pub mod alone;
pub mod clock;
pub mod command;
pub(crate) mod container;
pub mod error;
pub mod file;
pub mod status;
pub(crate) mod terminal;
pub(crate) mod text;
pub mod wait;
