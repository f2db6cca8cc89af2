//! GRE tunnels: IFLA_GRE_* of linux/if_tunnel.h; ip-link(8), "GRE, IPIP, SIT Type Support".

use std::net::{Ipv4Addr, Ipv6Addr};

use super::fields::{BeBit16, Toggle};
use super::kind::{Lower, kind};
use super::tunnel::{self, ends_given, fill6, inherit_or, tunnel};
use crate::base::error::Error;
use nix::errno::Errno;

/// Declares the table of a GRE tunnel, with what it has over IPv4 and IPv6 alike.
macro_rules! gre {
    ([$($groups:tt)*] $(#[$meta:meta])* pub struct $table:ident { $($own:tt)* }) => {
        tunnel! {
            [] $($groups)* keys(4, 5) encap(14, 15, 16, 17) external(18)
            $(#[$meta])*
            pub struct $table {
                $($own)*
                Give seq: Toggle = header, ip ["seq", "noseq"], "sequence numbers in both directions; default false";
                Set iseq: BeBit16<12> = 2, ip ["iseq", "noiseq"],
                    "packets that come in must be in sequence; default false";
                Set oseq: BeBit16<12> = 3, ip ["oseq", "nooseq"], "packets that go out are numbered; default false";
                Give csum: Toggle = header, ip ["csum", "nocsum"], "checksums in both directions; default false";
                Set icsum: BeBit16<15> = 2, ip ["icsum", "noicsum"],
                    "packets that come in must have a checksum; default false";
                Set ocsum: BeBit16<15> = 3, ip ["ocsum", "noocsum"],
                    "packets that go out have a checksum; default false";
                Word has_ikey: BeBit16<13> = 2, ip [], "packets that come in have a key";
                Word has_okey: BeBit16<13> = 3, ip [], "packets that go out have a key";
            }
        }

        impl $table {
            /// `key`, `seq` and `csum` are both directions'; a key goes with a flag that there is one.
            fn spread_directions(&mut self) {
                self.ikey = self.ikey.or(self.key);
                self.okey = self.okey.or(self.key);
                self.has_ikey = self.ikey.map(|key| BeBit16(key.0.is_some())).or(self.has_ikey);
                self.has_okey = self.okey.map(|key| BeBit16(key.0.is_some())).or(self.has_okey);
                self.iseq = self.iseq.or(self.seq.map(|on| BeBit16(on.0)));
                self.oseq = self.oseq.or(self.seq.map(|on| BeBit16(on.0)));
                self.icsum = self.icsum.or(self.csum.map(|on| BeBit16(on.0)));
                self.ocsum = self.ocsum.or(self.csum.map(|on| BeBit16(on.0)));
            }

            fn gather_keys(&mut self) {
                self.ikey.take_if(|_| self.has_ikey != Some(BeBit16(true)));
                self.okey.take_if(|_| self.has_okey != Some(BeBit16(true)));
            }
        }
    };
}

/// What tells them apart.
const SAME: &str = "local and remote end, key and link below";

gre! {
    [ends(Ipv4Addr, 1, 6, 7) outer(8, 9, 10) fwmark(20)]
    /// A GRE tunnel over IPv4.
    pub struct Gre {
        Set ignore_df: Toggle = 19, ip ["ignore-df", "noignore-df"],
            "fragment packets that say not to; takes `pmtudisc = false`; default false";
    }
}

gre! {
    [ends(Ipv6Addr, 1, 6, 7) outer6(8, 11, 12, 13, 20)]
    /// A GRE tunnel over IPv6.
    pub struct Ip6gre {}
}

kind! {
    Gre, "a GRE tunnel over IPv4", ["gre" = "NET_IPGRE" by "ip_gre", "gretap" = "NET_IPGRE" by "ip_gre"] {
        /// IFLA_GRE_LINK.
        const LOWER: Lower = Lower::Attribute(1);
        const WHOLE: bool = true;

        fn spread(&mut self) {
            self.spread_directions();
        }

        fn gather(&mut self) {
            self.gather_keys();
            ends_given!(self);
        }

        fn explain(&self, e: Error) -> Error {
            let (fragmented, free) = (self.pmtudisc == Some(Toggle(false)), self.ignore_df == Some(Toggle(true)));
            match e.raw() {
                Some(Errno::EINVAL) if free && !fragmented => e.hint("ignore_df takes pmtudisc = false"),
                _ => tunnel::explain(e, SAME, "gre0", self.encap),
            }
        }
    }
}

kind! {
    Ip6gre, "a GRE tunnel over IPv6", ["ip6gre" = "IPV6_GRE" by "ip6_gre", "ip6gretap" = "IPV6_GRE" by "ip6_gre"] {
        const LOWER: Lower = Lower::Attribute(1);
        const WHOLE: bool = true;

        fn fill(&mut self) {
            fill6!(self);
        }

        fn spread(&mut self) {
            self.spread_directions();
            inherit_or!(self);
        }

        fn gather(&mut self) {
            self.gather_keys();
            ends_given!(self);
        }

        fn explain(&self, e: Error) -> Error {
            tunnel::explain(e, SAME, "ip6gre0", self.encap)
        }
    }
}
