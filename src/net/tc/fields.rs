//! Types of attributes that only traffic control has.

use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, Word};
use crate::net::fields::{number_or_text, text};

use super::object::{EGRESS, INCOMING, INGRESS, ROOT, filter_handle_text, handle_text, word};
use super::units::{Rate, Size, Span};

/// A handle of a discipline (`1:`) or of a class (`1:10`), both numbers in hexadecimal; or a place that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub u32);

const PLACES: &[(&str, u32)] =
    &[("root", ROOT), ("ingress", INCOMING), ("egress", EGRESS), ("clsact", INGRESS)];

impl Handle {
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((_, place)) = PLACES.iter().find(|(name, _)| *name == text) {
            return Some(Handle(*place));
        }
        let (major, minor) = text.split_once(':')?;
        let part = |part: &str| match part {
            "" => Some(0),
            part if part.len() <= 4 => u32::from_str_radix(part, 16).ok(),
            _ => None,
        };
        Some(Handle(part(major)? << 16 | part(minor)?))
    }
}

impl Field for Handle {
    fn form() -> Form {
        text("a handle such as \"1:\" or \"1:10\", or \"root\", \"ingress\" or \"egress\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let wrong = || Error::argument(format!("expected {}, got {text:?}", Self::form().expected));
        Handle::parse(text).map(Some).ok_or_else(wrong)
    }

    fn value(&self) -> Value {
        let name = PLACES.iter().find(|(_, place)| *place == self.0 && *place != INGRESS);
        Value::Text(name.map_or_else(|| handle_text(self.0), |(name, _)| (*name).to_owned()))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        word(bytes, 0).filter(|handle| *handle != 0).map(Handle)
    }
}

/// A class by the second number of its handle: `10` is 1:10 in the discipline 1:. In hexadecimal, as `tc` has it, so that no
/// number of Lua's is taken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minor(pub u32);

impl Field for Minor {
    fn form() -> Form {
        text("a class such as \"1:10\", or \"10\" (hexadecimal)")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let minor = text.rsplit(':').next().unwrap_or(text).trim_start_matches("0x");
        let wrong = || Error::argument(format!("expected {}, got {text:?}", Self::form().expected));
        let minor = u32::from_str_radix(minor, 16).ok().filter(|minor| *minor <= 0xffff);
        minor.map(|minor| Some(Minor(minor))).ok_or_else(wrong)
    }

    fn value(&self) -> Value {
        Value::Text(format!("{:x}", self.0))
    }

    fn word(&self) -> String {
        format!("{:x}", self.0)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        word(bytes, 0).map(Minor)
    }
}

/// The same of 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minor16(pub u16);

impl Field for Minor16 {
    fn form() -> Form {
        Minor::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(Minor::read(value)?.map(|minor| Minor16(minor.0 as u16)))
    }

    fn value(&self) -> Value {
        Minor(self.0.into()).value()
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| Minor16(u16::from_ne_bytes(*bytes)))
    }
}

/// What a kind of filter knows one of its filters by: of u32 table, bucket and place, of the others a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterHandle {
    pub number: u32,
    pub u32: bool,
}

impl Field for FilterHandle {
    fn form() -> Form {
        number_or_text("a number; of u32, text such as \"800::800\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        match value {
            Value::Int(number) => {
                Ok(u32::try_from(*number).ok().map(|number| FilterHandle { number, u32: false }))
            }
            Value::Text(text) => {
                let wrong = || Error::argument(format!("expected {}, got {text:?}", Self::form().expected));
                let part = |part: &str| match part {
                    "" => Some(0),
                    part => u32::from_str_radix(part.trim_start_matches("0x"), 16).ok(),
                };
                let number = match text.split(':').collect::<Vec<_>>().as_slice() {
                    [table, bucket, place] => {
                        let (table, bucket, place) = (part(table), part(bucket), part(place));
                        let whole = |table: u32, bucket: u32, place: u32| {
                            (table <= 0xfff && bucket <= 0xff && place <= 0xfff)
                                .then_some(table << 20 | bucket << 12 | place)
                        };
                        table.zip(bucket).zip(place).and_then(|((t, b), p)| whole(t, b, p))
                    }
                    [number] if number.starts_with("0x") => {
                        return part(number)
                            .map(|number| Some(FilterHandle { number, u32: false }))
                            .ok_or_else(wrong);
                    }
                    _ => None,
                };
                number.map(|number| Some(FilterHandle { number, u32: true })).ok_or_else(wrong)
            }
            _ => Ok(None),
        }
    }

    fn value(&self) -> Value {
        match self.u32 {
            true => Value::Text(filter_handle_text(self.number)),
            false => Value::Int(self.number.into()),
        }
    }

    fn word(&self) -> String {
        if self.u32 { filter_handle_text(self.number) } else { format!("{:#x}", self.number) }
    }

    fn lets(&self, has: &Self) -> bool {
        self.number == has.number
    }
}

