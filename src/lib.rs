//! nsh, a Lua-scriptable automation shell for Linux network labs.
//!
//! The floors, each using only those below it:
//! `main cli -> repl scenario labs project -> doc doctor shell -> lua -> probe proc sandbox -> net -> model -> base`.

#[macro_use]
pub mod base;

pub mod doc;
pub mod doctor;
pub mod draw;
pub mod io;
pub mod labs;
pub mod lua;
pub mod model;
pub mod net;
pub mod probe;
pub mod proc;
pub mod project;
pub mod repl;
pub mod sandbox;
pub mod scenario;
pub mod shell;
