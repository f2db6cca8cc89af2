//! What runs a script: the interpreter, how calls are bound, and how errors are told.

pub mod bind;
pub mod changes;
mod echo;
pub mod explain;
pub mod failure;
pub mod interpreter;
pub mod library;
pub mod render;
pub mod shaping;
