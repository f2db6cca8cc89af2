//! IP in IP: IFLA_IPTUN_* of linux/if_tunnel.h; ip-link(8), "GRE, IPIP, SIT Type Support" and "IP6TNL Type Support".

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnetwork::{Ipv4Network, Ipv6Network};

use super::fields::{Bit16, OuterTtl, U16, named};
use super::kind::{Lower, kind};
use super::tunnel::{self, ends_given, fill6, inherit_or, tunnel};
use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value};
use crate::net::fields::text;

named! {
    /// What an ipip tunnel carries, by the number of the IP protocol.
    IpipMode(u8) (to_ne_bytes, from_ne_bytes)
        { 0 = "any", 4 = "ipip", 137 = "mplsip" }, or { 0 = "any/ipv4", 4 = "ipv4/ipv4", 4 = "ip4ip4", 137 = "mpls/ipv4" }
    /// The same of a sit tunnel.
    SitMode(u8) (to_ne_bytes, from_ne_bytes)
        { 0 = "any", 41 = "ip6ip", 4 = "ipip", 137 = "mplsip" },
        or { 0 = "any/ipv4", 41 = "ipv6/ipv4", 4 = "ipv4/ipv4", 4 = "ip4ip4", 137 = "mpls/ipv4" }
    /// The same of an ip6tnl tunnel.
    Ip6Mode(u8) (to_ne_bytes, from_ne_bytes)
        { 0 = "any", 41 = "ip6ip6", 4 = "ipip6" },
        or { 0 = "any/ipv6", 41 = "ipv6/ipv6", 4 = "ip/ipv6", 4 = "ipv4/ipv6", 4 = "ip4ip6" }
}

tunnel! {
    [] ends(Ipv4Addr, 1, 2, 3) outer(4, 5, 10) encap(15, 16, 17, 18) fwmark(20) external(19)
    /// IPv4 in IPv4.
    pub struct Ipip {
        Make mode: IpipMode = 9, ip ["mode"], "what it carries; default any";
    }
}

tunnel! {
    [] ends(Ipv4Addr, 1, 2, 3) outer(4, 5, 10) encap(15, 16, 17, 18) fwmark(20)
    /// IPv6 in IPv4.
    pub struct Sit {
        Make mode: SitMode = 9, ip ["mode"], "what it carries; default any";
        Make isatap: Bit16<0> = 8, ip ["isatap"], "an ISATAP tunnel (RFC 5214); default false";
        Set sixrd_prefix: Prefix<Ipv6Network> = header, ip ["6rd-prefix"],
            "the prefix of 6rd (RFC 5969); default 2002::/16, which is 6to4";
        Set sixrd_relay_prefix: Prefix<Ipv4Network> = header, ip ["6rd-relay_prefix"],
            "what the IPv4 addresses of 6rd have in common";
        Word prefix: Ipv6Addr = 11, ip [], "the address in sixrd_prefix";
        Word prefix_length: U16 = 13, ip [], "its length";
        Word relay_prefix: Ipv4Addr = 12, ip [], "the address in sixrd_relay_prefix";
        Word relay_prefix_length: U16 = 14, ip [], "its length";
    }
}

tunnel! {
    [] ends(Ipv6Addr, 1, 2, 3) outer6(4, 6, 7, 8, 20) encap(15, 16, 17, 18) external(19)
    /// IPv4 and IPv6 in IPv6.
    pub struct Ip6tnl {
        Set mode: Ip6Mode = 9, ip ["mode"], "what it carries; default any";
    }
}

kind! {
    Ipip, "an ipip tunnel", ["ipip" = "NET_IPIP" by "ipip"] {
        /// IFLA_IPTUN_LINK.
        const LOWER: Lower = Lower::Attribute(1);
        const WHOLE: bool = true;

        fn fill(&mut self) {
            self.mode.get_or_insert(IpipMode(0));
        }

        fn gather(&mut self) {
            ends_given!(self);
        }

        fn explain(&self, e: Error) -> Error {
            tunnel::explain(e, tunnel::ENDS, "tunl0", self.encap)
        }
    }
}

kind! {
    Sit, "a sit tunnel", ["sit" = "IPV6_SIT" by "sit"] {
        const LOWER: Lower = Lower::Attribute(1);
        const WHOLE: bool = true;
        const BEYOND: &'static [&'static str] = &["6rd-reset"];

        fn fill(&mut self) {
            self.mode.get_or_insert(SitMode(0));
            // The kernel's is 64.
            self.ttl.get_or_insert(OuterTtl(0));
        }

        fn spread(&mut self) {
            if let Some(Prefix(prefix)) = self.sixrd_prefix {
                self.prefix = Some(prefix.ip());
                self.prefix_length = Some(U16(prefix.prefix().into()));
            }
            if let Some(Prefix(prefix)) = self.sixrd_relay_prefix {
                self.relay_prefix = Some(prefix.ip());
                self.relay_prefix_length = Some(U16(prefix.prefix().into()));
            }
        }

        fn gather(&mut self) {
            ends_given!(self);
            let length = |length: Option<U16>| length.and_then(|length| u8::try_from(length.0).ok());
            self.sixrd_prefix = self.prefix.zip(length(self.prefix_length))
                .and_then(|(ip, length)| Ipv6Network::new(ip, length).ok()).map(Prefix);
            self.sixrd_relay_prefix = self.relay_prefix.zip(length(self.relay_prefix_length))
                .filter(|(ip, _)| !ip.is_unspecified())
                .and_then(|(ip, length)| Ipv4Network::new(ip, length).ok()).map(Prefix);
        }

        fn explain(&self, e: Error) -> Error {
            tunnel::explain(e, tunnel::ENDS, "sit0", self.encap)
        }
    }
}

kind! {
    Ip6tnl, "an ip6tnl tunnel", ["ip6tnl" = "IPV6_TUNNEL" by "ip6_tunnel"] {
        const LOWER: Lower = Lower::Attribute(1);
        const WHOLE: bool = true;

        fn fill(&mut self) {
            fill6!(self);
        }

        fn spread(&mut self) {
            inherit_or!(self);
        }

        fn gather(&mut self) {
            ends_given!(self);
        }

        fn explain(&self, e: Error) -> Error {
            tunnel::explain(e, tunnel::ENDS, "ip6tnl0", self.encap)
        }
    }
}

/// A prefix of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix<T>(pub T);

macro_rules! prefixes {
    ($($network:ty: $expected:literal;)*) => {
        $(impl Field for Prefix<$network> {
            fn form() -> Form {
                text($expected)
            }

            fn read(value: &Value) -> Result<Option<Self>> {
                let Value::Text(text) = value else { return Ok(None) };
                let wrong = |_| Error::argument(format!(concat!("expected ", $expected, ", got {:?}"), text));
                text.parse().map(|prefix| Some(Prefix(prefix))).map_err(wrong)
            }

            fn value(&self) -> Value {
                Value::Text(self.0.to_string())
            }
        })*
    };
}

prefixes! {
    Ipv4Network: "a prefix of IPv4 such as \"10.0.0.0/8\"";
    Ipv6Network: "a prefix of IPv6 such as \"2001:db8::/32\"";
}