/// Declares times that the kernel counts in another unit than nanoseconds of 64 bits.
macro_rules! times {
    ($($(#[$doc:meta])* $name:ident: $ns:literal;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub u32);

        impl Field for $name {
            fn form() -> Form {
                Span::form()
            }

            fn read(value: &Value) -> Result<Option<Self>> {
                Ok(Span::read(value)?.map(|span| $name(u32::try_from(span.0 / $ns).unwrap_or(u32::MAX))))
            }

            fn value(&self) -> Value {
                Span(u64::from(self.0) * $ns).value()
            }

            fn word(&self) -> String {
                Span(u64::from(self.0) * $ns).word()
            }

            fn encode(&self) -> Option<Vec<u8>> {
                Some(self.0.to_ne_bytes().to_vec())
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                word(bytes, 0).map($name)
            }
        })*
    };
}

times! {
    /// A time in microseconds.
    Micros: 1000;
    /// A time in nanoseconds.
    Nanos: 1;
}

/// A rate of 32 bits, in bytes per second; the largest number is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate32(pub Rate);

impl Field for Rate32 {
    fn form() -> Form {
        Rate::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(Rate::read(value)?.map(Rate32))
    }

    fn value(&self) -> Value {
        self.0.value()
    }

    fn word(&self) -> String {
        self.0.word()
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(u32::try_from(self.0.bytes()).unwrap_or(u32::MAX).to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        word(bytes, 0).filter(|bytes| *bytes != u32::MAX).map(|bytes| Rate32(Rate(u64::from(bytes) * 8)))
    }
}

/// `struct tc_ratespec`: how a length is counted, and the rate. No script gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateSpec {
    pub rate: u32,
    pub overhead: u16,
    pub mpu: u16,
    /// Of a table of times, the shift by which it is read.
    pub cell: u8,
}

impl RateSpec {
    /// A rate, where there is one. What doesn't fit stands in an attribute of its own.
    pub fn of(rate: Option<Rate>, overhead: Option<u16>, mpu: Option<u16>) -> Option<Self> {
        let rate = u32::try_from(rate?.bytes()).unwrap_or(u32::MAX);
        Some(RateSpec { rate, overhead: overhead.unwrap_or(0), mpu: mpu.unwrap_or(0), cell: 0 })
    }

    /// The rate, of which the other attribute says more.
    pub fn rate(spec: Option<Self>, wide: Option<Rate>) -> Option<Rate> {
        wide.or(spec.map(|spec| Rate(u64::from(spec.rate) * 8))).filter(|rate| rate.0 != 0)
    }

    /// What the other attribute says of the rate, where that doesn't fit here.
    pub fn wide(rate: Option<Rate>) -> Option<Rate> {
        rate.filter(|rate| rate.bytes() > u32::MAX.into())
    }
}

impl Field for RateSpec {
    fn form() -> Form {
        text("")
    }

    fn read(_: &Value) -> Result<Option<Self>> {
        Ok(None)
    }

    fn value(&self) -> Value {
        Value::Int(self.rate.into())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        // TC_LINKLAYER_ETHERNET: no table of times is needed.
        const ETHERNET: u8 = 1;
        let (overhead, mpu, rate) =
            (self.overhead.to_ne_bytes(), self.mpu.to_ne_bytes(), self.rate.to_ne_bytes());
        Some([&[self.cell, ETHERNET], overhead.as_slice(), &[0, 0], &mpu, &rate].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let short = |at: usize| Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
        Some(RateSpec { rate: word(bytes, 8)?, overhead: short(2)?, mpu: short(6)?, cell: *bytes.first()? })
    }
}

/// The kernel counts what may pass at once as the time that it takes, in ticks of 64 ns.
pub fn ticks(rate: Rate, size: Size) -> u32 {
    let ns = u128::from(size.0) * 1_000_000_000 / u128::from(rate.bytes().max(1));
    u32::try_from(ns / 64).unwrap_or(u32::MAX)
}

/// The reverse.
pub fn size(rate: Rate, ticks: u32) -> Size {
    let bytes = u128::from(rate.bytes()) * u128::from(ticks) * 64;
    Size(u32::try_from((bytes + 500_000_000) / 1_000_000_000).unwrap_or(u32::MAX))
}

/// What a class the priority of a packet chooses: 16 numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priomap(pub [u8; 16]);

impl Field for Priomap {
    fn form() -> Form {
        Form {
            luals: "integer[]".into(),
            expected: "16 integers from 0 to 15".into(),
            returned: "integer[]",
            word: Word::Numbers,
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::List(values) = value else { return Ok(None) };
        let small = |value: &Value| match value {
            Value::Int(n @ 0..=15) => Some(*n as u8),
            _ => None,
        };
        let bands: Option<Vec<u8>> = values.iter().map(small).collect();
        Ok(bands.and_then(|bands| bands.try_into().ok()).map(Priomap))
    }

    fn value(&self) -> Value {
        Value::List(self.0.iter().map(|band| Value::Int((*band).into())).collect())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bands| Priomap(*bands))
    }
}

/// A power of two, of which the kernel has the exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerOfTwo(pub u32);

impl Field for PowerOfTwo {
    fn form() -> Form {
        Form {
            word: Word::Integer,
            returned: "integer",
            luals: "integer".into(),
            ..text("a power of two up to 262144")
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Int(number) = value else { return Ok(None) };
        let number = u32::try_from(*number).ok();
        Ok(number.filter(|n| n.is_power_of_two() && *n <= 1 << 18).map(PowerOfTwo))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.trailing_zeros().to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        word(bytes, 0).filter(|exponent| *exponent < 32).map(|exponent| PowerOfTwo(1 << exponent))
    }
}

/// Bytes that the kernel wants, and no script gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Field for Bytes {
    fn form() -> Form {
        text("")
    }

    fn read(_: &Value) -> Result<Option<Self>> {
        Ok(None)
    }

    fn value(&self) -> Value {
        Value::List(Vec::new())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }
}
