//! What becomes of a packet after an action: TC_ACT_* of linux/pkt_cls.h.

use crate::base::error::{Error, Result};
use crate::base::text::similar;
use crate::model::{Field, Form, Value, Word};
use crate::net::fields::text;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control(pub u32);

const NAMES: &[(&str, u32)] = &[
    ("pass", 0),
    ("reclassify", 1),
    ("drop", 2),
    ("pipe", 3),
    ("stolen", 4),
    ("trap", 8),
    ("continue", u32::MAX),
];
const ALIASES: &[(&str, u32)] = &[("ok", 0), ("shot", 2)];
/// The same with a number behind.
const NUMBERED: &[(&str, u32)] = &[("jump ", 0x1000_0000), ("goto chain ", 0x2000_0000)];
const BITS: u32 = 0x0fff_ffff;

impl Control {
    pub const PASS: Self = Control(0);
    pub const RECLASSIFY: Self = Control(1);
    pub const PIPE: Self = Control(3);
    pub const STOLEN: Self = Control(4);

    /// The words that stand alone.
    pub fn words() -> impl Iterator<Item = &'static str> {
        NAMES.iter().chain(ALIASES).map(|(name, _)| *name)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let known = NAMES.iter().chain(ALIASES).find(|(name, _)| *name == text);
        let numbered = || {
            let (rest, base) =
                NUMBERED.iter().find_map(|(name, base)| Some((text.strip_prefix(name)?, base)))?;
            rest.parse().ok().filter(|number| *number <= BITS).map(|number: u32| base | number)
        };
        known.map(|(_, number)| *number).or_else(numbered).map(Control)
    }
}

impl Field for Control {
    fn form() -> Form {
        let expected = "\"pass\", \"drop\", \"pipe\", \"continue\", \"reclassify\", \"stolen\", \"trap\", \"goto chain 1\" \
                        or \"jump 1\"";
        Form { word: Word::Alone, ..text(expected) }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        Control::parse(text).map(Some).ok_or_else(|| {
            let near = similar(text, Control::words());
            let meant = near.map_or(String::new(), |near| format!("; did you mean {near:?}?"));
            Error::argument(format!("expected {}, got {text:?}{meant}", Self::form().expected))
        })
    }

    fn value(&self) -> Value {
        Value::Text(self.word())
    }

    fn word(&self) -> String {
        let known = NAMES.iter().find(|(_, number)| *number == self.0);
        let numbered = || {
            let base = NUMBERED.iter().find(|(_, base)| self.0 & !BITS == *base);
            base.map_or_else(|| self.0.to_string(), |(name, base)| format!("{name}{}", self.0 & !base))
        };
        known.map_or_else(numbered, |(name, _)| (*name).to_owned())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| Control(u32::from_ne_bytes(*bytes)))
    }
}
