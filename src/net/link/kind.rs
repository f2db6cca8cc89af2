//! Kinds of links that have options: what a kind's file says, and the options of any kind.

use std::any::Any;
use std::fmt;

use super::ifla;
use crate::base::error::Error;
use crate::model::{Access, Table};
use crate::net::attributes::Attributes;
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
    /// The class of the options, and what is said of them.
    const OPTIONS: (&'static str, &'static str);
    /// The class of the record, and what is said of it and of the field that holds it.
    const RECORD: (&'static str, &'static str, &'static str);
    const LOWER: Lower = Lower::Free;
    /// Words of `ip` for options that have no row.
    const BEYOND: &'static [&'static str] = &[];

    /// Adds what the kernel doesn't say of its refusal of these options.
    fn explain(&self, e: Error) -> Error {
        e
    }
}

/// Declares the table `$kind`, in words `$what`, to be a kind of link. Whatever is particular to it stands behind.
macro_rules! kind {
    ($kind:ident, $what:literal, [$($name:literal),+] { $($more:tt)* }) => {
        impl $crate::net::link::kind::Kind for $kind {
            const NAMES: &'static [&'static str] = &[$($name),+];
            const OPTIONS: (&'static str, &'static str) =
                (concat!("nsh.", stringify!($kind), "Options"), concat!("options of ", $what));
            const RECORD: (&'static str, &'static str, &'static str) = (
                concat!("nsh.", stringify!($kind)),
                concat!("What is particular to ", $what, "."),
                concat!("what is particular to ", $what),
            );
            $($more)*
        }
    };
}

pub(super) use kind;

/// Does something for each kind, which it gets as a type.
pub trait Visit {
    fn kind<T: Kind>(&mut self);
}

/// Options of a kind that is known when the program runs.
pub(super) trait Options: Any + fmt::Debug {
    fn names(&self) -> &'static [&'static str];
    fn lower(&self) -> Lower;
    fn given(&self) -> bool;
    fn write(&self, out: &mut Attributes);
    fn read(&mut self, bytes: &[u8]);
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

    fn given(&self) -> bool {
        *self != T::default()
    }

    fn write(&self, out: &mut Attributes) {
        write(self, out);
    }

    fn read(&mut self, bytes: &[u8]) {
        attributes_of(bytes).for_each(|(number, value)| self.decode(number, value));
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

/// Writes the attributes that can be set; bits that share one are joined.
pub(super) fn write<T: Table>(options: &T, out: &mut Attributes) {
    let mut all: Vec<(u16, Vec<u8>)> = Vec::new();
    for row in T::ROWS.iter().filter(|row| row.access == Access::Set) {
        let (Some(number), Some(bytes)) = (row.number, (row.encode)(options)) else { continue };
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
pub struct Details(Option<Box<dyn Options>>);

impl Details {
    pub fn of<T: Kind>(options: T) -> Self {
        Details(Some(Box::new(options)))
    }

    /// Those of the kind `T`.
    pub fn get<T: Kind>(&self) -> Option<&T> {
        let any: &dyn Any = self.0.as_deref()?;
        any.downcast_ref()
    }

    /// Of the kind of this name, none set.
    pub(super) fn new(kind: &str) -> Self {
        let found = super::KINDS_WITH_OPTIONS.iter().find(|(names, _)| names.contains(&kind));
        Details(found.map(|(_, new)| new()))
    }

    /// Decodes IFLA_INFO_DATA.
    pub(super) fn read(kind: &str, bytes: &[u8]) -> Self {
        let mut details = Self::new(kind);
        if let Some(options) = &mut details.0 {
            options.read(bytes);
        }
        details
    }

    /// What a link with them stands on.
    pub fn lower(&self) -> Lower {
        self.0.as_ref().map_or(Lower::Free, |options| options.lower())
    }

    /// Encodes IFLA_INFO_DATA.
    pub(super) fn write(&self, out: &mut Attributes) {
        if let Some(options) = &self.0 {
            options.write(out);
        }
    }

    pub(super) fn explain(&self, e: Error) -> Error {
        match &self.0 {
            Some(options) => options.explain(e),
            None => e,
        }
    }

    /// The kinds that it is for.
    pub fn names(&self) -> &'static [&'static str] {
        self.0.as_ref().map_or(&[], |options| options.names())
    }

    /// Whether any option is given.
    pub fn is_empty(&self) -> bool {
        !self.0.as_ref().is_some_and(|options| options.given())
    }
}

impl Clone for Details {
    fn clone(&self) -> Self {
        Details(self.0.as_ref().map(|options| options.copy()))
    }
}

impl PartialEq for Details {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => a.same(&**b as &dyn Any),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}
