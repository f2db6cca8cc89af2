//! Kinds of links that have options: what a kind's file says, and the options of any kind.

use std::any::Any;
use std::fmt;

use super::{find, ifla};
use crate::base::error::{Error, Result};
use crate::model::{Access, Table};
use crate::net::attributes::Attributes;
use crate::net::fields::LinkRef;
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;

/// What a link of a kind stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lower {
    /// On none, or as IFLA_LINK says.
    Free,
    /// On another link, which must be given.
    Needed,
    /// On another link if it is given, by this attribute of the kind's own; `dev` to `ip`.
    Attribute(u16),
}

/// A kind of link: its options are the rows of the table; [`kind!`] declares it.
pub trait Kind: Table + Clone + fmt::Debug + Default + PartialEq {
    /// As `ip link add type` names it; scripts call the options by the first.
    const NAMES: &'static [&'static str];
    /// What each of these names takes.
    const BUILDS: &'static [Build];
    /// The class of the options, and what is said of them.
    const OPTIONS: (&'static str, &'static str);
    /// The class of the options that can be changed, where those are not all.
    const CHANGES: &'static str;
    /// The class of the record, and what is said of it and of the field that holds it.
    const RECORD: (&'static str, &'static str, &'static str);
    const LOWER: Lower = Lower::Free;
    /// Whether the kernel takes a change for all options of the link, and resets those that are not in it.
    const WHOLE: bool = false;
    /// The rows that are of a pair's other end: `ip` has their words behind `peer`.
    const FAR: &'static [&'static str] = &[];
    /// Words of `ip` for options that have no row.
    const BEYOND: &'static [&'static str] = &[];

    /// Gives a new link what `ip` gives it where nothing is said, and the kernel doesn't.
    fn fill(&mut self) {}

    /// Sets, of what a script gave, the rows that no script gives: what one option says in several attributes.
    fn spread(&mut self) {}

    /// The reverse, of what the kernel reported.
    fn gather(&mut self) {}

    /// The options that name other links.
    fn links(&mut self) -> Vec<&mut LinkRef> {
        Vec::new()
    }

    /// Adds what the kernel doesn't say of its refusal of these options.
    fn explain(&self, e: Error) -> Error {
        e
    }
}

/// What it takes to have links of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    pub kind: &'static str,
    /// The kernel's option, without `CONFIG_`.
    pub option: &'static str,
    /// The module, if it makes a link by itself when it is loaded.
    pub maker: Option<&'static str>,
}

/// Declares the table `$kind`, in words `$what`, to be a kind of link. Each name of `ip link add type` stands with the
/// kernel's option for it, and with the module, if that makes a link by itself when it is loaded: `"gre" = "NET_IPGRE"
/// by "ip_gre"`. Whatever is particular to the kind stands behind: constants and functions of [`Kind`].
macro_rules! kind {
    ($kind:ident, $what:literal, [$($name:literal = $option:literal $(by $maker:literal)?),+] { $($more:tt)* }) => {
        impl $crate::net::link::kind::Kind for $kind {
            const NAMES: &'static [&'static str] = &[$($name),+];
            const BUILDS: &'static [$crate::net::link::kind::Build] =
                &[$($crate::net::link::kind::build!($name = $option $(by $maker)?)),+];
            const OPTIONS: (&'static str, &'static str) =
                (concat!("nsh.", stringify!($kind), "Options"), concat!("options of ", $what));
            const CHANGES: &'static str = concat!("nsh.", stringify!($kind), "Changes");
            const RECORD: (&'static str, &'static str, &'static str) = (
                concat!("nsh.", stringify!($kind)),
                concat!("What is particular to ", $what, "."),
                concat!("what is particular to ", $what),
            );
            $($more)*
        }
    };
}

