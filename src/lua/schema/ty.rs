//! What a Lua value must be. No coercion: `"1500"` is not 1500.

use std::fmt::Display;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

use ipnetwork::IpNetwork;
use mlua::{Function, LuaString, Table, Value};

use super::{Cx, ShapeDoc, Wrong};
use crate::net::link::find;
use crate::net::names::Names;
use crate::net::prefix::{self, Family};

/// Why a decoder said no.
pub enum No {
    /// Not of the expected type at all: the message says what was expected and what came.
    Other,
    /// Of the type, but wrong in itself.
    Wrong(Wrong),
}

impl From<Wrong> for No {
    fn from(wrong: Wrong) -> Self {
        No::Wrong(wrong)
    }
}

type Decoder<V> = Rc<dyn Fn(&Cx<'_>, &Value) -> Result<V, No>>;

/// A type of Lua value, and how it becomes a `V`.
pub struct Type<V> {
    /// In LuaLS's notation: `integer`, `string[]`, `"up"|"down"`.
    pub luals: String,
    /// As in "expected ...": `an integer from 68 to 65535`.
    pub expected: String,
    /// The options table's shape, where it is one.
    pub shape: Option<Rc<ShapeDoc>>,
    decode: Decoder<V>,
}

impl<V> Clone for Type<V> {
    fn clone(&self) -> Self {
        Type {
            luals: self.luals.clone(),
            expected: self.expected.clone(),
            shape: self.shape.clone(),
            decode: self.decode.clone(),
        }
    }
}

impl<V: 'static> Type<V> {
    pub fn new(
        luals: impl Into<String>,
        expected: impl Into<String>,
        decode: impl Fn(&Cx<'_>, &Value) -> Result<V, No> + 'static,
    ) -> Self {
        Type { luals: luals.into(), expected: expected.into(), shape: None, decode: Rc::new(decode) }
    }

    pub fn decode(&self, cx: &Cx<'_>, value: &Value) -> Result<V, Wrong> {
        (self.decode)(cx, value).map_err(|no| match no {
            No::Other => Wrong::expected(&self.expected, value),
            No::Wrong(wrong) => wrong,
        })
    }

    /// Turns the decoded value into another.
    pub fn map<W: 'static>(self, f: impl Fn(V) -> W + 'static) -> Type<W> {
        let decode = self.decode;
        Type {
            luals: self.luals,
            expected: self.expected,
            shape: self.shape,
            decode: Rc::new(move |cx, v| decode(cx, v).map(&f)),
        }
    }

    /// Checks or converts the decoded value; the error is the message.
    pub fn try_map<W: 'static>(self, f: impl Fn(V) -> Result<W, String> + 'static) -> Type<W> {
        let decode = self.decode;
        Type {
            luals: self.luals,
            expected: self.expected,
            shape: self.shape,
            decode: Rc::new(move |cx, v| f(decode(cx, v)?).map_err(|m| No::Wrong(Wrong::new(m)))),
        }
    }

    /// This type, or else the other.
    pub fn or(self, other: Type<V>) -> Type<V> {
        let (a, b) = (self.decode, other.decode);
        Type {
            luals: format!("{}|{}", self.luals, other.luals),
            expected: format!("{} or {}", self.expected, other.expected),
            shape: self.shape.or(other.shape),
            decode: Rc::new(move |cx, v| match a(cx, v) {
                Err(No::Other) => b(cx, v),
                result => result,
            }),
        }
    }

    /// Tells editors another type.
    pub fn luals(mut self, luals: impl Into<String>) -> Self {
        self.luals = luals.into();
        self
    }

    /// Says it in other words: `.called("a link's name")`.
    pub fn called(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }
}

/// Any value but nil.
pub fn any() -> Type<Value> {
    Type::new("any", "a value", |_, v| if v.is_nil() { Err(No::Other) } else { Ok(v.clone()) })
}

/// Any value, nil too.
pub fn anything() -> Type<Value> {
    Type::new("any", "a value", |_, v| Ok(v.clone()))
}

