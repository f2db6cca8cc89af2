//! nsh, a Lua-scriptable automation shell for Linux network labs.
//!
//! The floors, each using only those below it:
//! `main cli -> repl scenario labs -> doc doctor translate -> lua -> probe proc sandbox -> net -> model -> clock file terminal text wait error`.

#[macro_use]
mod print;

pub mod clock;
pub mod doc;
pub mod doctor;
pub mod error;
pub mod file;
pub mod labs;
pub mod lua;
pub mod model;
pub mod net;
pub mod probe;
pub mod proc;
pub mod repl;
pub mod sandbox;
pub mod scenario;
mod terminal;
mod text;
pub mod translate;
pub mod wait;
