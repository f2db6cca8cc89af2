//! What a hostile script tries, from inside its sandbox: each attack is a test, as root (if we are) and as an ordinary
//! user, that looks from outside whether it was harmless.
//!
//! A file a kind of attack. `frame` has what they share:
//!
//! ```ignore
//! each(|stage| {
//!     let ran = stage.attack("os.execute('chmod 777 ../home')");
//!     assert_eq!(ran.status, Some(0), "{ran:?}");
//!     stage.unharmed();
//! });
//! ```

// A test stops where it finds something wrong. Not all of what is shared is used here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

mod attributes;
mod binary;
mod calls;
mod chunks;
mod environment;
mod escapes;
mod files;
mod floods;
mod frame;
#[path = "../sandbox/helper.rs"]
mod helper;
mod links;
mod soak;
mod sockets;
#[path = "../sandbox/stage.rs"]
mod stage;
mod streams;
