//! Sets and maps that have names.

use std::collections::BTreeMap;
use std::time::Duration;

use mlua::Value;

use crate::base::error::{Error, Result};
use crate::lua::registry::Module;
use crate::lua::schema::ty::No;
use crate::lua::schema::{Builder, Cx, Function, Record, Shape, Type, Wrong, opts, param, ret, shape, ty};
use crate::model::{self, Words};
use crate::net::nf::elements::{DataType, Entry, KeyType};
use crate::net::nf::firewall::{
    self, Element, NamedSet, SetSpec, Sort, datum_of, datum_value, span_of, value_of,
};

/// An element of a set, or a map's key with what it has for it.
type Pair = (model::Value, Option<model::Value>);

/// Options of a set or map, its elements as a script gave them.
#[derive(Clone, Default)]
pub(super) struct SetOptions {
    key: Option<KeyType>,
    pub(super) to: Option<DataType>,
    timeout: Option<Duration>,
    elements: Vec<Pair>,
}

#[derive(Default)]
struct ElementOptions {
    timeout: Option<Duration>,
}

impl SetOptions {
    pub(super) fn spec(&self) -> Result<SetSpec> {
        let key = self.key.unwrap_or(KeyType::Ipv4Addr);
        let entries = entries(key, self.to, &self.elements)?;
        Ok(SetSpec { key: Some(key), timeout: self.timeout, to: self.to, entries })
    }
}

fn entries(key: KeyType, to: Option<DataType>, pairs: &[Pair]) -> Result<Vec<Entry>> {
    let entry = |(value, data): &Pair| {
        let span = span_of(key, value)?;
        let data = match (to, data) {
            (Some(to), Some(data)) => Some(datum_of(to, data).map_err(|e| e.detail(format!("for {value}")))?),
            _ => None,
        };
        Ok(Entry { span, data })
    };
    pairs.iter().map(entry).collect()
}

/// What a script gives for an element: ports and marks may be numbers.
fn one(value: &Value) -> std::result::Result<model::Value, No> {
    match value {
        Value::Integer(number) if u32::try_from(*number).is_ok() => Ok(model::Value::Int(*number)),
        Value::String(text) => Ok(model::Value::Text(text.to_string_lossy())),
        _ => Err(No::Other),
    }
}

fn element() -> Type<model::Value> {
    Type::new("integer|string", "an element such as \"10.0.0.0/8\" or 80", |_, value| one(value))
}

fn listed() -> Type<Vec<Pair>> {
    ty::list(element()).map(|list| list.into_iter().map(|value| (value, None)).collect())
}

/// Whether they stand at the places 1, 2, ... of a list.
fn is_list(pairs: &[Pair]) -> bool {
    let mut places = (1..).zip(pairs);
    !pairs.is_empty() && places.all(|(at, (key, data))| data.is_some() && *key == model::Value::Int(at))
}

/// `{ ["10.0.0.1"] = "accept" }`
fn paired() -> Type<Vec<Pair>> {
    let (luals, expected) =
        ("table<integer|string, integer|string>", "a table of keys, each with what the map has for it");
    Type::new(luals, expected, |_, value| {
        let Value::Table(table) = value else { return Err(No::Other) };
        let mut pairs = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, data) = pair.map_err(|_| No::Other)?;
            pairs.push((one(&key)?, Some(one(&data)?)));
        }
        pairs.sort_by_key(|(key, _)| rank(key));
        Ok(pairs)
    })
}

/// The places in a list would be a map's keys.
const LISTED: (&str, &str) = (
    "a map's elements have keys, and this is a list",
    "give them as { [KEY] = VALUE }, and numbers as text: { [\"1\"] = VALUE }",
);

fn of_map() -> Type<Vec<Pair>> {
    let paired = paired();
    let (luals, expected) = (paired.luals.clone(), paired.expected.clone());
    Type::new(luals, expected, move |cx, value| match paired.decode(cx, value)? {
        pairs if is_list(&pairs) => Err(Wrong::new(LISTED.0).hint(LISTED.1).into()),
        pairs => Ok(pairs),
    })
}

/// Places in a list come in their order.
fn rank(key: &model::Value) -> (i64, String) {
    match key {
        model::Value::Int(number) => (*number, String::new()),
        other => (i64::MAX, other.to_string()),
    }
}

