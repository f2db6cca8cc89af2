//! Times, shares and rates, as `tc` writes them.

use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, Word};
use crate::net::fields::text;

/// A form of what is a number in Lua, or text with a unit.
fn number_or_unit(expected: &str) -> Form {
    Form { luals: "number|string".into(), returned: "number", word: Word::Text, ..text(expected) }
}

/// Splits `10.5ms` into its number and its unit.
fn split(text: &str) -> Option<(f64, String)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().ok().filter(|n: &f64| n.is_finite())?;
    Some((number, unit.trim_start().to_ascii_lowercase()))
}

fn wrong<T>(expected: &str, text: &str) -> Result<T> {
    Err(Error::argument(format!("expected {expected}, got {text:?}")))
}

/// The largest unit in which the value is a whole number of thousandths.
fn in_units(value: f64, units: &[(&str, f64)]) -> String {
    let fits = |(_, size): &&(&str, f64)| value >= *size && (value / size * 1000.0).fract() < 1e-9;
    match units.iter().rev().find(fits).or(units.first()) {
        Some((unit, size)) => format!("{}{unit}", value / size),
        None => value.to_string(),
    }
}

/// A time, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub u64);

impl Span {
    /// More than any link takes: a delay beyond is a mistake in the unit.
    const MOST: f64 = 300.0;
    const UNITS: &[(&str, f64)] = &[("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)];
}

impl Field for Span {
    fn form() -> Form {
        number_or_unit("a time such as \"50ms\", or seconds, up to 300")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let seconds = match value {
            Value::Int(seconds) => *seconds as f64,
            Value::Number(seconds) => *seconds,
            Value::Text(text) => {
                let read = split(text).and_then(|(number, unit)| {
                    let size = Self::UNITS.iter().find(|(name, _)| *name == unit)?.1;
                    Some(number * size / 1e9)
                });
                match read.filter(|seconds| *seconds <= Self::MOST) {
                    Some(seconds) => seconds,
                    None => return wrong("a time such as \"50ms\" or \"1.5s\", up to 300 s", text),
                }
            }
            _ => return Ok(None),
        };
        Ok((0.0..=Self::MOST).contains(&seconds).then(|| Span((seconds * 1e9).round() as u64)))
    }

    fn value(&self) -> Value {
        Value::Number(self.0 as f64 / 1e9)
    }

    fn word(&self) -> String {
        in_units(self.0 as f64, Self::UNITS)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| Span(u64::from_ne_bytes(*bytes)))
    }
}

/// A share of packets, as the kernel counts it: 0 is none, 2^32 - 1 all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(pub u32);

impl Field for Share {
    fn form() -> Form {
        number_or_unit("a share such as \"1%\", or a number from 0 to 1")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let share = match value {
            Value::Int(share) => *share as f64,
            Value::Number(share) => *share,
            Value::Text(text) => match split(text) {
                Some((percent @ 0.0..=100.0, unit)) if unit == "%" => percent / 100.0,
                _ => return wrong("a share from \"0%\" to \"100%\"", text),
            },
            _ => return Ok(None),
        };
        Ok((0.0..=1.0).contains(&share).then(|| Share((share * f64::from(u32::MAX)).round() as u32)))
    }

    /// With seven digits: the kernel's number is not exactly what was given.
    fn value(&self) -> Value {
        let share = f64::from(self.0) / f64::from(u32::MAX);
        Value::Number((share * 1e7).round() / 1e7)
    }

    fn word(&self) -> String {
        let percent = f64::from(self.0) / f64::from(u32::MAX) * 100.0;
        format!("{}%", (percent * 1e5).round() / 1e5)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| Share(u32::from_ne_bytes(*bytes)))
    }
}

/// A rate, in bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub u64);