/// `"KIND" = "OPTION" by "MODULE"`.
macro_rules! build {
    ($name:literal = $option:literal) => {
        $crate::net::link::kind::Build { kind: $name, option: $option, maker: None }
    };
    ($name:literal = $option:literal by $maker:literal) => {
        $crate::net::link::kind::Build { kind: $name, option: $option, maker: Some($maker) }
    };
}

pub(super) use {build, kind};

/// Does something for each kind, which it gets as a type.
pub trait Visit {
    fn kind<T: Kind>(&mut self);
}

/// Options of a kind that is known when the program runs.
pub(super) trait Options: Any + fmt::Debug {
    fn names(&self) -> &'static [&'static str];
    fn lower(&self) -> Lower;
    fn whole(&self) -> bool;
    fn given(&self) -> bool;
    fn fill(&mut self);
    /// Writes what is to be sent; `lower` is the index of the link below, where it is given.
    fn write(&self, lower: Option<u32>, out: &mut Attributes);
    fn read(&mut self, bytes: &[u8]);
    /// Takes over what isn't set here.
    fn complete(&mut self, from: &dyn Any);
    fn links(&mut self) -> Vec<&mut LinkRef>;
    fn explain(&self, e: Error) -> Error;
    fn copy(&self) -> Box<dyn Options>;
    fn same(&self, other: &dyn Any) -> bool;
}

impl<T: Kind> Options for T {
    fn names(&self) -> &'static [&'static str] {
        T::NAMES
    }

    fn lower(&self) -> Lower {
        T::LOWER
    }

    fn whole(&self) -> bool {
        T::WHOLE
    }

    fn given(&self) -> bool {
        *self != T::default()
    }

    fn fill(&mut self) {
        Kind::fill(self);
    }

    fn write(&self, lower: Option<u32>, out: &mut Attributes) {
        let mut options = self.clone();
        options.spread();
        let number = match T::LOWER {
            Lower::Attribute(number) => Some(number).filter(|_| lower.is_some()),
            _ => None,
        };
        write_but(&options, number, out);
        if let (Some(number), Some(index)) = (number, lower) {
            out.put_u32(number, index);
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        attributes_of(bytes).for_each(|(number, value)| self.decode(number, value));
        self.gather();
    }

    fn complete(&mut self, from: &dyn Any) {
        let Some(from) = from.downcast_ref::<T>() else { return };
        let mut given = std::mem::replace(self, from.clone());
        given.spread();
        self.spread();
        for row in T::ROWS {
            (row.take)(self, &given);
        }
    }

    fn links(&mut self) -> Vec<&mut LinkRef> {
        Kind::links(self)
    }

    fn explain(&self, e: Error) -> Error {
        Kind::explain(self, e)
    }

    fn copy(&self) -> Box<dyn Options> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>() == Some(self)
    }
}

/// Writes the attributes that are not the kernel's own; bits that share one are joined.
pub(super) fn write<T: Table>(options: &T, out: &mut Attributes) {
    write_but(options, None, out);
}

fn write_but<T: Table>(options: &T, but: Option<u16>, out: &mut Attributes) {
    let mut all: Vec<(u16, Vec<u8>)> = Vec::new();
    for row in T::ROWS.iter().filter(|row| row.access != Access::Read) {
        let Some(number) = row.number.filter(|number| Some(*number) != but) else { continue };
        let Some(bytes) = (row.encode)(options) else { continue };
        match all.iter_mut().find(|(known, _)| *known == number) {
            Some((_, joined)) => joined.iter_mut().zip(bytes).for_each(|(to, from)| *to |= from),
            None => all.push((number, bytes)),
        }
    }
    all.iter().for_each(|(number, bytes)| out.put(*number, bytes));
}

/// Writes a kind and its options, which `data` is, with the numbers that these have in IFLA_LINKINFO.
pub(super) fn put_info(out: &mut Attributes, [kind, options]: [u16; 2], name: &str, data: Attributes) {
    let mut info = Attributes::new();
    info.put_str(kind, name);
    if !data.is_empty() {
        info.nest(options, data);
    }
    out.nest(ifla::LINKINFO, info);
}

