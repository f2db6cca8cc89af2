//! The metrics of a route: properties of its path.

use std::fmt;

use crate::base::error::{Error, Result};
use crate::model::{Between, Field, Form, Table, Value, Word, table};
use crate::net::attributes::string;
use crate::net::fields::{Number, text};

table! {
    /// RTAX_* in linux/rtnetlink.h, ip-route(8), in the order of their numbers.
    pub struct Metrics {
        Set lock: Locked = 1, ip [], "the metrics that the kernel may not change by itself";
        Set mtu: Between<0, 65535> = 2, ip ["mtu"], "the path's MTU in bytes";
        Set window: Number = 3, ip ["window"], "TCP's largest window in bytes";
        Set rtt: Time<8> = 4, ip ["rtt"], "TCP's first estimate of the round-trip time, in seconds";
        Set rttvar: Time<4> = 5, ip ["rttvar"], "and of its variance, in seconds";
        Set ssthresh: Number = 6, ip ["ssthresh"], "TCP's slow start threshold in segments";
        Set cwnd: Number = 7, ip ["cwnd"], "clamps TCP's congestion window, in segments";
        Set advmss: Between<0, 65535> = 8, ip ["advmss"], "the MSS to advertise, in bytes";
        Set reordering: Number = 9, ip ["reordering"], "TCP's initial reordering level";
        Set hoplimit: Between<0, 255> = 10, ip ["hoplimit"], "the hop limit (TTL) of packets";
        Set initcwnd: Number = 11, ip ["initcwnd"], "TCP's initial congestion window, in segments";
        Set features: Features = 12, ip ["features"], "ecn, tcp_usec_ts";
        Set rto_min: Time<1> = 13, ip ["rto_min"], "TCP's least retransmission timeout, in seconds";
        Set initrwnd: Number = 14, ip ["initrwnd"], "TCP's initial receive window, in segments";
        Set quickack: Between<0, 1> = 15, ip ["quickack"], "1: acknowledge at once";
        Set congctl: Name = 16, ip ["congctl"], "TCP's congestion control";
        Set fastopen_no_cookie: Between<0, 1> = 17, ip ["fastopen_no_cookie"],
            "1: TCP Fast Open without a cookie";
    }
}

/// As `ip route` takes and prints them: `mtu lock 1300 rto_min 250ms`.
impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let locked = self.lock.map_or(0, |lock| lock.0);
        let mut blank = "";
        for row in Self::ROWS {
            let Some(keyword) = row.words.first() else { continue };
            let lock = locked >> row.number.unwrap_or(0) & 1 != 0;
            let value = match (row.word)(self) {
                None if !lock => continue,
                None => "0".to_owned(),
                Some(value) => value,
            };
            write!(f, "{blank}{keyword} {}{value}", if lock { "lock " } else { "" })?;
            blank = " ";
        }
        Ok(())
    }
}

/// Bits of the metrics' numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locked(pub u32);

impl Field for Locked {
    fn form() -> Form {
        let expected = text("a list of metrics, such as { \"mtu\" }");
        Form { luals: "string[]".into(), returned: "string[]", ..expected }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::List(names) = value else { return Ok(None) };
        let bit = |name: &Value| {
            let number = Metrics::row(&name.to_string()).and_then(|row| row.number);
            number.map(|n| 1 << n).ok_or_else(|| Error::argument(format!("there is no metric \"{name}\"")))
        };
        let bits: Result<Vec<u32>> = names.iter().map(bit).collect();
        Ok(Some(Locked(bits?.into_iter().fold(0, |set, bit| set | bit))))
    }

    fn value(&self) -> Value {
        let locked = Metrics::ROWS.iter().filter(|row| self.0 >> row.number.unwrap_or(0) & 1 != 0);
        Value::words(locked.map(|row| row.name))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|b| Locked(u32::from_ne_bytes(*b))).filter(|lock| lock.0 != 0)
    }
}

/// Seconds; the kernel has whole milliseconds, of so many parts each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Time<const PARTS: u32>(pub f64);

impl<const PARTS: u32> Field for Time<PARTS> {
    fn form() -> Form {
        let expected = text("a number from 0 to 4000000");
        Form { luals: "number".into(), returned: "number", word: Word::Time, ..expected }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let seconds = match value {
            Value::Int(seconds) => *seconds as f64,
            Value::Number(seconds) => *seconds,
            _ => return Ok(None),
        };
        Ok(Some(Time(seconds)).filter(|_| (0.0..=4e6).contains(&seconds)))
    }

    fn value(&self) -> Value {
        Value::Number(self.0)
    }

    /// Milliseconds, from a second on seconds.
    fn word(&self) -> String {
        match self.0 >= 1.0 {
            true => format!("{}s", self.0),
            false => format!("{:.0}ms", self.0 * 1000.0),
        }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        // A float cast saturates.
        Some((((self.0 * 1000.0).round() * f64::from(PARTS)) as u32).to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|b| Time(f64::from(u32::from_ne_bytes(*b) / PARTS) / 1000.0))
    }
}

/// RTAX_FEATURE_* by their names, others in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features(pub u32);

impl Features {
    const NAMES: [(u32, &str); 2] = [(1, "ecn"), (1 << 4, "tcp_usec_ts")];
}

impl Field for Features {
    fn form() -> Form {
        text("features such as \"ecn\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let bit = |word: &str| {
            let known = Self::NAMES.iter().find(|(_, name)| *name == word).map(|(bit, _)| *bit);
            let hexadecimal = || u32::from_str_radix(word.strip_prefix("0x")?, 16).ok();
            known.or_else(hexadecimal).ok_or_else(|| Error::argument(format!("there is no feature {word:?}")))
        };
        let bits: Result<Vec<u32>> = text.split_whitespace().map(bit).collect();
        Ok(Some(Features(bits?.into_iter().fold(0, |set, bit| set | bit))))
    }

    fn value(&self) -> Value {
        let known = Self::NAMES.iter().filter(|(bit, _)| self.0 & bit != 0);
        let mut words: Vec<String> = known.map(|(_, name)| (*name).to_owned()).collect();
        if Self::NAMES.iter().fold(self.0, |rest, (bit, _)| rest & !bit) != 0 {
            words.push(format!("{:#x}", self.0));
        }
        Value::Text(words.join(" "))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|b| Features(u32::from_ne_bytes(*b)))
    }
}

/// A zero-terminated name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(pub String);

impl Field for Name {
    fn form() -> Form {
        text("a name such as \"cubic\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(name) = value else { return Ok(None) };
        Ok(Some(Name(name.clone())).filter(|_| (1..16).contains(&name.len()) && !name.contains('\0')))
    }

    fn value(&self) -> Value {
        Value::Text(self.0.clone())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some([self.0.as_bytes(), &[0]].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Name(string(bytes)))
    }
}
