//! Addresses, prefixes and hardware addresses from text, with errors that say what is wrong.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnetwork::IpNetwork;

use crate::base::error::{Error, Result};

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    Inet,
    Inet6,
}

impl Family {
    pub const NAMES: &[&str] = &["inet", "inet6"];

    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Family::Inet } else { Family::Inet6 }
    }

    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "inet" => Some(Family::Inet),
            "inet6" => Some(Family::Inet6),
            _ => None,
        }
    }

    /// AF_INET or AF_INET6.
    pub fn number(self) -> u8 {
        match self {
            Family::Inet => libc::AF_INET as u8,
            Family::Inet6 => libc::AF_INET6 as u8,
        }
    }

    pub fn from_number(number: u8) -> Option<Self> {
        [Family::Inet, Family::Inet6].into_iter().find(|f| f.number() == number)
    }

    /// As iproute2 calls it.
    pub fn name(self) -> &'static str {
        match self {
            Family::Inet => "inet",
            Family::Inet6 => "inet6",
        }
    }

    /// The longest prefix.
    pub fn bits(self) -> u8 {
        match self {
            Family::Inet => 32,
            Family::Inet6 => 128,
        }
    }
}

/// Whether it is an address of IPv6 that each link has for itself, `fe80::/10`.
pub fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

/// An address with its prefix length, host bits kept: `192.168.1.1/24`, `fd00::1/64`. Without a length it is the
/// host alone (`/32`, `/128`), as ip-address(8) takes it.
pub fn parse(text: &str) -> Result<IpNetwork> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address = address_in(address, text)?;
    let most: u8 = if address.is_ipv4() { 32 } else { 128 };
    let length = match length {
        None => most,
        Some(length) => prefix_length(length, address, text)?,
    };
    IpNetwork::new(address, length).map_err(|_| wrong_length(text, most))
}

/// A network: as [`parse`], but with no bits set behind the prefix; the error says which prefix would be right.
pub fn network(text: &str) -> Result<IpNetwork> {
    let prefix = parse(text)?;
    if prefix.ip() == prefix.network() {
        return Ok(prefix);
    }
    Err(Error::argument(format!("{text:?} has host bits set")).hint(format!(
        "the network is {}/{}",
        prefix.network(),
        prefix.prefix()
    )))
}

/// A bare address: `10.0.0.1`, `fe80::1`.
pub fn address(text: &str) -> Result<IpAddr> {
    match text.split_once('/') {
        Some((bare, _)) => {
            Err(Error::argument(format!("expected an address without a prefix length, got {text:?}"))
                .hint(format!("did you mean {bare:?}?")))
        }
        None => address_in(text, text),
    }
}

/// An Ethernet address, `02:00:00:00:00:01`; `-` between the bytes is taken too.
pub fn mac(text: &str) -> Result<[u8; 6]> {
    let wrong = || {
        Error::argument(format!(
            "expected a hardware address of six bytes in hexadecimal, such as \"02:00:00:00:00:01\", got {text:?}"
        ))
    };
    let mut out = [0; 6];
    let mut parts = text.split([':', '-']);
    for byte in &mut out {
        let part = parts.next().filter(|p| (1..=2).contains(&p.len())).ok_or_else(wrong)?;
        if !part.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        *byte = u8::from_str_radix(part, 16).map_err(|_| wrong())?;
    }
    if parts.next().is_some() { Err(wrong()) } else { Ok(out) }
}

/// A hardware address that a link can have: neither zero nor a group's.
pub fn link_mac(text: &str) -> Result<[u8; 6]> {
    let bytes = mac(text)?;
    if bytes == [0; 6] {
        return Err(Error::argument("a link's hardware address must not be all zero"));
    }
    if bytes[0] & 1 != 0 {
        return Err(Error::argument(format!("{text:?} is a multicast address, which no link can have"))
            .hint(format!("the lowest bit of the first byte must be 0, as in {:02x}", bytes[0] & 0xfe)));
    }
    Ok(bytes)
}

fn address_in(part: &str, whole: &str) -> Result<IpAddr> {
    if let Ok(address) = part.parse() {
        return Ok(address);
    }
    let error = Error::argument(format!("{whole:?} is not an IP address"));
    Err(match explain(part) {
        Some(why) => error.hint(why),
        None => error,
    })
}

