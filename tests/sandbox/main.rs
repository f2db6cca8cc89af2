//! The sandbox holds, and leaves nothing behind: each test runs nsh as a child, as root (if we are) and as an
//! ordinary user.

// A test stops where it finds something wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bundle;
mod confinement;
mod helper;
mod launchers;
mod leftovers;
mod machine;
mod pty;
mod recording;
mod shell_scripts;
mod stage;
mod statuses;
mod terminal;
mod tutorials;
mod users;
