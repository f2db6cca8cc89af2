//! Types of options that say which packets a rule or a tracked connection is about.

use mlua::Value;

use crate::base::error::{Error, Result};
use crate::lua::schema::ty::No;
use crate::lua::schema::{Type, Wrong, ty};
use crate::net::nf::words::{Interface, Not, PortRange, Ports, Prefix, Protocol};
use crate::net::prefix::Family;

/// The part of an error that a wrong option tells, with its hint.
pub fn wrong(e: Error) -> Wrong {
    let wrong = Wrong::new(e.fields().detail.clone().unwrap_or_default());
    match &e.fields().hint {
        Some(hint) => wrong.hint(hint),
        None => wrong,
    }
}

/// A string that `parse` understands; its error, with its hint, is the message.
pub fn text<V: 'static>(expected: &str, parse: fn(&str) -> Result<V>) -> Type<V> {
    Type::new("string", expected, move |_, value| {
        let Value::String(s) = value else { return Err(No::Other) };
        let text = s.to_str().map_err(|_| Wrong::new("the string is not valid UTF-8"))?;
        parse(&text).map_err(|e| No::Wrong(wrong(e)))
    })
}

/// A prefix, or all but it.
pub fn prefix() -> Type<Not<Prefix>> {
    text("an address or prefix such as \"192.168.1.0/24\" or \"!fd00::/64\"", |s| {
        Not::parse(s, Prefix::parse)
    })
}

/// An interface's name, all that begin so, or all but those.
pub fn interface() -> Type<Not<Interface>> {
    text("an interface's name such as \"eth0\", \"!br0\" or \"veth*\"", |s| Not::parse(s, Interface::parse))
}

/// A protocol above IP.
pub fn protocol() -> Type<Protocol> {
    let named = text("a protocol such as \"tcp\"", Protocol::parse);
    named
        .or(ty::int(0..=255).map(Protocol))
        .called("a protocol such as \"tcp\", \"udp\" or \"icmp\", or its number")
}

pub fn family() -> Type<Family> {
    ty::one_of(&[("inet", Family::Inet), ("inet6", Family::Inet6)])
}

/// One port, a range, several, or all but those.
pub fn ports() -> Type<Not<Ports>> {
    let number = ty::int(0..=65535).map(PortRange::one);
    let range = text("a range of ports", PortRange::parse);
    let several = ty::list(number.clone().or(range)).called("an array of ports and ranges");
    let several =
        Type::new("(integer|string)[]", "an array of ports and ranges", move |cx, value| match value {
            Value::Table(_) => {
                let ports = Ports::new(several.decode(cx, value)?).map_err(wrong)?;
                Ok(Not { negated: false, value: ports })
            }
            _ => Err(No::Other),
        });
    number
        .try_map(|range| Ports::new(vec![range]).map_err(|e| e.message()))
        .map(|value| Not { negated: false, value })
        .or(text("a range", |s| Not::parse(s, Ports::parse)))
        .or(several)
        .called(
            "a port, a range such as \"8000-8010\", \"!53\" for all but it, or an array of ports and ranges",
        )
}

/// Ports as scripts get them: a number where it is one, an array where they are several, else a string.
pub fn ports_value(lua: &mlua::Lua, ports: &Not<Ports>) -> mlua::Result<Value> {
    let one = |range: &PortRange| match range.low == range.high {
        true => Ok(Value::Integer(range.low.into())),
        false => lua.create_string(range.to_string()).map(Value::String),
    };
    match (ports.negated, ports.value.ranges()) {
        (false, [range]) => one(range),
        (false, ranges) => {
            let list = lua.create_sequence_from(ranges.iter().map(one).collect::<mlua::Result<Vec<_>>>()?)?;
            crate::lua::schema::tag_list(lua, &list)?;
            Ok(Value::Table(list))
        }
        (true, _) => lua.create_string(ports.to_string()).map(Value::String),
    }
}

/// Makes a getter's value of [`ports_value`].
pub struct PortsValue(pub Option<Not<Ports>>);

impl mlua::IntoLua for PortsValue {
    fn into_lua(self, lua: &mlua::Lua) -> mlua::Result<Value> {
        match &self.0 {
            Some(ports) => ports_value(lua, ports),
            None => Ok(Value::Nil),
        }
    }
}