pub fn boolean() -> Type<bool> {
    Type::new("boolean", "a boolean", |_, v| v.as_boolean().ok_or(No::Other))
}

/// An integer within `range`. A float with an integral value counts, as it does to Lua (`10 / 2`).
pub fn int<T>(range: RangeInclusive<T>) -> Type<T>
where
    T: TryFrom<i64> + PartialOrd + Display + Copy + 'static,
{
    let expected = format!("an integer from {} to {}", range.start(), range.end());
    Type::new("integer", expected, move |_, v| {
        let i = match v {
            Value::Integer(i) => *i,
            Value::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => *n as i64,
            _ => return Err(No::Other),
        };
        T::try_from(i).ok().filter(|i| range.contains(i)).ok_or(No::Other)
    })
}

/// A finite number within `range`.
pub fn number(range: RangeInclusive<f64>) -> Type<f64> {
    let expected = match (range.start(), range.end()) {
        (a, b) if *b == f64::INFINITY => format!("a number of at least {a}"),
        (a, b) => format!("a number from {a} to {b}"),
    };
    Type::new("number", expected, move |_, v| {
        let n = match v {
            Value::Integer(i) => *i as f64,
            Value::Number(n) => *n,
            _ => return Err(No::Other),
        };
        if n.is_finite() && range.contains(&n) { Ok(n) } else { Err(No::Other) }
    })
}

/// A time in seconds, up to ten years.
pub fn seconds() -> Type<Duration> {
    number(0.0..=315_360_000.0).called("a number of seconds, at least 0").map(Duration::from_secs_f64)
}

/// Text: a string that is valid UTF-8.
pub fn string() -> Type<String> {
    Type::new("string", "a string", |_, v| match v {
        Value::String(s) => {
            Ok(s.to_str().map_err(|_| Wrong::new("the string is not valid UTF-8"))?.to_owned())
        }
        _ => Err(No::Other),
    })
}

/// A string of any bytes.
pub fn bytes() -> Type<Vec<u8>> {
    Type::new("string", "a string", |_, v| match v {
        Value::String(s) => Ok(s.as_bytes().to_vec()),
        _ => Err(No::Other),
    })
}

/// A Lua string, as it is.
pub fn lua_string() -> Type<LuaString> {
    Type::new("string", "a string", |_, v| v.as_string().cloned().ok_or(No::Other))
}

pub fn function() -> Type<Function> {
    Type::new("function", "a function", |_, v| v.as_function().cloned().ok_or(No::Other))
}

pub fn table() -> Type<Table> {
    Type::new("table", "a table", |_, v| v.as_table().cloned().ok_or(No::Other))
}

/// A string that `parse` understands; its error is the message. `expected` as in "an address such as 10.0.0.1".
pub fn parsed<V: 'static, E: Into<Wrong>>(
    expected: &str,
    parse: impl Fn(&str) -> Result<V, E> + 'static,
) -> Type<V> {
    Type::new("string", expected, move |_, v| match v {
        Value::String(s) => {
            let text = s.to_str().map_err(|_| Wrong::new("the string is not valid UTF-8"))?;
            parse(&text).map_err(|e| No::Wrong(e.into()))
        }
        _ => Err(No::Other),
    })
}

/// A string that the standard library's parser takes.
pub fn from_str<V: FromStr + 'static>(expected: &'static str) -> Type<V> {
    parsed(expected, move |s| s.parse().map_err(|_| format!("expected {expected}, got {s:?}")))
}

/// An IPv4 or IPv6 address.
pub fn ip() -> Type<IpAddr> {
    parsed("an address such as \"10.0.0.1\" or \"fd00::1\"", |s| prefix::address(s).map_err(|e| e.message()))
}

/// An address with its prefix length; an address alone is a prefix of one.
pub fn prefix() -> Type<IpNetwork> {
    parsed("an address with its prefix length, such as \"10.0.0.1/24\" or \"fd00::1/64\"", prefix::parse)
}

