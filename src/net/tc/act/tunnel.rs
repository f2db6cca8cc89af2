//! tunnel_key (tc-tunnel_key(8)): the outer header of tunnels. TCA_TUNNEL_KEY_* of linux/tc_act/tc_tunnel_key.h.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::action;
use crate::base::error::{Error, Result};
use crate::net::link::fields::{Be16, Be32, U8, Unset, named};
use crate::net::tc::control::Control;
use crate::net::tc::kind::{About, kind};

named! {
    /// TCA_TUNNEL_KEY_ACT_*.
    TunnelAction(u32) bare (to_ne_bytes, from_ne_bytes) { 1 = "set", 2 = "unset" }
}

action! {
    /// The outer header of what goes into a tunnel.
    pub struct TunnelKey in 2 {
        Set action: TunnelAction = {in 2 at 20}, ip ["set", "unset"], "set gives it one, unset takes it away; default set";
        Set src_ip: IpAddr = header, ip ["src_ip"], "the source of the outer packet";
        Set dst_ip: IpAddr = header, ip ["dst_ip"], "its destination";
        Set id: Be32 = 7, ip ["id"], "the tunnel's key, or VNI";
        Set dst_port: Be16 = 9, ip ["dst_port"], "the destination port of UDP";
        Set tos: U8 = 12, ip ["tos"], "the type of service";
        Set ttl: U8 = 13, ip ["ttl"], "the time to live";
        Set csum: Unset = 10, ip [], "the outer packet has a checksum; default true";
        Word src4: Ipv4Addr = 3, ip [], "the source";
        Word dst4: Ipv4Addr = 4, ip [], "the destination";
        Word src6: Ipv6Addr = 5, ip [], "the source";
        Word dst6: Ipv6Addr = 6, ip [], "the destination";
    }
}

fn split(address: Option<IpAddr>) -> (Option<Ipv4Addr>, Option<Ipv6Addr>) {
    match address {
        Some(IpAddr::V4(address)) => (Some(address), None),
        Some(IpAddr::V6(address)) => (None, Some(address)),
        None => (None, None),
    }
}

kind!(TunnelKey, "tunnel_key", "act_tunnel_key", "the outer header of tunnels", {
    const STRUCTS: &'static [(u16, usize)] = &[(2, 24)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        let sets = *self.action.get_or_insert(TunnelAction(1)) == TunnelAction(1);
        if sets && (self.src_ip.is_none() || self.dst_ip.is_none()) {
            return Err(Error::argument("tunnel_key needs src_ip and dst_ip"));
        }
        (self.src4, self.src6) = split(self.src_ip);
        (self.dst4, self.dst6) = split(self.dst_ip);
        self.control.get_or_insert(Control::PIPE);
        Ok(())
    }

    fn gather(&mut self) {
        self.src_ip = self.src4.map(IpAddr::V4).or(self.src6.map(IpAddr::V6));
        self.dst_ip = self.dst4.map(IpAddr::V4).or(self.dst6.map(IpAddr::V6));
    }

    fn words(&self) -> Vec<String> {
        let mut out = crate::net::tc::kind::words(self, |_| true);
        // In front of what becomes of the packet.
        if let Some(csum) = self.csum {
            out.insert(1, if csum.0 { "csum" } else { "nocsum" }.to_owned());
        }
        out
    }
});
