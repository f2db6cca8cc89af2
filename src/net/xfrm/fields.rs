//! Types of attributes of states and policies.

use std::fmt;
use std::net::IpAddr;

use ipnetwork::IpNetwork;

use crate::base::error::{Error, Result};
use crate::model::{Between, Field, Form, Value, Word, Words};
use crate::net::attributes::string;
use crate::net::fields::{Number, text};
use crate::net::prefix::{self, Family, from_octets, octets};

/// The security parameters index: hexadecimal to `ip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spi(pub u32);

impl Field for Spi {
    fn form() -> Form {
        Number::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(Number::read(value)?.map(|n| Spi(n.0)))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn word(&self) -> String {
        format!("0x{:08x}", self.0)
    }
}

/// IPPROTO_* of linux/in.h and linux/in6.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proto {
    Route2 = 43,
    Esp = 50,
    Ah = 51,
    Hao = 60,
    Comp = 108,
}

impl Words for Proto {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("esp", Proto::Esp),
        ("ah", Proto::Ah),
        ("comp", Proto::Comp),
        ("route2", Proto::Route2),
        ("hao", Proto::Hao),
    ];
}

/// XFRM_MODE_* of linux/xfrm.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Transport,
    Tunnel,
    RouteOptimization,
    InTrigger,
    Beet,
}

impl Words for Mode {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("transport", Mode::Transport),
        ("tunnel", Mode::Tunnel),
        ("beet", Mode::Beet),
        ("ro", Mode::RouteOptimization),
        ("in_trigger", Mode::InTrigger),
    ];
}

/// XFRM_POLICY_IN, OUT, FWD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dir {
    In,
    Out,
    Fwd,
}

impl Words for Dir {
    const WORDS: &'static [(&'static str, Self)] = &[("in", Dir::In), ("out", Dir::Out), ("fwd", Dir::Fwd)];
}

/// XFRM_POLICY_ALLOW, BLOCK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Allow,
    Block,
}

impl Words for Action {
    const WORDS: &'static [(&'static str, Self)] = &[("allow", Action::Allow), ("block", Action::Block)];
}

/// Whether packets go on where a template's state is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Required,
    Use,
}

impl Words for Level {
    const WORDS: &'static [(&'static str, Self)] = &[("required", Level::Required), ("use", Level::Use)];
}

/// XFRM_SHARE_*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    Any,
    Session,
    User,
    Unique,
}

impl Words for Share {
    const WORDS: &'static [(&'static str, Self)] =
        &[("any", Share::Any), ("session", Share::Session), ("user", Share::User), ("unique", Share::Unique)];
}

/// The value of a word of which the number is this.
pub(super) fn numbered<T: Words>(number: u8, of: impl Fn(T) -> u8) -> Option<T> {
    T::WORDS.iter().map(|(_, value)| *value).find(|value| of(*value) == number)
}

/// A prefix; `struct xfrm_selector` has its length in a field of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix(pub IpNetwork);

impl Prefix {
    /// The one of no bits.
    pub(super) fn all(family: Family) -> Self {
        let of = |ip: IpAddr| IpNetwork::new(ip, 0).map(Prefix);
        let four = || Prefix(IpAddr::from([0; 4]).into());
        match family {
            Family::Inet => of(IpAddr::from([0; 4])).unwrap_or_else(|_| four()),
            Family::Inet6 => of(IpAddr::from([0; 16])).unwrap_or_else(|_| four()),
        }
    }
}

impl Field for Prefix {
    fn form() -> Form {
        text("a prefix such as \"10.0.0.0/24\" or \"fd00::/64\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        prefix::network(text).map(|prefix| Some(Prefix(prefix)))
    }

    fn value(&self) -> Value {
        Value::Text(self.0.to_string())
    }
}

/// A port, or what stands in its place in ICMP.
pub type Port = Between<0, 65535>;

/// A limit of a lifetime, or what was used of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub u64);

impl Field for Limit {
    fn form() -> Form {
        Form {
            luals: "integer".into(),
            returned: "integer",
            word: Word::Integer,
            ..text("an integer from 0 on")
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Int(limit) = value else { return Ok(None) };
        Ok(u64::try_from(*limit).ok().map(Limit))
    }

    fn value(&self) -> Value {
        Value::Int(i64::try_from(self.0).unwrap_or(i64::MAX))
    }
}

/// An algorithm with its key, in the words of `ip`: `cbc(aes) 0x0123...`; where `SIZED`, with the bits of its check value
/// behind: `hmac(sha256) 0x0123... 128`.
#[derive(Clone, PartialEq, Eq)]
pub struct Algorithm<const SIZED: bool> {
    pub name: String,
    pub key: Vec<u8>,
    pub bits: u32,
}

/// Not a secret's bytes.
impl<const SIZED: bool> fmt::Debug for Algorithm<SIZED> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The bytes of a key that is written in hexadecimal behind `0x`, or as it is.
fn key(text: &str) -> Option<Vec<u8>> {
    let Some(digits) = text.strip_prefix("0x") else { return Some(text.as_bytes().to_vec()) };
    let odd = if digits.len() % 2 == 1 { "0" } else { "" };
    let digits = [odd, digits].concat().into_bytes();
    let value = |digit: u8| char::from(digit).to_digit(16);
    digits.as_chunks::<2>().0.iter().map(|[a, b]| Some((value(*a)? << 4 | value(*b)?) as u8)).collect()
}

impl<const SIZED: bool> Algorithm<SIZED> {
    /// The length of a name in the kernel's structures, with a zero behind it.
    const NAME: usize = 64;

    fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (name, secret, bits) = match (SIZED, words.as_slice()) {
            (true, [name, key, bits]) => (name, *key, bits.parse().ok()?),
            (false, [name, key]) => (name, *key, 0),
            (false, [name]) => (name, "0x", 0),
            _ => return None,
        };
        let name = (name.len() < Self::NAME).then(|| (*name).to_owned())?;
        Some(Algorithm { name, key: key(secret)?, bits })
    }
}

impl<const SIZED: bool> Field for Algorithm<SIZED> {
    fn form() -> Form {
        let (expected, words) = match SIZED {
            true => {
                ("an algorithm, its key and a length in bits such as \"rfc4106(gcm(aes)) 0x0123... 128\"", 3)
            }
            false => ("an algorithm and its key such as \"cbc(aes) 0x0123...\"", 2),
        };
        Form { word: Word::Several(words), ..text(expected) }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        // What was given may be a secret.
        let wrong = || {
            let words = text.split_whitespace().count();
            Error::argument(format!("expected {}, got {words} words", Self::form().expected))
                .hint("a key is written in hexadecimal behind 0x")
        };
        Self::parse(text).map(Some).ok_or_else(wrong)
    }

    fn value(&self) -> Value {
        // As `ip` prints it, which takes it in another way.
        match self.key.is_empty() && !SIZED {
            true => Value::Text(self.name.clone()),
            false => Value::Text(self.word()),
        }
    }

    fn word(&self) -> String {
        let key: String = self.key.iter().map(|byte| format!("{byte:02x}")).collect();
        let bits = if SIZED { format!(" {}", self.bits) } else { String::new() };
        format!("{} 0x{key}{bits}", self.name)
    }

    /// `struct xfrm_algo`: the name, the key's bits, the key; `xfrm_algo_auth` and `xfrm_algo_aead` have the bits of the
    /// check value before the key.
    fn encode(&self) -> Option<Vec<u8>> {
        let mut out = self.name.clone().into_bytes();
        out.resize(Self::NAME, 0);
        out.extend((self.key.len() as u32 * 8).to_ne_bytes());
        if SIZED {
            out.extend(self.bits.to_ne_bytes());
        }
        out.extend(&self.key);
        Some(out)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (name, rest) = bytes.split_at_checked(Self::NAME)?;
        let (length, mut rest) = rest.split_first_chunk()?;
        let mut bits = 0;
        if SIZED {
            let (size, key) = rest.split_first_chunk()?;
            (bits, rest) = (u32::from_ne_bytes(*size), key);
        }
        let length = u32::from_ne_bytes(*length).div_ceil(8) as usize;
        Some(Algorithm { name: string(name), key: rest.get(..length)?.to_vec(), bits })
    }
}

/// A compression's name: `struct xfrm_algo` without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression(pub String);

impl Field for Compression {
    fn form() -> Form {
        text("a compression such as \"deflate\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(name) = value else { return Ok(None) };
        let wrong = || Error::argument(format!("expected {}, got {name:?}", Self::form().expected));
        let fits =
            !name.is_empty() && name.len() < Algorithm::<false>::NAME && !name.contains(char::is_whitespace);
        fits.then(|| Some(Compression(name.clone()))).ok_or_else(wrong)
    }

    fn value(&self) -> Value {
        Value::Text(self.0.clone())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Algorithm::<false> { name: self.0.clone(), key: Vec::new(), bits: 0 }.encode()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Algorithm::<false>::decode(bytes).map(|algorithm| Compression(algorithm.name))
    }
}

/// What ESP is put into (`struct xfrm_encap_tmpl`), in the words of `ip`: `espinudp 4500 4500 0.0.0.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encap {
    pub kind: EncapKind,
    pub sport: u16,
    pub dport: u16,
    pub original: IpAddr,
}

/// UDP_ENCAP_* and TCP_ENCAP_ESPINTCP of linux/udp.h and net/tcp.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncapKind {
    NonIke = 1,
    Udp = 2,
    Tcp = 7,
}