/// A number or name of a table such as routing tables or scopes.
pub fn numbered(names: &'static Names, expected: &'static str) -> Type<u32> {
    int(0..=u32::MAX)
        .try_map(|n| names.checked(n).map_err(|e| e.message()))
        .or(parsed(expected, |s| names.number(s)))
}

/// An address family.
pub fn family() -> Type<Family> {
    one_of(&[("inet", Family::Inet), ("inet6", Family::Inet6)])
}

/// A link's name, as the kernel allows it.
pub fn link_name() -> Type<String> {
    parsed("a link's name", |s| find::check_name(s).map(|()| s.to_owned()))
}

/// The name of a link that is there; whether it is, the kernel says.
pub fn link() -> Type<String> {
    string().called("a link's name")
}

/// One of a few words.
pub fn one_of<V: Clone + 'static>(words: &[(&'static str, V)]) -> Type<V> {
    let quoted: Vec<String> = words.iter().map(|(w, _)| format!("{w:?}")).collect();
    let expected = match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.join(", "),
    };
    let words = words.to_vec();
    Type::new(quoted.join("|"), expected.clone(), move |_, v| {
        let Value::String(s) = v else { return Err(No::Other) };
        let s = s.to_string_lossy();
        if let Some((_, value)) = words.iter().find(|(w, _)| *w == s) {
            return Ok(value.clone());
        }
        let mut message = format!("expected {expected}, got {s:?}");
        if let Some(near) = super::did_you_mean(&s, words.iter().map(|(w, _)| *w)) {
            message.push_str(&format!("; did you mean {near:?}?"));
        }
        Err(No::Wrong(Wrong::new(message)))
    })
}

/// An array of values of one type.
pub fn list<V: 'static>(item: Type<V>) -> Type<Vec<V>> {
    let luals =
        if item.luals.contains('|') { format!("({})[]", item.luals) } else { format!("{}[]", item.luals) };
    let expected = format!("an array, each {}", item.expected);
    let shape = item.shape.clone();
    let mut list = Type::new(luals, expected, move |cx, v| {
        let Value::Table(table) = v else { return Err(No::Other) };
        let length = table.raw_len();
        let keys = table.pairs::<Value, Value>().count();
        if keys != length {
            return Err(No::Other);
        }
        (1..=length)
            .map(|i| {
                let value: Value = table.raw_get(i).map_err(|e| Wrong::new(e.to_string()))?;
                item.decode(cx, &value).map_err(|w| No::Wrong(w.within(&format!("[{i}]"))))
            })
            .collect()
    });
    list.shape = shape;
    list
}

/// One value, or an array of such.
pub fn one_or_list<V: 'static>(item: Type<V>) -> Type<Vec<V>> {
    list(item.clone()).or_after(item.map(|v| vec![v]))
}

/// A table with string keys and values of one type, in the order of its keys.
pub fn map<V: 'static>(item: Type<V>) -> Type<Vec<(String, V)>> {
    let luals = format!("table<string, {}>", item.luals);
    let expected = format!("a table of names, each with {}", item.expected);
    let shape = item.shape.clone();
    let mut map = Type::new(luals, expected, move |cx, v| {
        let Value::Table(table) = v else { return Err(No::Other) };
        let mut out = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair.map_err(|e| Wrong::new(e.to_string()))?;
            let Value::String(key) = key else { return Err(No::Other) };
            let key = key.to_string_lossy();
            let value = item.decode(cx, &value).map_err(|w| No::Wrong(w.within(&key)))?;
            out.push((key, value));
        }
        out.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(out)
    });
    map.shape = shape;
    map
}

impl<V: 'static> Type<Vec<V>> {
    /// For `one_or_list`: the single value is named first, but tried last.
    fn or_after(self, one: Type<Vec<V>>) -> Type<Vec<V>> {
        let (luals, expected) =
            (format!("{}|{}", one.luals, self.luals), format!("{} or an array of such", one.expected));
        let mut both = self.or(one);
        (both.luals, both.expected) = (luals, expected);
        both
    }
}
