//! Bonds: IFLA_BOND_* of linux/if_link.h; ip-link(8), "Bond Type Support"; Documentation/networking/bonding.rst.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::fields::{Digit, Mac, Millis, OnOff, U8, U16, U32, named, reported};
use super::kind::kind;
use crate::base::error::{Error, Kind, Result};
use crate::model::{Field, Form, Value, table};
use crate::net::attributes::{Attributes, find, hardware_address, unsigned};
use crate::net::fields::{LinkRef, Number, text};
use crate::net::netlink::attributes_of;
use nix::errno::Errno;

named! {
    /// How it divides what it sends; BOND_MODE_* of linux/if_bonding.h.
    BondMode(u8) (to_ne_bytes, from_ne_bytes) {
        0 = "balance-rr", 1 = "active-backup", 2 = "balance-xor", 3 = "broadcast", 4 = "802.3ad", 5 = "balance-tlb",
        6 = "balance-alb"
    }, or { 0 = "0", 1 = "1", 2 = "2", 3 = "3", 4 = "4", 5 = "5", 6 = "6" }
    /// What of a packet chooses its port; BOND_XMIT_POLICY_* there.
    HashPolicy(u8) (to_ne_bytes, from_ne_bytes) {
        0 = "layer2", 1 = "layer3+4", 2 = "layer2+3", 3 = "encap2+3", 4 = "encap3+4", 5 = "vlan+srcmac"
    }
    /// Which ports have to see ARP; BOND_ARP_VALIDATE_* and BOND_ARP_FILTER_* of net/bonding.h.
    ArpValidate(u32) (to_ne_bytes, from_ne_bytes) {
        0 = "none", 1 = "active", 2 = "backup", 3 = "all", 4 = "filter", 5 = "filter_active", 6 = "filter_backup"
    }
    /// How many of the targets have to answer.
    ArpTargets(u32) (to_ne_bytes, from_ne_bytes) { 0 = "any", 1 = "all" }
    /// When the primary port becomes the active one again.
    Reselect(u8) (to_ne_bytes, from_ne_bytes) { 0 = "always", 1 = "better", 2 = "failure" }
    /// What becomes of the hardware addresses at a failover.
    FailOverMac(u8) (to_ne_bytes, from_ne_bytes) { 0 = "none", 1 = "active", 2 = "follow" }
    /// How often the partner sends LACP.
    LacpRate(u8) (to_ne_bytes, from_ne_bytes) { 0 = "slow", 1 = "fast" }
    /// What chooses the aggregator.
    AdSelect(u8) (to_ne_bytes, from_ne_bytes)
        { 0 = "stable", 1 = "bandwidth", 2 = "count", 3 = "actor_port_prio" }
}

table! {
    /// A bond.
    pub struct Bond {
        Set mode: BondMode = 1, ip ["mode"],
            "how it divides what it sends; default balance-rr; it can change while the bond is down and has no ports";
        Set miimon: Millis<60> = 3, ip ["miimon"],
            "seconds between looks at the carriers of the ports, 0 for none; default 0, of 802.3ad 0.1";
        Set updelay: Millis<300> = 4, ip ["updelay"], "seconds until a port with a carrier is used; default 0";
        Set downdelay: Millis<300> = 5, ip ["downdelay"],
            "seconds until a port without a carrier is given up; default 0";
        Set use_carrier: Digit = 6, ip ["use_carrier"], "miimon asks for the carrier; default true";
        Set peer_notify_delay: Millis<300> = 28, ip ["peer_notify_delay"],
            "seconds between notices to peers; default 0";
        Set arp_interval: Millis<60> = 7, ip ["arp_interval"],
            "seconds between questions to the ARP targets, instead of miimon; default 0, which is none";
        Set arp_ip_target: Addresses<Ipv4Addr> = 8, ip ["arp_ip_target"], "who is asked by ARP, up to 16";
        Set ns_ip6_target: Addresses<Ipv6Addr> = 31, ip ["ns_ip6_target"],
            "who is asked by neighbour solicitation (Linux 5.18)";
        Set arp_validate: ArpValidate = 9, ip ["arp_validate"], "which ports have to see answers; default none";
        Set arp_all_targets: ArpTargets = 10, ip ["arp_all_targets"],
            "how many of the targets have to answer; default any";
        Set missed_max: U8<1, 255> = 30, ip ["arp_missed_max"],
            "how many answers may be missed until a port is down; default 2";
        Set xmit_hash_policy: HashPolicy = 14, ip ["xmit_hash_policy"],
            "what of a packet chooses its port; default layer2";
        Set primary: LinkRef = 11, ip ["primary"], "the port that is the active one whenever it can";
        Set primary_reselect: Reselect = 12, ip ["primary_reselect"],
            "when the primary becomes the active one again; default always";
        Set active_slave: LinkRef = 2, ip ["active_slave"], "the port that sends and receives";
        Set fail_over_mac: FailOverMac = 13, ip ["fail_over_mac"],
            "what becomes of the hardware addresses at a failover; default none, all ports have the bond's";
        Set resend_igmp: U32<0, 255> = 15, ip ["resend_igmp"], "IGMP reports after a failover; default 1";
        Set num_peer_notif: U8 = 16, ip ["num_grat_arp", "num_unsol_na"],
            "gratuitous ARP and unsolicited NA after a failover; default 1";
        Set all_slaves_active: Digit = 17, ip ["all_slaves_active"],
            "take what comes in by inactive ports; default false";
        Set min_links: Number = 18, ip ["min_links"],
            "how many ports must be up for the bond to have a carrier; default 0, which is 1";
        Set lp_interval: Number = 19, ip ["lp_interval"],
            "seconds between learning packets to switches; default 1";
        Set packets_per_slave: Number = 20, ip ["packets_per_slave"],
            "balance-rr: packets until the next port, 0 for a random one; default 1";
        Set lacp_rate: LacpRate = 21, ip ["lacp_rate"],
            "802.3ad: how often the partner sends, every 30 s or every second; default slow";
        Set lacp_active: OnOff = 29, ip ["lacp_active"], "802.3ad: send LACP by oneself (Linux 5.15); default true";
        Set coupled_control: OnOff = 32, ip ["coupled_control"],
            "802.3ad: collecting and distributing begin together (Linux 6.9); default true";
        Set ad_select: AdSelect = 22, ip ["ad_select"], "802.3ad: what chooses the aggregator; default stable";
        Set ad_actor_sys_prio: U16<1, 65535> = 24, ip ["ad_actor_sys_prio"],
            "802.3ad: the system's priority; default 65535; told only to root of the machine";
        Set ad_actor_system: Mac = 26, ip ["ad_actor_system"], "802.3ad: the system's address; default the bond's; told as the priority is";
        Set ad_user_port_key: U16<0, 1023> = 25, ip ["ad_user_port_key"],
            "802.3ad: the upper ten bits of the port's key; default 0; told as the priority is";
        Set tlb_dynamic_lb: Digit = 27, ip ["tlb_dynamic_lb"],
            "balance-tlb: move flows by the load of the ports; default true";
        Read ad_aggregator: AdInfo<1> = 23, ip [], "802.3ad: the active aggregator";
        Read ad_num_ports: AdInfo<2> = 23, ip [], "802.3ad: how many ports it has";
        Read ad_actor_key: AdInfo<3> = 23, ip [], "802.3ad: the own key";
        Read ad_partner_key: AdInfo<4> = 23, ip [], "802.3ad: the partner's key";
        Read ad_partner_mac: AdPartner = 23, ip [], "802.3ad: the partner's address";
    }
}