impl Words for EncapKind {
    const WORDS: &'static [(&'static str, Self)] =
        &[("espinudp", EncapKind::Udp), ("espinudp-nonike", EncapKind::NonIke), ("espintcp", EncapKind::Tcp)];
}

impl Encap {
    fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (kind, sport, dport, original) = match words[..] {
            [kind, sport, dport] => (kind, sport, dport, "0.0.0.0"),
            [kind, sport, dport, original] => (kind, sport, dport, original),
            _ => return None,
        };
        Some(Encap {
            kind: EncapKind::named(kind)?,
            sport: sport.parse().ok()?,
            dport: dport.parse().ok()?,
            original: original.parse().ok()?,
        })
    }
}

impl Field for Encap {
    fn form() -> Form {
        let expected =
            "an encapsulation, its ports and the original address such as \"espinudp 4500 4500 0.0.0.0\"";
        Form { word: Word::Several(4), ..text(expected) }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let wrong = || Error::argument(format!("expected {}, got {text:?}", Self::form().expected));
        Encap::parse(text).map(Some).ok_or_else(wrong)
    }

    fn value(&self) -> Value {
        Value::Text(format!("{} {} {} {}", self.kind.name(), self.sport, self.dport, self.original))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let mut out = (self.kind as u16).to_ne_bytes().to_vec();
        out.extend(self.sport.to_be_bytes());
        out.extend(self.dport.to_be_bytes());
        // `xfrm_address_t` is aligned to four bytes.
        out.extend([0, 0]);
        out.extend(padded(Some(self.original)));
        Some(out)
    }

    /// Without the family, which the state has: an original address of IPv6 has more than its first four bytes.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let short = |at: usize| bytes.get(at..)?.first_chunk::<2>().copied();
        let original = bytes.get(8..24)?;
        let four = original[4..].iter().all(|byte| *byte == 0);
        Some(Encap {
            kind: numbered(u16::from_ne_bytes(short(0)?) as u8, |kind: EncapKind| kind as u8)?,
            sport: u16::from_be_bytes(short(2)?),
            dport: u16::from_be_bytes(short(4)?),
            original: from_octets(if four { &original[..4] } else { original })?,
        })
    }
}

/// `xfrm_address_t`: sixteen bytes, of which an address of IPv4 takes the first four.
pub(super) fn padded(address: Option<IpAddr>) -> [u8; 16] {
    let mut out = [0; 16];
    if let Some(address) = address {
        let bytes = octets(address);
        out[..bytes.len()].copy_from_slice(&bytes);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn algorithms_go_both_ways() {
        type Sized = Algorithm<true>;
        let words = "rfc4106(gcm(aes)) 0x00ff10 128";
        let aead = Sized::read(&text(words)).unwrap().unwrap();
        assert_eq!((aead.key.as_slice(), aead.bits, aead.word().as_str()), (&[0, 255, 16][..], 128, words));
        let bytes = aead.encode().unwrap();
        assert_eq!((bytes.len(), &bytes[64..72]), (75, &[24, 0, 0, 0, 128, 0, 0, 0][..]));
        assert_eq!(Sized::decode(&bytes), Some(aead));
        for length in 0..bytes.len() {
            assert_eq!(Sized::decode(&bytes[..length]), None);
        }
        let enc = Algorithm::<false>::read(&text("ecb(cipher_null)")).unwrap().unwrap();
        assert_eq!(enc.word(), "ecb(cipher_null) 0x");
        assert_eq!(Algorithm::<false>::read(&text("x abc")).unwrap().unwrap().key, b"abc");
        assert_eq!(Algorithm::<false>::read(&text("x 0x123")).unwrap().unwrap().key, [1, 0x23]);
    }

    #[test]
    fn a_key_is_not_in_the_error() {
        for wrong in ["a 0xsecret", "a 0xsecret x 1", "a secret", "", "a 0xse\u{e9}ret 9"] {
            let e = Algorithm::<true>::read(&text(wrong)).unwrap_err();
            assert!(!e.to_string().contains("sec") && !e.to_string().contains("0xs"), "{e}");
        }
        let aead = Algorithm::<true>::read(&text("a secret 9")).unwrap().unwrap();
        assert_eq!(format!("{aead:?}"), "a");
    }

    #[test]
    fn encapsulations_go_both_ways() {
        for words in
            ["espinudp 4500 4500 0.0.0.0", "espintcp 1 2 fd00::1", "espinudp-nonike 500 500 10.0.0.1"]
        {
            let encap = Encap::read(&text(words)).unwrap().unwrap();
            assert_eq!(encap.word(), words);
            assert_eq!(Encap::decode(&encap.encode().unwrap()), Some(encap));
        }
        assert!(Encap::read(&text("espinudp 4500")).is_err());
        assert_eq!(Encap::decode(&[2; 20]), None);
    }
}
