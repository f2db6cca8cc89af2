//! Kinds of actions. All have the head of `tc_gen` (linux/pkt_cls.h) in the struct of one attribute: index, capabilities,
//! what becomes of the packet, two counts.

mod ct;
mod edit;
mod mirred;
mod police;
mod tunnel;

pub use ct::{Ct, Sample};
pub use edit::{Csum, Nat, Pedit, Skbedit, Vlan};
pub use mirred::{Gact, Mirred};
pub use police::Police;
pub use tunnel::TunnelKey;

/// Declares a table of an action, of whose attribute `$parms` holds the head: what all actions have comes last.
macro_rules! action {
    ($(#[$meta:meta])* pub struct $table:ident in $parms:literal { $($rows:tt)* }) => {
        $crate::model::table! {
            $(#[$meta])*
            pub struct $table {
                $($rows)*
                Set control: $crate::net::tc::control::Control = {in $parms at 8},
                    ip ["pass", "ok", "drop", "shot", "pipe", "continue", "reclassify", "stolen", "trap"],
                    "what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, \"goto chain 1\", ...";
                Set index: $crate::net::link::fields::U32 = {in $parms at 0}, ip ["index"],
                    "its number among actions of its kind; filters that name the same one share it";
            }
        }
    };
}
use action;
