//! Interfaces of IPsec: IFLA_XFRM_* of linux/if_link.h; ip-link(8), "XFRM Type Support".

use super::fields::Present;
use super::kind::{Lower, kind};
use crate::base::error::Error;
use crate::model::table;
use crate::net::fields::Number;
use nix::errno::Errno;

table! {
    /// An interface through which states and policies with its id apply.
    pub struct Xfrm {
        Set if_id: Number = 2, ip ["if_id"], "the id of its states and policies, not 0";
        Make external: Present = 3, ip ["external"],
            "the id comes with each packet (Linux 6.1); default false";
        Word lower: Number = 1, ip [], "the index of the link below";
    }
}

kind! {
    Xfrm, "an interface of IPsec", ["xfrm" = "XFRM_INTERFACE"] {
        /// IFLA_XFRM_LINK.
        const LOWER: Lower = Lower::Attribute(1);
        const WHOLE: bool = true;

        fn explain(&self, e: Error) -> Error {
            match e.raw() {
                Some(Errno::EEXIST) => e.hint("an xfrm link with this if_id is there"),
                Some(Errno::EINVAL) if self.external.is_none() => {
                    e.hint("an xfrm link needs an if_id other than 0, or external; neither the link below nor that can change")
                }
                _ => e,
            }
        }
    }
}
