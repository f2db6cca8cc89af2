//! `nsh test`, `nsh report merge` and `nsh init`: what they promise, seen from outside, as root and as an ordinary user.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod ends;
mod formats;
mod interrupts;
mod leftovers;
mod merge;
mod outcomes;
#[path = "../sandbox/stage.rs"]
#[allow(dead_code)]
mod place;
mod project;
mod selection;
mod shards;
mod stage;
