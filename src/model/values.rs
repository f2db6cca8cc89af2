//! Values of objects, one behind the other.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write};
use std::net::IpAddr;

use super::Value;

/// Values on their way to a script: those of many objects in two blocks of memory, so that they become tables all at
/// once.
#[derive(Default)]
pub struct Values {
    items: Vec<Item>,
    /// What the texts hold, one behind the other.
    text: Vec<u8>,
}

/// A value, or the beginning of one that has others within.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item {
    Bool(bool),
    Int(i64),
    Number(f64),
    /// So many bytes of text.
    Text(u32),
    /// So many values follow.
    List(u32),
    /// So many texts follow, each with its value behind it.
    Map(u32),
    /// So many fields follow. `kind` says of which record, by a number of whoever reads it.
    Record {
        kind: u32,
        fields: u32,
    },
    /// A field, by a number of whoever reads it; its value follows.
    Field(u32),
    /// The text follows by which the record that begins behind it prints.
    Shown,
}

impl Values {
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The texts, without anything between them.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    pub fn clear(&mut self) {
        self.items.clear();
        self.text.clear();
    }

    pub fn bool(&mut self, value: bool) {
        self.items.push(Item::Bool(value));
    }

    pub fn int(&mut self, value: impl Into<i64>) {
        self.items.push(Item::Int(value.into()));
    }

    pub fn number(&mut self, value: f64) {
        self.items.push(Item::Number(value));
    }

    pub fn bytes(&mut self, value: &[u8]) {
        self.text.extend_from_slice(value);
        self.items.push(Item::Text(value.len() as u32));
    }

    /// The text that a value displays as.
    pub fn shown(&mut self, value: impl fmt::Display) {
        let before = self.text.len();
        // Writing to memory can't fail.
        let _ = write!(Text(&mut self.text), "{value}");
        self.items.push(Item::Text((self.text.len() - before) as u32));
    }

    /// An address and its prefix length, which is left out where it is a host's.
    pub fn prefix(&mut self, address: IpAddr, length: u8) {
        let before = self.text.len();
        match address {
            // Five times as fast as the formatter.
            IpAddr::V4(address) => {
                for (at, byte) in address.octets().into_iter().enumerate() {
                    self.text.extend((at > 0).then_some(b'.'));
                    self.decimal(byte);
                }
            }
            IpAddr::V6(address) => {
                let _ = write!(Text(&mut self.text), "{address}");
            }
        }
        if length != host_length(address) {
            self.text.push(b'/');
            self.decimal(length);
        }
        self.items.push(Item::Text((self.text.len() - before) as u32));
    }

    pub fn address(&mut self, address: IpAddr) {
        self.prefix(address, host_length(address));
    }

    fn decimal(&mut self, byte: u8) {
        if byte >= 100 {
            self.text.push(b'0' + byte / 100);
        }
        if byte >= 10 {
            self.text.push(b'0' + byte / 10 % 10);
        }
        self.text.push(b'0' + byte % 10);
    }

    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Bool(value) => self.bool(*value),
            Value::Int(value) => self.int(*value),
            Value::Number(value) => self.number(*value),
            Value::Text(text) => self.bytes(text.as_bytes()),
            Value::List(values) => self.list(values, Self::value),
        }
    }

    /// A list of what `each` writes of each value.
    pub fn list<V>(&mut self, values: impl IntoIterator<Item = V>, mut each: impl FnMut(&mut Self, V)) {
        let at = self.items.len();
        self.items.push(Item::List(0));
        let mut count = 0;
        for value in values {
            each(self, value);
            count += 1;
        }
        self.items[at] = Item::List(count);
    }

    /// A table of values by name.
    pub fn map<K: AsRef<[u8]>, V>(
        &mut self,
        pairs: impl IntoIterator<Item = (K, V)>,
        mut each: impl FnMut(&mut Self, V),
    ) {
        let at = self.items.len();
        self.items.push(Item::Map(0));
        let mut count = 0;
        for (key, value) in pairs {
            self.bytes(key.as_ref());
            each(self, value);
            count += 1;
        }
        self.items[at] = Item::Map(count);
    }

    /// A record of what `fields` writes by [`Values::field`].
    pub fn record(&mut self, kind: u32, fields: impl FnOnce(&mut Self) -> u32) {
        let at = self.items.len();
        self.items.push(Item::Record { kind, fields: 0 });
        self.items[at] = Item::Record { kind, fields: fields(self) };
    }

    /// A field, unless `write` writes nothing; returns how many that are.
    pub fn field(&mut self, key: u32, write: impl FnOnce(&mut Self)) -> u32 {
        let at = self.items.len();
        self.items.push(Item::Field(key));
        write(self);
        if self.items.len() > at + 1 {
            return 1;
        }
        self.items.truncate(at);
        0
    }

    /// The text by which the record that is written next prints.
    pub fn shown_as(&mut self, text: impl fmt::Display) {
        self.items.push(Item::Shown);
        self.shown(text);
    }
}