impl Rate {
    const MOST: f64 = 1e13;
    /// The first five are written.
    const UNITS: &[(&str, f64)] =
        &[("bit", 1.0), ("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9), ("tbit", 1e12)];
    /// Bytes per second, as `tc` has them.
    const OTHERS: &[(&str, f64)] = &[
        ("bps", 8.0),
        ("kbps", 8e3),
        ("mbps", 8e6),
        ("gbps", 8e9),
        ("kibit", 1024.0),
        ("mibit", 1_048_576.0),
    ];

    /// The kernel counts bytes.
    pub fn bytes(self) -> u64 {
        self.0.div_ceil(8)
    }
}

impl Field for Rate {
    fn form() -> Form {
        let form = number_or_unit("a rate such as \"10mbit\", or bits per second");
        Form { luals: "integer|string".into(), returned: "integer", ..form }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let bits = match value {
            Value::Int(bits) => *bits as f64,
            Value::Text(text) => {
                let read = split(text).and_then(|(number, unit)| {
                    let mut units = Self::UNITS.iter().chain(Self::OTHERS);
                    Some(number * units.find(|(name, _)| *name == unit)?.1)
                });
                match read.filter(|bits| (8.0..=Self::MOST).contains(bits)) {
                    Some(bits) => bits,
                    None => return wrong("a rate such as \"500kbit\", \"10mbit\" or \"1gbit\"", text),
                }
            }
            _ => return Ok(None),
        };
        Ok((8.0..=Self::MOST).contains(&bits).then_some(Rate(bits as u64)))
    }

    fn value(&self) -> Value {
        Value::Int(self.0 as i64)
    }

    fn word(&self) -> String {
        in_units(self.0 as f64, Self::UNITS)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.bytes().to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| Rate(u64::from_ne_bytes(*bytes).saturating_mul(8)))
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u32);

impl Size {
    const UNITS: &[(&str, f64)] = &[
        ("b", 1.0),
        ("kb", 1024.0),
        ("k", 1024.0),
        ("mb", 1_048_576.0),
        ("m", 1_048_576.0),
        ("gb", 1_073_741_824.0),
    ];
}

impl Field for Size {
    fn form() -> Form {
        let form = number_or_unit("a number of bytes, or text such as \"64kb\"");
        Form { luals: "integer|string".into(), returned: "integer", word: Word::IntegerOrName, ..form }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let bytes = match value {
            Value::Int(bytes) => *bytes as f64,
            Value::Text(text) => {
                let read = split(text).and_then(|(number, unit)| {
                    let size = Self::UNITS.iter().find(|(name, _)| *name == unit)?.1;
                    Some(number * size)
                });
                match read.filter(|bytes| *bytes <= u32::MAX.into()) {
                    Some(bytes) => bytes,
                    None => return wrong("a number of bytes such as \"1500b\", \"64kb\" or \"1mb\"", text),
                }
            }
            _ => return Ok(None),
        };
        Ok((0.0..=f64::from(u32::MAX)).contains(&bytes).then_some(Size(bytes as u32)))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| Size(u32::from_ne_bytes(*bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Field>(text: &str) -> Option<T> {
        T::read(&Value::Text(text.to_owned())).ok().flatten()
    }

    #[test]
    fn units_are_read_and_written() {
        for (given, nanoseconds, word) in [
            ("50ms", 50_000_000, "50ms"),
            ("1.5s", 1_500_000_000, "1.5s"),
            ("0.25ms", 250_000, "250us"),
            ("7us", 7000, "7us"),
        ] {
            let span: Span = read(given).unwrap();
            assert_eq!((span.0, span.word().as_str()), (nanoseconds, word));
        }
        assert_eq!(Span::read(&Value::Number(0.05)).unwrap(), Some(Span(50_000_000)));
        for (given, bits, word) in [
            ("10mbit", 10_000_000, "10mbit"),
            ("1.5gbit", 1_500_000_000, "1.5gbit"),
            ("800bit", 800, "800bit"),
        ] {
            let rate: Rate = read(given).unwrap();
            assert_eq!((rate.0, rate.word().as_str()), (bits, word));
        }
        for given in ["0%", "1%", "0.1%", "33.3%", "100%"] {
            assert_eq!(read::<Share>(given).unwrap().word(), given);
        }
        assert_eq!(read::<Share>("1%").unwrap().value(), Value::Number(0.01));
    }

    #[test]
    fn what_has_no_unit_or_a_wrong_one_is_refused() {
        for wrong in ["50", "ms", "50min", "-1ms", "", "1e3ms", "301s"] {
            assert_eq!(read::<Span>(wrong), None, "{wrong}");
        }
        for wrong in ["1", "101%", "-1%", "x%"] {
            assert_eq!(read::<Share>(wrong), None, "{wrong}");
        }
        for wrong in ["10", "10mb", "0bit", "1000000tbit"] {
            assert_eq!(read::<Rate>(wrong), None, "{wrong}");
        }
    }
}
