//! Kinds of disciplines, classes, filters and actions: what a kind's file says, and the options of any kind.

use std::any::Any;
use std::fmt;

use super::ether::EtherType;
use super::object::{Device, Object};
use crate::base::error::{Error, Result};
use crate::model::{Access, Row, Table, Value, Word, part};
use crate::net::attributes::{Attributes, find};
use crate::net::done::Verb;
use crate::net::fields::LinkRef;
use crate::net::netlink::attributes_of;

/// What options are for: a link, and of a filter the protocol (`ETH_P_*`).
pub struct About<'a> {
    pub device: &'a Device,
    pub protocol: u16,
}

/// A kind: its options are the rows of the table; [`kind!`] declares it.
pub trait Kind: Table + Clone + fmt::Debug + Default + PartialEq {
    /// As `tc` names it.
    const NAME: &'static str;
    /// The kernel's module, of which the option has the name: `CONFIG_NET_SCH_TBF`.
    const MODULE: &'static str;
    /// The class of the options, and what is said of them.
    const OPTIONS: (&'static str, &'static str);
    /// The class of the record, and what is said of it and of the field that holds it.
    const RECORD: (&'static str, &'static str, &'static str);
    /// The attributes that hold a struct, with its length; 0 is one that stands in front of the attributes.
    const STRUCTS: &'static [(u16, usize)] = &[];
    /// Of a filter, the attribute that holds its actions.
    const ACTIONS: u16 = 0;

    /// The attribute that says which bits of this one's value count. The rows have both, one behind the other.
    fn mask_of(_: u16) -> Option<u16> {
        None
    }

    /// Sets what the kernel must be told and nobody gave, and the rows that no script gives.
    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        Ok(())
    }

    /// The reverse, of what the kernel reported.
    fn gather(&mut self) {}

    /// The options that name links.
    fn links(&mut self) -> Vec<&mut LinkRef> {
        Vec::new()
    }

    /// Of a filter, the protocol of the packets that it must see.
    fn protocol(&self) -> Option<EtherType> {
        None
    }

    /// The bytes, of a kind whose rows don't say them.
    fn to_bytes(&self) -> Option<Vec<u8>> {
        None
    }

    /// The reverse; false where the rows say them.
    fn take_bytes(&mut self, _: &[u8]) -> bool {
        false
    }

    /// As `tc` writes the options.
    fn words(&self) -> Vec<String> {
        words(self, |_| true)
    }
}

/// Declares the table `$kind` to be a kind, in words `$what`: `kind!(Tbf, "tbf", "sch_tbf", "a token bucket", { ... })`.
/// Whatever is particular to it stands behind: constants and functions of [`Kind`].
macro_rules! kind {
    ($kind:ident, $name:literal, $module:literal, $what:literal, { $($more:tt)* }) => {
        impl $crate::net::tc::kind::Kind for $kind {
            const NAME: &'static str = $name;
            const MODULE: &'static str = $module;
            const OPTIONS: (&'static str, &'static str) =
                (concat!("nsh.tc.", stringify!($kind), "Options"), concat!("options of ", $what));
            const RECORD: (&'static str, &'static str, &'static str) = (
                concat!("nsh.tc.", stringify!($kind)),
                concat!("What is particular to ", $what, "."),
                concat!("what is particular to ", $what),
            );
            $($more)*
        }
    };
}
pub(super) use kind;

/// The rows that are set and `which` says, by name, as `tc` writes them.
pub fn words<T: Table>(object: &T, which: impl Fn(&str) -> bool) -> Vec<String> {
    let shown = |row: &&Row<T>| which(row.name) && row.access != Access::Word;
    let mut out = Vec::new();
    for row in T::ROWS.iter().filter(shown) {
        let Some(word) = (row.word)(object) else { continue };
        if matches!((row.form)().word, Word::Alone) {
            out.extend(word.split(' ').map(str::to_owned));
            continue;
        }
        let Some(keyword) = row.words.first() else { continue };
        let value = (row.get)(object);
        match (row.form)().word {
            Word::Flag if value == Some(Value::Bool(true)) => out.push((*keyword).to_owned()),
            Word::Flag => {}
            Word::Toggle if value == Some(Value::Bool(true)) => out.push((*keyword).to_owned()),
            Word::Toggle => out.extend(row.words.get(1).map(|no| (*no).to_owned())),
            _ => {
                out.push((*keyword).to_owned());
                out.extend(word.split(' ').map(str::to_owned));
            }
        }
    }
    out
}

