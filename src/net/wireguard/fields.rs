//! Types of WireGuard's attributes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ipnetwork::IpNetwork;

use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value};
use crate::net::attributes::Attributes;
use crate::net::fields::text;
use crate::net::netlink::attributes_of;
use crate::net::prefix::{Family, from_octets};

/// A key of Curve25519, or one that is shared: 32 bytes, in base64 to scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub [u8; 32]);

/// Not a secret's bytes.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl Field for Key {
    fn form() -> Form {
        text("a key of 32 bytes in base64, as `wireguard.genkey` makes one")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let key = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        // What was given may be a secret.
        let wrong =
            || Error::argument(format!("expected {}, got {} characters", Self::form().expected, text.len()));
        key.map(|key| Some(Key(key))).ok_or_else(wrong)
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_vec())
    }

    /// All zero is how the kernel says that there is none.
    fn decode(bytes: &[u8]) -> Option<Self> {
        <[u8; 32]>::try_from(bytes).ok().filter(|key| *key != [0; 32]).map(Key)
    }
}

/// An address and a port: `struct sockaddr_in` or `sockaddr_in6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint(pub SocketAddr);

impl Field for Endpoint {
    fn form() -> Form {
        text("an address and a port such as \"10.0.0.1:51820\" or \"[fd00::1]:51820\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let wrong = |_| Error::argument(format!("expected {}, got {text:?}", Self::form().expected));
        text.parse().map(|end| Some(Endpoint(end))).map_err(wrong)
    }

    fn value(&self) -> Value {
        Value::Text(self.0.to_string())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let family = Family::of(self.0.ip()).number();
        let mut out = u16::from(family).to_ne_bytes().to_vec();
        out.extend(self.0.port().to_be_bytes());
        match self.0 {
            SocketAddr::V4(end) => {
                out.extend(end.ip().octets());
                out.resize(16, 0);
            }
            SocketAddr::V6(end) => {
                out.extend(end.flowinfo().to_be_bytes());
                out.extend(end.ip().octets());
                out.extend(end.scope_id().to_ne_bytes());
            }
        }
        Some(out)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let family = u16::from_ne_bytes(*bytes.first_chunk()?);
        let port = u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
        Some(Endpoint(match i32::from(family) {
            libc::AF_INET => (Ipv4Addr::from(*bytes.get(4..)?.first_chunk::<4>()?), port).into(),
            libc::AF_INET6 => {
                let ip = Ipv6Addr::from(*bytes.get(8..)?.first_chunk::<16>()?);
                let scope = u32::from_ne_bytes(*bytes.get(24..)?.first_chunk()?);
                SocketAddrV6::new(ip, port, 0, scope).into()
            }
            _ => return None,
        }))
    }
}

/// Prefixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedIps(pub Vec<IpNetwork>);

impl AllowedIps {
    /// WGALLOWEDIP_A_*.
    pub(super) fn attributes(&self) -> Attributes {
        let mut out = Attributes::new();
        for prefix in &self.0 {
            let mut one = Attributes::new();
            one.put(1, &u16::from(Family::of(prefix.ip()).number()).to_ne_bytes());
            match prefix.ip() {
                IpAddr::V4(ip) => one.put(2, &ip.octets()),
                IpAddr::V6(ip) => one.put(2, &ip.octets()),
            }
            one.put(3, &[prefix.prefix()]);
            out.nest(0, one);
        }
        out
    }

    fn one(attributes: &[u8]) -> Option<IpNetwork> {
        let (mut ip, mut bits) = (None, None);
        for (number, bytes) in attributes_of(attributes) {
            match number {
                2 => ip = from_octets(bytes),
                3 => bits = bytes.first().copied(),
                _ => {}
            }
        }
        IpNetwork::new(ip?, bits?).ok()
    }
}

impl Field for AllowedIps {
    fn form() -> Form {
        let expected = "a list of prefixes such as { \"10.0.0.2/32\", \"fd00::/64\" }".to_owned();
        Form { luals: "string[]".into(), returned: "string[]", expected, ..text("") }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::List(list) = value else { return Ok(None) };
        let one = |value: &Value| match value {
            Value::Text(text) => text.parse().map_err(|_| {
                Error::argument(format!("expected a prefix such as \"10.0.0.2/32\", got {text:?}"))
            }),
            other => Err(Error::argument(format!("expected a prefix such as \"10.0.0.2/32\", got {other}"))),
        };
        list.iter().map(one).collect::<Result<_>>().map(|all| Some(AllowedIps(all)))
    }

    fn value(&self) -> Value {
        Value::words(self.0.iter().map(IpNetwork::to_string))
    }

    fn word(&self) -> String {
        self.0.iter().map(IpNetwork::to_string).collect::<Vec<_>>().join(",")
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(AllowedIps(attributes_of(bytes).filter_map(|(_, one)| AllowedIps::one(one)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_base64_of_32_bytes() {
        let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let key = Key::read(&Value::Text(text.into())).unwrap().unwrap();
        assert_eq!((key.0[31], key.to_string().as_str()), (31, text));
        for wrong in ["", "AAEC", "not base64", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ=="] {
            let e = Key::read(&Value::Text(wrong.into())).unwrap_err();
            assert!(wrong.len() < 4 || !e.message().contains(wrong), "a key is not printed: {}", e.message());
        }
        assert_eq!(Key::decode(&[0; 32]), None);
    }

    #[test]
    fn endpoints_and_addresses_go_both_ways() {
        for end in ["10.0.0.1:51820", "[fd00::1]:1"] {
            let end = Endpoint(end.parse().unwrap());
            let bytes = end.encode().unwrap();
            assert_eq!(Endpoint::decode(&bytes), Some(end));
            for length in 0..bytes.len() {
                let _ = Endpoint::decode(&bytes[..length]);
            }
        }
        let allowed = AllowedIps(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/64".parse().unwrap()]);
        let bytes = allowed.attributes().into_bytes().unwrap();
        assert_eq!(AllowedIps::decode(&bytes), Some(allowed));
        for length in 0..bytes.len() {
            let _ = AllowedIps::decode(&bytes[..length]);
        }
    }
}
