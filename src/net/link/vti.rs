//! Virtual tunnels of IPsec: IFLA_VTI_* of linux/if_tunnel.h; ip-link(8), "VTI Type Support".

use std::net::{Ipv4Addr, Ipv6Addr};

use super::kind::{Lower, kind};
use super::tunnel::{self, ends_given, tunnel};
use crate::base::error::Error;

tunnel! {
    [] ends(Ipv4Addr, 1, 4, 5) vti_keys(2, 3) fwmark(6)
    /// A VTI over IPv4.
    pub struct Vti {}
}

tunnel! {
    [] ends(Ipv6Addr, 1, 4, 5) vti_keys(2, 3) fwmark(6)
    /// A VTI over IPv6.
    pub struct Vti6 {}
}

/// Both are alike.
macro_rules! vti {
    ($fallback:literal) => {
        /// IFLA_VTI_LINK.
        const LOWER: Lower = Lower::Attribute(1);
        const WHOLE: bool = true;

        fn spread(&mut self) {
            self.ikey = self.ikey.or(self.key);
            self.okey = self.okey.or(self.key);
        }

        fn gather(&mut self) {
            ends_given!(self);
        }

        fn explain(&self, e: Error) -> Error {
            tunnel::explain(e, "local and remote end, keys and link below", $fallback, None)
        }
    };
}

kind! {
    Vti, "a VTI tunnel over IPv4", ["vti" = "NET_IPVTI" by "ip_vti"] {
        vti!("ip_vti0");
    }
}

kind! {
    Vti6, "a VTI tunnel over IPv6", ["vti6" = "IPV6_VTI" by "ip6_vti"] {
        vti!("ip6_vti0");
    }
}