/// The structs of an object that is being written. Several rows may have bits of one byte.
struct Structs(Vec<(u16, Vec<u8>)>);

impl Structs {
    fn put(&mut self, attribute: u16, at: usize, bytes: &[u8]) {
        if let Some((_, whole)) = self.0.iter_mut().find(|(number, _)| *number == attribute) {
            whole.resize(whole.len().max(at + bytes.len()), 0);
            whole.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to |= from);
        }
    }
}

/// TCA_OPTIONS.
fn write<T: Kind>(options: &T) -> Vec<(u16, Vec<u8>)> {
    let mut structs =
        Structs(T::STRUCTS.iter().map(|(number, length)| (*number, vec![0; *length])).collect());
    let mut all: Vec<(u16, Vec<u8>)> = Vec::new();
    for row in T::ROWS.iter().filter(|row| row.access != Access::Read) {
        let Some((number, bytes)) = row.number.zip((row.encode)(options)) else { continue };
        if let Some((attribute, at)) = part(number) {
            structs.put(attribute, at, &bytes);
        } else if let Some(mask) = T::mask_of(number) {
            let (value, bits) = bytes.split_at(bytes.len() / 2);
            all.extend([(number, value.to_vec()), (mask, bits.to_vec())]);
        } else if let Some((_, joined)) = all.iter_mut().find(|(known, _)| *known == number) {
            joined.iter_mut().zip(bytes).for_each(|(to, from)| *to |= from);
        } else {
            all.push((number, bytes));
        }
    }
    structs.0.extend(all);
    structs.0
}

fn read<T: Kind>(options: &mut T, bytes: &[u8]) {
    let head = T::STRUCTS.iter().find(|(number, _)| *number == 0).map_or(0, |(_, length)| *length);
    let (head, attributes) = bytes.split_at(head.min(bytes.len()));
    for (number, value) in attributes_of(attributes) {
        let masked = T::mask_of(number).map(|mask| {
            let all = vec![0xff; value.len()];
            [value, find(attributes, mask).unwrap_or(&all)].concat()
        });
        options.decode(number, masked.as_deref().unwrap_or(value));
    }
    for number in T::ROWS.iter().filter_map(|row| row.number) {
        let Some((attribute, at)) = part(number) else { continue };
        let whole = if attribute == 0 { Some(head) } else { find(attributes, attribute) };
        if let Some(bytes) = whole.and_then(|bytes| bytes.get(at..)).filter(|bytes| !bytes.is_empty()) {
            options.decode(number, bytes);
        }
    }
    options.gather();
}

/// Options of a kind that is known when the program runs.
trait Options: Any + fmt::Debug {
    fn name(&self) -> &'static str;
    fn given(&self) -> bool;
    fn actions(&self) -> u16;
    fn protocol(&self) -> Option<EtherType>;
    fn fill(&mut self, about: &About<'_>) -> Result<()>;
    fn write(&self) -> Vec<(u16, Vec<u8>)>;
    fn read(&mut self, bytes: &[u8]);
    fn links(&mut self) -> Vec<&mut LinkRef>;
    fn words(&self) -> Vec<String>;
    fn copy(&self) -> Box<dyn Options>;
    fn same(&self, other: &dyn Any) -> bool;
}

impl<T: Kind> Options for T {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn given(&self) -> bool {
        *self != T::default()
    }

    fn actions(&self) -> u16 {
        T::ACTIONS
    }

    fn protocol(&self) -> Option<EtherType> {
        Kind::protocol(self)
    }

    fn fill(&mut self, about: &About<'_>) -> Result<()> {
        Kind::fill(self, about)
    }

    fn write(&self) -> Vec<(u16, Vec<u8>)> {
        self.to_bytes().map_or_else(|| write(self), |bytes| vec![(0, bytes)])
    }

    fn read(&mut self, bytes: &[u8]) {
        if !self.take_bytes(bytes) {
            read(self, bytes);
        }
    }

    fn links(&mut self) -> Vec<&mut LinkRef> {
        Kind::links(self)
    }

    fn words(&self) -> Vec<String> {
        Kind::words(self)
    }

    fn copy(&self) -> Box<dyn Options> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>() == Some(self)
    }
}

/// Options of one kind.
#[derive(Debug)]
pub struct Details(Box<dyn Options>);