fn with_time(shape: Shape<SetOptions>) -> Shape<SetOptions> {
    let types: Vec<(&str, KeyType)> = KeyType::WORDS.to_vec();
    shape
        .required(
            "type",
            ty::one_of(&types),
            "what it holds, in nft's words; addresses and inet_service (ports) may be ranges",
            |o, v| o.key = Some(v),
        )
        .field(
            "timeout",
            ty::seconds(),
            "how many seconds elements stay; 0: only those go that are given a time",
            |o, v| o.timeout = Some(v),
        )
}

pub(super) fn set_options(name: &'static str) -> Shape<SetOptions> {
    with_time(Shape::new(name)).field("elements", listed(), "what is in it at first", |o, v| o.elements = v)
}

pub(super) fn map_options(name: &'static str) -> Shape<SetOptions> {
    let types: Vec<(&str, DataType)> = DataType::WORDS.to_vec();
    with_time(Shape::new(name))
        .required(
            "to",
            ty::one_of(&types),
            "what it has for each: a verdict (such as \"accept\" or \"jump CHAIN\"), a mark, an address, a port, or both \
             (\"10.0.0.1:80\")",
            |o, v| o.to = Some(v),
        )
        .field("elements", of_map(), "what is in it at first", |o, v| o.elements = v)
}

/// Ports are numbers, addresses texts.
struct Elements(Vec<model::Value>);

impl model::Give for Elements {
    fn luals() -> String {
        "(integer|string)[]".into()
    }

    fn give(self, to: &mut model::Values) {
        to.value(&model::Value::List(self.0));
    }
}

struct Datum(model::Value);

impl model::Give for Datum {
    fn luals() -> String {
        "(integer|string)".into()
    }

    fn give(self, to: &mut model::Values) {
        to.value(&self.0);
    }
}

fn element_record() -> Record<Element> {
    Record::of("nsh.firewall.Element", "An element that goes after a time.")
        .field("timeout", "how many seconds it stays", |e: &Element| e.timeout.map(|time| time.as_secs_f64()))
        .field("expires", "how many seconds it stays from now on", |e| {
            e.expires.map(|time| time.as_secs_f64())
        })
        .plain()
}

/// A set or map, and its elements as texts.
struct Shown {
    set: NamedSet,
    names: Vec<String>,
}

impl Shown {
    fn of(set: NamedSet) -> Self {
        let names = set.elements.iter().map(|e| value_of(set.key, &e.span).to_string()).collect();
        Shown { set, names }
    }

    fn all(cx: &Cx<'_>, sort: Sort) -> Result<Vec<Self>> {
        Ok(firewall::sets(cx.ns, sort)?.into_iter().map(Shown::of).collect())
    }

    fn find(cx: &Cx<'_>, sort: Sort, name: &str) -> Result<Option<Self>> {
        Ok(Self::all(cx, sort)?.into_iter().find(|shown| shown.set.name == name))
    }

    fn data(&self) -> BTreeMap<String, Datum> {
        let all = self.names.iter().zip(&self.set.elements);
        all.filter_map(|(name, e)| Some((name.clone(), Datum(datum_value(self.set.to, e.data.as_ref()?)))))
            .collect()
    }
}

fn start(record: Builder<Shown>) -> Builder<Shown> {
    record
        .field("name", "its name", |s: &Shown| s.set.name.clone())
        .field("handle", "its number in the table", |s| s.set.handle)
        .field("type", "what it holds, in nft's words", |s| s.set.key.map(Words::name))
        .field("interval", "whether it may hold prefixes and ranges", |s| s.set.has_ranges())
        .field(
            "timeout",
            "how many seconds elements stay; 0: those that are given no time stay for good",
            |s| s.set.has_timeouts().then(|| s.set.timeout.unwrap_or_default().as_secs_f64()),
        )
}

fn end(record: Builder<Shown>) -> Record<Shown> {
    record
        .map("times", element_record(), "the times of those that go, by the element's text", |s| {
            let all = s.names.iter().map(String::as_str).zip(&s.set.elements);
            all.filter(|(_, element)| element.timeout.is_some() || element.expires.is_some()).collect()
        })
        .shown(|s| s.set.to_string())
}