/// What is wrong with a would-be address, where it can be told.
fn explain(part: &str) -> Option<String> {
    if part.is_empty() {
        return Some("it is empty".to_owned());
    }
    if part.contains(':') {
        if part.contains('%') {
            return Some("a scope (%dev) has no place here; name the link with dev".to_owned());
        }
        if part.matches("::").count() > 1 {
            return Some("\"::\" can stand only once in an IPv6 address".to_owned());
        }
        return part
            .split(':')
            .find(|p| {
                p.len() > 4 && !p.contains('.') || p.bytes().any(|b| !b.is_ascii_hexdigit() && b != b'.')
            })
            .map(|p| format!("{p:?} is not a group of one to four hexadecimal digits"));
    }
    let numbers: Vec<&str> = part.split('.').collect();
    if numbers.iter().any(|n| n.is_empty() || !n.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    if numbers.len() != 4 {
        return Some(format!("an IPv4 address has four numbers, this one {}", numbers.len()));
    }
    if let Some(n) = numbers.iter().find(|n| n.parse::<u32>().map_or(true, |v| v > 255)) {
        return Some(format!("{n} is over 255"));
    }
    numbers
        .iter()
        .find(|n| n.len() > 1 && n.starts_with('0'))
        .map(|n| format!("{n:?} has a leading zero, which some programs read as octal"))
}

fn prefix_length(length: &str, address: IpAddr, whole: &str) -> Result<u8> {
    let most: u8 = if address.is_ipv4() { 32 } else { 128 };
    if !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()) {
        return length.parse().ok().filter(|l| *l <= most).ok_or_else(|| wrong_length(whole, most));
    }
    // A netmask, as in 10.0.0.1/255.255.255.0.
    if let (IpAddr::V4(_), Ok(mask)) = (address, length.parse::<Ipv4Addr>()) {
        let bits = u32::from(mask);
        if bits.leading_ones() + bits.trailing_zeros().min(32) >= 32 {
            return Ok(bits.leading_ones() as u8);
        }
    }
    Err(wrong_length(whole, most))
}

fn wrong_length(text: &str, most: u8) -> Error {
    Error::argument(format!("expected a prefix length from 0 to {most} in {text:?}"))
}

/// The bytes of an address as netlink wants them.
pub fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    }
}

/// An address from netlink's bytes.
pub fn from_octets(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => bytes.first_chunk::<4>().map(|b| Ipv4Addr::from(*b).into()),
        16 => bytes.first_chunk::<16>().map(|b| Ipv6Addr::from(*b).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(e: Error) -> String {
        e.to_string()
    }

    #[test]
    fn prefixes_keep_their_host_bits() {
        assert_eq!(parse("192.168.1.1/24").unwrap().to_string(), "192.168.1.1/24");
        assert_eq!(parse("10.0.0.1").unwrap().to_string(), "10.0.0.1/32");
        assert_eq!(parse("fd00::1").unwrap().to_string(), "fd00::1/128");
        assert_eq!(parse("10.0.0.1/255.255.240.0").unwrap().prefix(), 20);
        assert_eq!(parse("10.0.0.1/0.0.0.0").unwrap().prefix(), 0);
        assert!(parse("10.0.0.1/255.0.255.0").is_err());
    }

    #[test]
    fn malformed_ones_are_explained() {
        assert_eq!(
            says(parse("10.0.0.300/24").unwrap_err()),
            "\"10.0.0.300/24\" is not an IP address\n  hint: 300 is over 255"
        );
        assert_eq!(
            says(parse("10.0.0/24").unwrap_err()),
            "\"10.0.0/24\" is not an IP address\n  hint: an IPv4 address has four numbers, this one 3"
        );
        assert_eq!(
            says(parse("10.0.0.1/33").unwrap_err()),
            "expected a prefix length from 0 to 32 in \"10.0.0.1/33\""
        );
        for wrong in [
            "",
            "/",
            "10.0.0.1/",
            "10.0.0.1/-1",
            "10.0.0.1/+1",
            "fd00::1/129",
            "10.0.0.1/24/24",
            "host",
            "01.2.3.4",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            says(parse("fd00::12345").unwrap_err()),
            "\"fd00::12345\" is not an IP address\n  hint: \"12345\" is not a group of one to four hexadecimal digits"
        );
    }

    #[test]
    fn host_bits_name_the_network() {
        assert_eq!(
            says(network("10.9.1.0/16").unwrap_err()),
            "\"10.9.1.0/16\" has host bits set\n  hint: the network is 10.9.0.0/16"
        );
        assert_eq!(
            says(network("fd00::1/64").unwrap_err()),
            "\"fd00::1/64\" has host bits set\n  hint: the network is fd00::/64"
        );
        assert!(network("0.0.0.0/0").is_ok());
    }

    #[test]
    fn hardware_addresses() {
        assert_eq!(mac("02:00:00:0a:0B:1").unwrap(), [2, 0, 0, 10, 11, 1]);
        for wrong in [
            "",
            "02:00:00:00:00",
            "02:00:00:00:00:00:00",
            "02:00:00:00:00:zz",
            "020:0:0:0:0:0",
            "+2:0:0:0:0:0",
        ] {
            assert!(mac(wrong).is_err(), "{wrong}");
        }
        assert!(link_mac("00:00:00:00:00:00").is_err());
        assert!(link_mac("01:00:00:00:00:01").is_err());
    }
}
