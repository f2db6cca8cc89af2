//! The attributes of a neighbour.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, table};
use crate::net::fields::{HardwareAddress, LinkName, Number, Origin, Seconds, text};
use crate::net::names::similar;
use crate::net::prefix::{self, Family};

table! {
    /// A neighbour (ip-neighbour(8), linux/neighbour.h; its flags are NTF_*): one to add, one that the kernel reported,
    /// or what those to be found must have.
    pub struct Neigh {
        Set dst: IpAddr = 1 always, ip [], "its address";
        Set lladdr: HardwareAddress = 2, ip ["lladdr"], "its hardware address, once known";
        Set dev: LinkName = header always, ip ["dev"], "the link that it is on";
        Read index: Number = header always, ip [], "the link's index";
        Set state: State = header always, ip ["nud"],
            "permanent, reachable, stale, delay, probe, failed, noarp or none, when reported in capital letters; \
             default permanent";
        Set family: Family = header always, ip [], "IPv4 (inet) or IPv6 (inet6)";
        Set router: bool = {flag 0x80} always, ip ["router"], "it is a router (IPv6); default false";
        Set proxy: bool = {flag 0x08} always, ip ["proxy"],
            "answered for on behalf of another host (needs net.ipv4.conf.DEV.proxy_arp or \
             net.ipv6.conf.DEV.proxy_ndp too); in a filter, these instead of the others; default false";
        Read extern_learn: bool = {flag 0x10} always, ip [], "a program learned it";
        Read offload: bool = {flag 0x20} always, ip [], "hardware has it";
        Read probes: Number = 4 always, ip [], "requests sent without an answer";
        Read used: Seconds = header always, ip [], "seconds since it was used";
        Read confirmed: Seconds = header always, ip [], "seconds since it was confirmed";
        Read updated: Seconds = header always, ip [], "seconds since it changed";
        Set proto: Origin = 12, ip ["protocol"], "who added it: static, zebra, ...";
    }
}

impl Neigh {
    /// All neighbours on this link, or one to add there.
    pub fn on(dev: &str) -> Self {
        Neigh { dev: Some(LinkName(dev.to_owned())), ..Neigh::default() }
    }

    /// The link's name; empty where there is none.
    pub fn dev(&self) -> &str {
        self.dev.as_ref().map_or("", |dev| &dev.0)
    }

    pub fn index(&self) -> u32 {
        self.index.map_or(0, |index| index.0)
    }

    /// Its address; each that the kernel reports has one.
    pub fn ip(&self) -> IpAddr {
        self.dst.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }

    /// Whether it is in one of these states.
    pub fn is_in(&self, states: State) -> bool {
        self.state().0 & states.0 != 0
    }

    /// Its state; none for one that isn't known.
    pub fn state(&self) -> State {
        self.state.unwrap_or(State(0))
    }

    pub(super) fn is_proxy(&self) -> bool {
        self.proxy == Some(true)
    }

    pub(super) fn check(&self) -> Result<()> {
        let state = self.state.unwrap_or(State::PERMANENT);
        match &self.lladdr {
            Some(_) if self.is_proxy() => {
                Err(Error::argument("a proxy entry has no lladdr: the link's own address is told"))
            }
            Some(lladdr) => prefix::mac(&lladdr.to_string()).map(|_| ()),
            None if !self.is_proxy() && state.0 & State::WITH_ADDRESS.0 != 0 => {
                Err(Error::argument("a neighbour in this state needs lladdr"))
            }
            None => Ok(()),
        }
    }
}

/// What is known of a neighbour: NUD_*. In a filter several bits are any of these states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State(pub u16);

impl State {
    pub const INCOMPLETE: Self = State(0x01);
    pub const REACHABLE: Self = State(0x02);
    pub const STALE: Self = State(0x04);
    pub const DELAY: Self = State(0x08);
    pub const PROBE: Self = State(0x10);
    pub const FAILED: Self = State(0x20);
    pub const NOARP: Self = State(0x40);
    pub const PERMANENT: Self = State(0x80);
    /// Those that can't be without a hardware address.
    pub const WITH_ADDRESS: Self =
        Self::any(&[Self::REACHABLE, Self::STALE, Self::DELAY, Self::PROBE, Self::PERMANENT]);

    /// In the order in which `ip neigh` names them.
    pub const NAMES: [(Self, &str); 8] = [
        (Self::INCOMPLETE, "INCOMPLETE"),
        (Self::REACHABLE, "REACHABLE"),
        (Self::STALE, "STALE"),
        (Self::DELAY, "DELAY"),
        (Self::PROBE, "PROBE"),
        (Self::FAILED, "FAILED"),
        (Self::NOARP, "NOARP"),
        (Self::PERMANENT, "PERMANENT"),
    ];

    /// Any of these.
    pub const fn any(states: &[State]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < states.len() {
            bits |= states[at].0;
            at += 1;
        }
        State(bits)
    }

    /// All but these.
    pub const fn but(self) -> Self {
        State(!self.0)
    }

    /// A state by its name, in any case; iproute2's `none` too.
    pub fn parse(name: &str) -> Result<Self> {
        if name.eq_ignore_ascii_case("none") {
            return Ok(State(0));
        }
        let found = Self::NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
        found.map(|(state, _)| *state).ok_or_else(|| {
            let names = || Self::NAMES.iter().map(|(_, name)| *name);
            let e = Error::argument(format!("unknown state of a neighbour {name:?}"));
            match similar(&name.to_uppercase(), names()) {
                Some(near) => e.hint(format!("did you mean {:?}?", near.to_lowercase())),
                None => e.hint(format!(
                    "the states are {}",
                    names().collect::<Vec<_>>().join(", ").to_lowercase()
                )),
            }
        })
    }

    /// The names of its bits.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(state, _)| self.0 & state.0 != 0).map(|(_, name)| name)
    }
}

/// `REACHABLE`; nothing for a proxy entry.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(","))
    }
}

impl Field for State {
    fn form() -> Form {
        text("a state such as \"permanent\", \"reachable\" or \"stale\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(name) = value else { return Ok(None) };
        State::parse(name).map(Some)
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn word(&self) -> String {
        match self.0 {
            0 => "none".to_owned(),
            _ => self.to_string().to_lowercase(),
        }
    }
}