fn set_record() -> Record<Shown> {
    let doc = "A set that rules look into. It prints as nft shows it, on one line.";
    end(start(Record::of("nsh.firewall.Set", doc)).field("elements", "what is in it", |s| {
        Elements(s.set.elements.iter().map(|e| value_of(s.set.key, &e.span)).collect())
    }))
}

fn map_record() -> Record<Shown> {
    let doc = "A map that rules ask. It prints as nft shows it, on one line.";
    let record = start(Record::of("nsh.firewall.Map", doc))
        .field("to", "what it has for each, in nft's words", |s| s.set.to.map(Words::name))
        .field("elements", "what it has, by the key's text", Shown::data);
    end(record)
}

/// An element or several, or a map's keys with what it has for them: which, the set tells, since numbers from 1 on may be
/// places in a list or keys.
fn given() -> Type<Vec<Pair>> {
    let one = element().map(|value| vec![(value, None)]);
    let luals = "integer|string|(integer|string)[]|table<integer|string, integer|string>";
    one.or(paired()).luals(luals).called("an element, several, or of a map keys with what it has for them")
}

/// What was given, as the elements of a set are or a map's.
fn fitting(given: &[Pair], to: Option<DataType>) -> Result<Vec<Pair>> {
    let wrong = |message: &str, hint: &str| Err(Error::argument(message).hint(hint));
    match to {
        Some(_) if given.iter().any(|(_, data)| data.is_none()) => {
            wrong("a map's elements have values", "give them as { [KEY] = VALUE }")
        }
        Some(_) if is_list(given) => wrong(LISTED.0, LISTED.1),
        Some(_) => Ok(given.to_vec()),
        None => {
            keys(given).map_or_else(|| wrong("a set's elements have no values", "give them as a list"), Ok)
        }
    }
}

/// The elements of a list, or of what a single one was made of; `None` if it is no list.
fn keys(given: &[Pair]) -> Option<Vec<Pair>> {
    let mut out = Vec::with_capacity(given.len());
    for (at, (key, data)) in given.iter().enumerate() {
        match data {
            None => out.push((key.clone(), None)),
            Some(value) if *key == model::Value::Int(at as i64 + 1) => out.push((value.clone(), None)),
            Some(_) => return None,
        }
    }
    Some(out)
}

fn add_elements(cx: &Cx<'_>, name: &str, given: &[Pair], timeout: Option<Duration>) -> Result<()> {
    let (key, to) = firewall::set_type(cx.ns, name)?;
    firewall::add_elements(cx.ns, name, entries(key, to, &fitting(given, to)?)?, timeout)
}

fn del_elements(cx: &Cx<'_>, name: &str, given: &[Pair]) -> Result<()> {
    let (key, _) = firewall::set_type(cx.ns, name)?;
    firewall::del_elements(cx.ns, name, entries(key, None, given)?)
}

pub(super) fn functions(module: Module) -> Module {
    elements(maps(sets(module)))
}

fn sets(module: Module) -> Module {
    let name = || param("name", ty::string(), "the set's name");
    module
        .function(
            Function::new(
                "firewall.add_set",
                (name(), opts(set_options("nsh.firewall.AddSetOptions"))),
                ret::nothing(),
                |cx, (name, o)| Ok(add(cx, &name, &o).map_err(|e| e.on(name))?),
            )
            .doc(
                "Makes a set of addresses, ports, interfaces and so on, into which rules look by its name: \
                 `source = \"@NAME\"`. It can be changed while the rules stand.\n\nRaises `exists` if there is one.",
            )
            .command("nft add set inet nsh NAME '{ type ipv4_addr; flags interval; }'"),
        )
        .function(
            Function::new("firewall.sets", (), ret::list(set_record(), "the sets"), |cx, ()| {
                Ok(Shown::all(cx, Sort::Set)?)
            })
            .doc("Lists the sets that have names, with what is in them.")
            .command("nft list sets table inet nsh"),
        )
        .function(
            Function::new(
                "firewall.get_set",
                (name(),),
                ret::optional(set_record(), "the set, or nil"),
                |cx, (name,)| Ok(Shown::find(cx, Sort::Set, &name)?),
            )
            .doc("Finds a set by its name.")
            .command("nft list set inet nsh NAME"),
        )
        .function(
            Function::new("firewall.del_set", (name(),), ret::nothing(), |cx, (name,)| {
                Ok(firewall::del_set(cx.ns, &name, Sort::Set).map_err(|e| e.on(name))?)
            })
            .doc("Deletes a set.\n\nRaises `not_found` if there is none, `busy` if a rule looks into it.")
            .command("nft delete set inet nsh NAME"),
        )
}