impl Details {
    pub fn of<T: Kind>(options: T) -> Self {
        Details(Box::new(options))
    }

    /// Those of the kind `T`.
    pub fn get<T: Kind>(&self) -> Option<&T> {
        let any: &dyn Any = &*self.0;
        any.downcast_ref()
    }

    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// Whether any option is given.
    pub fn is_given(&self) -> bool {
        self.0.given()
    }

    /// Decodes TCA_OPTIONS.
    pub(super) fn read(mut self, bytes: &[u8]) -> Self {
        self.0.read(bytes);
        self
    }

    /// With what the kernel must be told besides.
    pub(super) fn filled(mut self, about: &About<'_>) -> Result<Self> {
        self.0.fill(about)?;
        for link in self.links().into_iter().filter(|link| link.index == 0 && !link.name.is_empty()) {
            link.index = crate::net::link::find::require_index(&about.device.ns, &link.name)?;
        }
        Ok(self)
    }

    pub(super) fn links(&mut self) -> Vec<&mut LinkRef> {
        self.0.links()
    }

    /// Encodes TCA_OPTIONS; `actions` are those of a filter.
    pub(super) fn write(&self, actions: Attributes) -> Result<Vec<u8>> {
        let mut head = Vec::new();
        let mut out = Attributes::new();
        for (number, bytes) in self.0.write() {
            match number {
                0 => head = bytes,
                number => out.put(number, &bytes),
            }
        }
        if !actions.is_empty() {
            out.nest(self.0.actions(), actions);
        }
        head.extend(out.into_bytes()?);
        Ok(head)
    }

    /// The attribute that holds a filter's actions.
    pub(super) fn actions(&self) -> u16 {
        self.0.actions()
    }

    /// The protocol that they imply.
    pub(super) fn protocol(&self) -> Option<EtherType> {
        self.0.protocol()
    }

    pub fn words(&self) -> Vec<String> {
        self.0.words()
    }
}

impl Clone for Details {
    fn clone(&self) -> Self {
        Details(self.0.copy())
    }
}

impl PartialEq for Details {
    fn eq(&self, other: &Self) -> bool {
        self.0.same(&*other.0 as &dyn Any)
    }
}

impl Device {
    /// Adds or replaces an object that has these options, and no actions.
    pub fn change_to(&self, verb: Verb, object: &Object, options: Details) -> Result<()> {
        let options = options.filled(&About { device: self, protocol: 0 })?;
        self.change(verb, &object.clone().with(options.write(Attributes::new())?), &options.words())
    }
}

/// A kind without options that are known: its name, and the kernel's module.
pub type Plain = (&'static str, &'static str);

/// A kind with options: its name, the kernel's module, and options of which none is set.
pub type Known = (&'static str, &'static str, fn() -> Details);

/// All kinds of something.
pub struct Kinds {
    pub known: &'static [Known],
    pub plain: &'static [Plain],
}

impl Kinds {
    /// Each name, with the kernel's module.
    pub fn all(&self) -> impl Iterator<Item = Plain> + use<> {
        let known = self.known.iter().map(|(name, module, _)| (*name, *module));
        known.chain(self.plain.iter().copied())
    }

    /// Options of the kind of this name, none set.
    pub fn of(&self, name: &str) -> Option<Details> {
        self.known.iter().find(|(known, ..)| *known == name).map(|(.., new)| new())
    }

    /// The kind that is meant, and its options, where that has some: what was given of other kinds would be ignored.
    pub fn choose(&self, kind: Option<&str>, given: &[Details]) -> Result<(String, Option<Details>)> {
        let name = match (kind, given) {
            (Some(kind), _) => kind,
            (None, [only]) => only.name(),
            (None, []) => return Err(Error::argument("the option \"kind\" is missing")),
            (None, [one, other, ..]) => {
                let (one, other) = (one.name(), other.name());
                return Err(Error::argument(format!("options of {one} and of {other} exclude each other")));
            }
        };
        if let Some(foreign) = given.iter().find(|options| options.name() != name && options.is_given()) {
            let foreign = foreign.name();
            return Err(Error::argument(format!(
                "the option \"{foreign}\" is for the kind {foreign}, and this is {name:?}"
            )));
        }
        let own = given.iter().find(|options| options.name() == name).cloned();
        Ok((name.to_owned(), own.or_else(|| self.of(name))))
    }
}
