//! Types of attributes: each between the kernel's bytes, a script's values and the words of `ip`.

use std::fmt;

use super::Values;
use crate::base::error::{Error, Result};
use crate::base::text::similar;

/// A value as scripts write and get it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(String),
    List(Vec<Value>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(b) => b.fmt(f),
            Value::Int(i) => i.fmt(f),
            Value::Number(n) => n.fmt(f),
            Value::Text(text) => f.write_str(text),
            Value::List(values) => {
                let words: Vec<String> = values.iter().map(Value::to_string).collect();
                f.write_str(&words.join(" "))
            }
        }
    }
}

impl Value {
    /// A list of texts.
    pub fn words<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Self {
        Value::List(words.into_iter().map(|word| Value::Text(word.into())).collect())
    }

    pub fn is(&self, word: &str) -> bool {
        matches!(self, Value::Text(text) if text == word)
    }
}

/// What stands behind a word of `ip`.
#[derive(Clone, Copy, Debug)]
pub enum Word {
    /// Nothing: the word alone sets it.
    Flag,
    /// Nothing: the first word sets it, the second one its contrary.
    Toggle,
    /// Nothing: the word is the value itself.
    Alone,
    /// `on` or `off`.
    Switch,
    /// `1` or `0`.
    Digit,
    Integer,
    /// An integer in hexadecimal, with or without 0x.
    Hexadecimal,
    /// The same, or a name that stands for one.
    HexadecimalOrName,
    /// A number, or a name that stands for one.
    IntegerOrName,
    /// The same; the second word alone says that there is none.
    IntegerOrNone,
    /// A number that stands for a word of ours.
    Numbered(fn(usize) -> Option<&'static str>),
    /// A time of so many parts a second.
    Parts(u32),
    /// Words with a colon, as many as follow: `1:2 3:4`.
    Pairs,
    /// Numbers, as many as follow.
    Numbers,
    /// Two numbers, the ends of a range.
    Range,
    /// So many words.
    Several(usize),
    /// A time with its unit, `200ms` or `1s`; alone, milliseconds.
    Time,
    /// An address of IPv4. The second word, if there is one, is for a multicast group's.
    Inet,
    /// The same for IPv6.
    Inet6,
    Text,
}

/// What an attribute's values look like.
#[derive(Clone, Debug)]
pub struct Form {
    /// What a script may give, in LuaLS's notation.
    pub luals: String,
    /// The same for an error: "expected an integer from 0 to 255".
    pub expected: String,
    /// What a script gets, in LuaLS's notation.
    pub returned: &'static str,
    pub word: Word,
}

/// A type of attribute.
pub trait Field: Clone + fmt::Debug + PartialEq + 'static {
    fn form() -> Form;

    /// Reads a script's value. `None` where it isn't of this type at all; an error where it is wrong in itself.
    fn read(value: &Value) -> Result<Option<Self>>;

    /// As scripts get it.
    fn value(&self) -> Value;

    /// Writes what `value` returns.
    fn write(&self, to: &mut Values) {
        to.value(&self.value());
    }

    /// As `ip` takes it.
    fn word(&self) -> String {
        self.value().to_string()
    }

    /// `None` where there is nothing to send: a type may be sent in the message's header alone.
    fn encode(&self) -> Option<Vec<u8>> {
        None
    }

    /// `None` for what the kernel would not send.
    fn decode(_: &[u8]) -> Option<Self> {
        None
    }

    /// Whether it lets this through, where it says which objects are meant.
    fn lets(&self, has: &Self) -> bool {
        self == has
    }

    /// The value that an object has where the kernel reports none.
    fn absent() -> Option<Self> {
        None
    }
}

/// How `ip` writes an option of which each value is a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Behind the option's own word.
    Word,
    /// So too, but by its place in the list, from 0 on.
    Number,
    /// Alone.
    Alone,
}

/// A type of which each value is a word. Sent in the message's header, unless the type says otherwise.
pub trait Words: Copy + fmt::Debug + PartialEq + 'static {
    const WORDS: &'static [(&'static str, Self)];
    /// Other words for these values.
    const ALIASES: &'static [(&'static str, Self)] = &[];
    /// What a script gets, in LuaLS's notation.
    const RETURNED: &'static str = "string";

    /// How `ip` writes it.
    const WAY: Way = Way::Word;

    /// Whether scripts get it in capitals, though `ip` and scripts write it small.
    const CAPITALS: bool = false;

    /// The netlink attribute's content, of a type that has one.
    fn to_wire(self) -> Option<Vec<u8>> {
        None
    }

    fn from_wire(_: &[u8]) -> Option<Self> {
        None
    }

    /// The value that the word stands for.
    fn named(word: &str) -> Option<Self> {
        let mut all = Self::WORDS.iter().chain(Self::ALIASES);
        all.find(|(name, _)| *name == word).map(|(_, value)| *value)
    }

    fn name(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }
}

impl<T: Words> Field for T {
    fn form() -> Form {
        let quoted: Vec<String> = T::WORDS.iter().map(|(name, _)| format!("{name:?}")).collect();
        let expected = match quoted.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => quoted.join(", "),
        };
        let numbered = Word::Numbered(|number| T::WORDS.get(number).map(|(name, _)| *name));
        let word = match T::WAY {
            Way::Word => Word::Text,
            Way::Number => numbered,
            Way::Alone => Word::Alone,
        };
        Form { luals: quoted.join("|"), expected, returned: T::RETURNED, word }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(word) = value else { return Ok(None) };
        if let Some(value) = T::named(word) {
            return Ok(Some(value));
        }
        let mut message = format!("expected {}, got {word:?}", T::form().expected);
        if let Some(near) = similar(word, T::WORDS.iter().map(|(name, _)| *name)) {
            message.push_str(&format!("; did you mean {near:?}?"));
        }
        Err(Error::argument(message))
    }

    fn value(&self) -> Value {
        Value::Text(if T::CAPITALS { self.name().to_uppercase() } else { self.name().to_owned() })
    }

    fn write(&self, to: &mut Values) {
        match T::CAPITALS {
            true => to.value(&self.value()),
            false => to.bytes(self.name().as_bytes()),
        }
    }

    fn word(&self) -> String {
        match T::WORDS.iter().position(|(_, value)| value == self) {
            Some(number) if T::WAY == Way::Number => number.to_string(),
            _ => self.name().to_owned(),
        }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        self.to_wire()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        T::from_wire(bytes)
    }
}

/// A truth value, sent as one byte where it is true.
impl Field for bool {
    fn form() -> Form {
        Form { luals: "boolean".into(), expected: "a boolean".into(), returned: "boolean", word: Word::Flag }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(if let Value::Bool(b) = value { Some(*b) } else { None })
    }

    fn value(&self) -> Value {
        Value::Bool(*self)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        self.then(|| vec![1])
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first().filter(|b| **b != 0).map(|_| true)
    }

    fn absent() -> Option<Self> {
        Some(false)
    }
}

/// A number from LOW to HIGH, in the host's byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Between<const LOW: u32, const HIGH: u32>(pub u32);

impl<const LOW: u32, const HIGH: u32> Field for Between<LOW, HIGH> {
    fn form() -> Form {
        let expected = format!("an integer from {LOW} to {HIGH}");
        Form { luals: "integer".into(), expected, returned: "integer", word: Word::Integer }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Int(i) = value else { return Ok(None) };
        Ok(u32::try_from(*i).ok().filter(|n| (LOW..=HIGH).contains(n)).map(Between))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|b| u32::from_ne_bytes(*b)).filter(|n| *n <= HIGH).map(Between)
    }
}
