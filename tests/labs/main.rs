//! Labs that stay up: each test runs nsh as a child, as root (if we are) and as an ordinary user, with labs of its own.

// A test stops where it finds something wrong. Not all of what is shared is used here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

#[path = "../sandbox/helper.rs"]
mod helper;
#[path = "../sandbox/machine.rs"]
mod machine;
#[path = "../sandbox/pty.rs"]
mod pty;
#[path = "../sandbox/stage.rs"]
mod stage;

mod bench;
mod deaths;
mod ends;
mod exec;
mod logs;
mod shells;
mod state;
mod terminal;
mod up;