/// Options of one kind, or none.
#[derive(Debug, Default)]
pub struct Details {
    /// Which of its names the kind has here.
    name: &'static str,
    options: Option<Box<dyn Options>>,
}

impl Details {
    pub fn of<T: Kind>(options: T) -> Self {
        Details { name: T::NAMES[0], options: Some(Box::new(options)) }
    }

    /// Those of the kind `T`.
    pub fn get<T: Kind>(&self) -> Option<&T> {
        let any: &dyn Any = self.options.as_deref()?;
        any.downcast_ref()
    }

    /// Of the kind of this name, none set.
    pub(super) fn new(kind: &str) -> Self {
        let mut kinds = super::KINDS_WITH_OPTIONS.iter();
        let found = kinds.find_map(|(names, new)| names.iter().find(|name| **name == kind).zip(Some(new)));
        found.map(|(name, new)| Details { name, options: Some(new()) }).unwrap_or_default()
    }

    /// Decodes IFLA_INFO_DATA.
    pub(super) fn read(kind: &str, bytes: &[u8]) -> Self {
        let mut details = Self::new(kind);
        if let Some(options) = &mut details.options {
            options.read(bytes);
        }
        details
    }

    /// As of the kind's other name.
    pub(super) fn named(mut self, kind: &str) -> Self {
        self.name = self.names().iter().find(|name| **name == kind).unwrap_or(&self.name);
        self
    }

    /// The kind, as `ip link add type` names it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What a link with them stands on.
    pub fn lower(&self) -> Lower {
        self.options.as_ref().map_or(Lower::Free, |options| options.lower())
    }

    /// Whether a change of them resets what isn't in it.
    pub(super) fn whole(&self) -> bool {
        self.options.as_ref().is_some_and(|options| options.whole())
    }

    /// With what a new link has where nothing is said.
    pub(super) fn filled(mut self) -> Self {
        self.options.iter_mut().for_each(|options| options.fill());
        self
    }

    /// With what `from` has of options that are not set here.
    pub(super) fn completed(mut self, from: &Details) -> Self {
        if let (Some(options), Some(from)) = (&mut self.options, &from.options) {
            options.complete(&**from as &dyn Any);
        }
        self
    }

    /// With the indices of the links that they name, in the namespace of the link.
    pub(super) fn resolved(mut self, ns: &Namespace) -> Result<Self> {
        for link in self.links().into_iter().filter(|link| link.index == 0 && !link.name.is_empty()) {
            link.index = find::require_index(ns, &link.name)?;
        }
        Ok(self)
    }

    /// The options that name other links.
    pub(super) fn links(&mut self) -> Vec<&mut LinkRef> {
        self.options.as_mut().map_or(Vec::new(), |options| options.links())
    }

    /// Encodes IFLA_INFO_DATA.
    pub(super) fn write(&self, lower: Option<u32>, out: &mut Attributes) {
        if let Some(options) = &self.options {
            options.write(lower, out);
        }
    }

    pub(super) fn explain(&self, e: Error) -> Error {
        match &self.options {
            Some(options) => options.explain(e),
            None => e,
        }
    }

    /// The kinds that it is for.
    pub fn names(&self) -> &'static [&'static str] {
        self.options.as_ref().map_or(&[], |options| options.names())
    }

    /// Whether any option is given.
    pub fn is_empty(&self) -> bool {
        !self.options.as_ref().is_some_and(|options| options.given())
    }
}

impl Clone for Details {
    fn clone(&self) -> Self {
        Details { name: self.name, options: self.options.as_ref().map(|options| options.copy()) }
    }
}

impl PartialEq for Details {
    fn eq(&self, other: &Self) -> bool {
        match (&self.options, &other.options) {
            (Some(a), Some(b)) => a.same(&**b as &dyn Any),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}