fn add(cx: &Cx<'_>, name: &str, options: &SetOptions) -> Result<()> {
    firewall::add_set(cx.ns, name, &options.spec()?)
}

fn maps(module: Module) -> Module {
    let name = || param("name", ty::string(), "the map's name");
    module
        .function(
            Function::new(
                "firewall.add_map",
                (name(), opts(map_options("nsh.firewall.AddMapOptions"))),
                ret::nothing(),
                |cx, (name, o)| Ok(add(cx, &name, &o).map_err(|e| e.on(name))?),
            )
            .doc(
                "Makes a map, which has something for each of its keys. A rule asks it for a verdict \
                 (`action = \"source vmap @NAME\"`) or for a mark (`set_mark = \"dport map @NAME\"`), a rule of NAT where to \
                 translate to (`nat.dnat({ proto = \"tcp\", to = \"dport map @NAME\" })`). It can be changed while the rules stand.\n\nRaises `exists` if there is one, `not_found` for a chain to jump to that isn't there.",
            )
            .command("nft add map inet nsh NAME '{ type ipv4_addr : verdict; flags interval; }'"),
        )
        .function(
            Function::new("firewall.maps", (), ret::list(map_record(), "the maps"), |cx, ()| {
                Ok(Shown::all(cx, Sort::Map)?)
            })
            .doc("Lists the maps that have names, with what they have.")
            .command("nft list maps table inet nsh"),
        )
        .function(
            Function::new(
                "firewall.get_map",
                (name(),),
                ret::optional(map_record(), "the map, or nil"),
                |cx, (name,)| Ok(Shown::find(cx, Sort::Map, &name)?),
            )
            .doc("Finds a map by its name.")
            .command("nft list map inet nsh NAME"),
        )
        .function(
            Function::new("firewall.del_map", (name(),), ret::nothing(), |cx, (name,)| {
                Ok(firewall::del_set(cx.ns, &name, Sort::Map).map_err(|e| e.on(name))?)
            })
            .doc("Deletes a map.\n\nRaises `not_found` if there is none, `busy` if a rule asks it.")
            .command("nft delete map inet nsh NAME"),
        )
}

fn elements(module: Module) -> Module {
    let name = || param("name", ty::string(), "the name of the set or map");
    let several =
        || ty::one_or_list(element()).map(|all| all.into_iter().map(|value| (value, None)).collect());
    module
        .function(
            Function::new(
                "firewall.add_elements",
                (
                    name(),
                    param("elements", given(), "an element, or several; of a map { [KEY] = VALUE }"),
                    opts(shape!(ElementOptions = "nsh.firewall.ElementOptions" => {
                        timeout: ty::seconds().map(Some), "how many seconds they stay; for one with timeouts";
                    })),
                ),
                ret::nothing(),
                |cx, (name, given, o)| {
                    Ok(add_elements(cx, &name, &given, o.timeout).map_err(|e| e.on(name))?)
                },
            )
            .doc(
                "Puts elements into a set or map, all of them or none.\n\nRaises `exists` if one is there, `not_found` for \
                 the set.",
            )
            .command("nft add element inet nsh NAME '{ 10.0.0.1 timeout 60s }'"),
        )
        .function(
            Function::new(
                "firewall.del_elements",
                (name(), param("elements", several(), "an element or a map's key, or several")),
                ret::nothing(),
                |cx, (name, given): (String, Vec<Pair>)| {
                    Ok(del_elements(cx, &name, &given).map_err(|e| e.on(name))?)
                },
            )
            .doc("Takes elements out of a set or map, all of them or none.\n\nRaises `not_found` if one isn't there.")
            .command("nft delete element inet nsh NAME '{ 10.0.0.1 }'"),
        )
}