fn host_length(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Bytes as what text is written to.
struct Text<'a>(&'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// What a script can get.
pub trait Give {
    /// Its type in LuaLS's notation; a `?` at its end where there may be nothing.
    fn luals() -> String;

    fn give(self, to: &mut Values);
}

/// Declares how types become values.
macro_rules! give {
    ($($type:ty = $luals:literal: |$to:ident, $value:ident| $give:expr;)*) => {
        $(impl Give for $type {
            fn luals() -> String {
                $luals.to_owned()
            }

            fn give(self, $to: &mut Values) {
                let $value = self;
                $give
            }
        })*
    };
}

give! {
    bool = "boolean": |to, value| to.bool(value);
    u8 = "integer": |to, value| to.int(value);
    u16 = "integer": |to, value| to.int(value);
    u32 = "integer": |to, value| to.int(value);
    i32 = "integer": |to, value| to.int(value);
    i64 = "integer": |to, value| to.int(value);
    // What doesn't fit becomes a float, as in Lua.
    u64 = "integer": |to, value| match i64::try_from(value) {
        Ok(value) => to.int(value),
        Err(_) => to.number(value as f64),
    };
    usize = "integer": |to, value| (value as u64).give(to);
    f64 = "number": |to, value| to.number(value);
    &str = "string": |to, value| to.bytes(value.as_bytes());
    String = "string": |to, value| to.bytes(value.as_bytes());
    &[u8] = "string": |to, value| to.bytes(value);
}

impl<V: Give> Give for Option<V> {
    fn luals() -> String {
        format!("{}?", V::luals())
    }

    /// Nothing, where there is none.
    fn give(self, to: &mut Values) {
        if let Some(value) = self {
            value.give(to);
        }
    }
}

impl<V: Give> Give for Vec<V> {
    fn luals() -> String {
        format!("{}[]", V::luals())
    }

    fn give(self, to: &mut Values) {
        to.list(self, |to, value| value.give(to));
    }
}

impl<V: Give> Give for HashMap<String, V> {
    fn luals() -> String {
        format!("table<string, {}>", V::luals())
    }

    fn give(self, to: &mut Values) {
        to.map(self, |to, value| value.give(to));
    }
}

impl<V: Give> Give for BTreeMap<String, V> {
    fn luals() -> String {
        format!("table<string, {}>", V::luals())
    }

    fn give(self, to: &mut Values) {
        to.map(self, |to, value| value.give(to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_they_display() {
        for (address, length, expected) in [
            ("0.9.10.99", 32, "0.9.10.99"),
            ("100.101.200.255", 0, "100.101.200.255/0"),
            ("10.0.0.0", 8, "10.0.0.0/8"),
            ("10.0.0.0", 24, "10.0.0.0/24"),
            ("fd00::1", 128, "fd00::1"),
            ("::ffff:10.0.0.1", 104, "::ffff:10.0.0.1/104"),
        ] {
            let mut values = Values::default();
            values.prefix(address.parse().unwrap(), length);
            assert_eq!(values.text(), expected.as_bytes());
            assert_eq!(values.items(), [Item::Text(expected.len() as u32)]);
        }
    }
}