kind! {
    Bond, "a bond", ["bond" = "BONDING" by "bonding"] {
        const BEYOND: &'static [&'static str] = &["clear_active_slave"];

        fn links(&mut self) -> Vec<&mut LinkRef> {
            self.primary.iter_mut().chain(&mut self.active_slave).collect()
        }

        fn explain(&self, e: Error) -> Error {
            match e.raw() {
                Some(Errno::EACCES) => e.hint("the bond's mode doesn't have one of these options"),
                Some(Errno::ENOTEMPTY) => e.with_kind(Kind::Busy).hint("that can change only while the bond has no ports"),
                Some(Errno::EPERM | Errno::EBUSY) => e.hint("that can change only while the bond is down"),
                Some(Errno::EINVAL) if self.active_slave.is_some() => {
                    e.hint("the active port must be a port of the bond, and up; modes with one are active-backup, \
                            balance-tlb and balance-alb")
                }
                Some(Errno::EINVAL) if self.updelay.is_some() || self.downdelay.is_some() => {
                    e.hint("updelay and downdelay take miimon")
                }
                _ => e,
            }
        }
    }
}

/// Addresses of one family, nested in the attribute by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses<T>(pub Vec<T>);

impl<T: Field> Field for Addresses<T> {
    fn form() -> Form {
        let one = T::form();
        Form {
            luals: "string|string[]".into(),
            returned: "string[]",
            ..text(&format!("{} or a list of them", one.expected))
        }
    }

    /// `ip` has commas between them.
    fn read(value: &Value) -> Result<Option<Self>> {
        let texts = match value {
            Value::Text(text) => text.split(',').map(|text| Value::Text(text.to_owned())).collect(),
            Value::List(list) => list.clone(),
            _ => return Ok(None),
        };
        let all: Result<Option<Vec<T>>> = texts.iter().map(T::read).collect();
        Ok(all?.map(Addresses))
    }

    fn value(&self) -> Value {
        Value::List(self.0.iter().map(T::value).collect())
    }

    fn word(&self) -> String {
        self.0.iter().map(T::word).collect::<Vec<_>>().join(",")
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let mut all = Attributes::new();
        for (place, address) in (0..).zip(&self.0) {
            all.put(place, &address.encode()?);
        }
        all.into_bytes().ok()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        attributes_of(bytes).map(|(_, address)| T::decode(address)).collect::<Option<_>>().map(Addresses)
    }
}

/// One of IFLA_BOND_AD_INFO_*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdInfo<const NUMBER: u16>(u16);

impl<const NUMBER: u16> Field for AdInfo<NUMBER> {
    fn form() -> Form {
        U16::<0, 65535>::form()
    }

    fn read(_: &Value) -> Result<Option<Self>> {
        Ok(None)
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        find(bytes, NUMBER).map(|value| AdInfo(unsigned(value) as u16))
    }
}

/// IFLA_BOND_AD_INFO_PARTNER_MAC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdPartner(Vec<u8>);

reported! {
    AdPartner: "string", |bytes| find(bytes, 5).map(|mac| AdPartner(mac.to_vec())),
        |mac| Value::Text(hardware_address(&mac.0));
}
