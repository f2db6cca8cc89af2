//! Tests in a script's file: what runs them, and what they tell.
//!
//! A file's code runs from top to bottom; `test` runs its function where it stands. File, groups and tests are
//! [`scope`]s within each other, each with what was deferred in it; what happens goes to a [`event::Sink`].

pub mod event;

mod bundle;
mod file;
mod hooks;
mod module;
mod name;
mod plain;
mod scope;
mod single;
mod state;

pub use bundle::{Bundle, directory};
pub use file::{leave_by_exit, run};
pub use module::{after_each, before_each, defer, group, skip, test, xfail};
pub use plain::Plain;
pub use scope::{limited_within, tidy_up};
pub use state::{Missing, Selection, Settings, Tests, unwinding};
