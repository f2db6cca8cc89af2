//! Where NAT translates to: an address or several, a port or several.

use std::fmt;
use std::net::IpAddr;

use crate::base::error::{Error, Result};
use crate::net::nf::ask::Ask;
use crate::net::nf::words::{Family, PortRange};

/// `192.168.1.10:3000`, `10.0.0.1-10.0.0.9`, `[fd00::1]:80`, `:8080`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The first and the last address, often the same.
    pub addresses: Option<(IpAddr, IpAddr)>,
    pub ports: Option<PortRange>,
    /// What a map has instead: `dport map @servers`.
    pub map: Option<Mapped>,
}

/// A map that is asked where to translate to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    pub ask: Ask,
    /// Whether it has addresses, and ports.
    pub address: bool,
    pub port: bool,
}

impl Target {
    pub fn parse(text: &str) -> Result<Self> {
        if text.contains(" map ") {
            // What it has is seen when it is looked for.
            let map = Mapped { ask: Ask::parse(text, "map")?, address: false, port: false };
            return Ok(Target { map: Some(map), ..Target::default() });
        }
        let fail = || {
            Error::argument(format!(
                "expected an address with or without a port, such as \"192.168.1.10:3000\", \
                 \"10.0.0.1-10.0.0.9\", \"[fd00::1]:80\" or \":8080\", got {text:?}"
            ))
        };
        if text.contains('/') {
            return Err(fail().hint("a prefix can't be a target; a range of addresses can"));
        }
        if text.contains('%') {
            return Err(fail().hint("NAT can't translate to an address with a scope"));
        }
        let (addresses, ports) = split(text).ok_or_else(fail)?;
        let ports = ports.map(PortRange::parse).transpose()?;
        if ports.is_some_and(|p| p.low == 0) {
            return Err(Error::argument(format!("port 0 can't be a target, got {text:?}")));
        }
        let addresses = match addresses {
            "" => None,
            range => Some(addresses_of(range).ok_or_else(fail)?),
        };
        if let Some((low, high)) = addresses {
            if Family::of(low) != Family::of(high) {
                return Err(Error::argument(format!("{text:?} mixes IPv4 and IPv6")));
            }
            if low > high {
                return Err(Error::argument(format!(
                    "the range of addresses {text:?} ends before it begins"
                )));
            }
            if let Some(odd) = [low, high].iter().find(|ip| ip.is_unspecified() || ip.is_multicast()) {
                return Err(Error::argument(format!("{odd} is no host's address, it can't be a target")));
            }
        }
        Ok(Target { addresses, ports, map: None })
    }

    /// A port of this host.
    pub fn port(port: u16) -> Self {
        Target { ports: Some(PortRange::one(port)), ..Target::default() }
    }

    /// Whether it is a port, or a map is asked about one.
    pub fn is_about_ports(&self) -> bool {
        let mapped =
            self.map.as_ref().is_some_and(|map| map.port || matches!(map.ask.option, "sport" | "dport"));
        self.ports.is_some() || mapped
    }

    /// Whether it has an address, or a map does.
    pub fn has_address(&self) -> bool {
        self.addresses.is_some() || self.map.as_ref().is_some_and(|map| map.address)
    }

    pub fn family(&self) -> Option<Family> {
        self.addresses.map(|(low, _)| Family::of(low))
    }
}

/// Splits into addresses and ports. A port's colon follows a bracket, or is the only colon.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(ports) = text.strip_prefix(':').filter(|rest| !rest.starts_with(':')) {
        return Some(("", Some(ports)));
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return Some(("", Some(text)));
    }
    if let Some(end) = text.rfind(']') {
        let (addresses, rest) = text.split_at(end + 1);
        return match rest {
            "" => Some((addresses, None)),
            _ => Some((addresses, Some(rest.strip_prefix(':')?))),
        };
    }
    match text.split_once(':') {
        Some((address, ports)) if !ports.contains(':') => Some((address, Some(ports))),
        _ if text.is_empty() => None,
        _ => Some((text, None)),
    }
}

fn addresses_of(range: &str) -> Option<(IpAddr, IpAddr)> {
    let address = |text: &str| -> Option<IpAddr> {
        match text.strip_prefix('[') {
            Some(inner) => inner.strip_suffix(']')?.parse().ok().filter(IpAddr::is_ipv6),
            None => text.parse().ok(),
        }
    };
    match range.split_once('-') {
        Some((low, high)) => Some((address(low)?, address(high)?)),
        None => address(range).map(|one| (one, one)),
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Mapped { ask: Ask { option, map }, .. }) = &self.map {
            return write!(f, "{option} map @{map}");
        }
        if let Some((low, high)) = self.addresses {
            // IPv6 needs its brackets only where a port follows.
            let bracket = self.ports.is_some() && low.is_ipv6();
            let show = |ip: IpAddr| if bracket { format!("[{ip}]") } else { ip.to_string() };
            f.write_str(&show(low))?;
            if high != low {
                write!(f, "-{}", show(high))?;
            }
        }
        match self.ports {
            Some(ports) => write!(f, ":{ports}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_come_back_as_they_went() {
        for text in [
            "192.168.1.10",
            "192.168.1.10:3000",
            "192.168.1.10:8000-8010",
            "10.0.0.1-10.0.0.9",
            "10.0.0.1-10.0.0.9:80",
            "fd00::1",
            "fd00::1-fd00::9",
            "[fd00::1]:80",
            "[fd00::1]-[fd00::9]:80-90",
            ":8080",
            ":8000-8010",
            "::1",
            "dport map @servers",
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Target::parse("8080").unwrap(), Target::port(8080));
        assert_eq!(Target::parse("[fd00::1]").unwrap().to_string(), "fd00::1");
    }

    #[test]
    fn bad_targets_are_refused() {
        for bad in [
            "",
            ":",
            "x",
            "192.168.1.10:",
            "192.168.1.10:0",
            "192.168.1.10:70000",
            "192.168.1.0/24",
            "fe80::1%eth0",
            "[192.168.1.1]:80",
            "[fd00::1]80",
            "10.0.0.9-10.0.0.1",
            "10.0.0.1-fd00::1",
            "0.0.0.0:80",
            "::",
            "224.0.0.1",
            "10.0.0.1-",
            "10.0.0.1:80:90",
            "dport map servers",
            "speed map @servers",
        ] {
            assert!(Target::parse(bad).is_err(), "{bad}");
        }
    }
}
