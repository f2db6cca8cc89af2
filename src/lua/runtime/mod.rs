//! What runs a script: the lab's Lua state, how calls are bound, and how errors are told.

pub mod bind;
mod changes;
pub mod echo;
pub mod explain;
pub mod lab;
pub mod library;
