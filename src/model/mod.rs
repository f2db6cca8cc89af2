//! What a kernel object is: its attributes, one row each.
//!
//! [`table!`] declares an object. A row gives an attribute's name, its type, its place in the netlink message, the
//! words that `ip` has for it, and one sentence of documentation. Everything else reads the rows: encoding and
//! decoding, filters, options and records in Lua with their types and docs, the words of `ip` in both directions,
//! completion. What no row can say (header fields, contradictions, hints) stands in functions beside the table.
//!
//! Nothing here knows netlink or Lua.

mod field;
mod values;

pub use field::{Between, Field, Form, Value, Way, Word, Words};
pub use values::{Give, Item, Values};

use crate::base::error::Result;

/// Who writes an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A script may give it: to make an object, to change it, or to find those that have it.
    Set,
    /// A script may give it to make or find an object; it can't be changed.
    Make,
    /// A script may give it to change or find an object; the kernel doesn't take it for a new one.
    Change,
    /// Only the kernel reports it.
    Read,
    /// A script may give it; the kernel reports it as a word among the object's flags.
    Give,
    /// Nothing but a word among the object's flags.
    Word,
}

/// One attribute of the objects `T`.
pub struct Row<T: 'static> {
    /// As scripts write it.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    pub access: Access,
    /// Whether the kernel reports it of each object.
    pub always: bool,
    /// The words of `ip` for it, the one that we write first.
    pub words: &'static [&'static str],
    /// The number of its netlink attribute; `None` for what stands in the message's header.
    pub number: Option<u16>,
    /// Its bit in the object's flags, 0 for one that is told otherwise; `None` for what is no flag.
    pub flag: Option<u32>,
    /// What its values look like.
    pub form: fn() -> Form,
    /// Takes a script's value; false where it isn't of the attribute's type at all.
    pub put: fn(&mut T, &Value) -> Result<bool>,
    pub get: fn(&T) -> Option<Value>,
    /// As `get`, for many of them: writes nothing where there is none.
    pub write: fn(&T, &mut Values),
    /// The value as `ip` takes it.
    pub word: fn(&T) -> Option<String>,
    /// The netlink attribute's content; `None` where there is nothing to send.
    pub encode: fn(&T) -> Option<Vec<u8>>,
    /// Takes over the other object's value, if it has one.
    pub take: fn(&mut T, &T),
}

impl<T> Row<T> {
    /// Whether a script may give it.
    pub fn is_given(&self) -> bool {
        !matches!(self.access, Access::Read | Access::Word)
    }

    /// Whether it is reported by its name.
    pub fn is_reported(&self) -> bool {
        !matches!(self.access, Access::Give | Access::Word)
    }

    /// The bit of its flag, where the value sets that.
    fn bit(&self, object: &T) -> Option<u32> {
        self.flag.filter(|_| (self.encode)(object).is_some_and(|bytes| bytes != [0]))
    }
}

/// An object declared by [`table!`].
pub trait Table: Sized + 'static {
    const ROWS: &'static [Row<Self>];

    /// Hands over the attributes that are set and don't stand in the header, in the table's order.
    fn encode(&self, put: &mut dyn FnMut(u16, &[u8])) {
        for row in Self::ROWS {
            if let (Some(number), Some(bytes)) = (row.number, (row.encode)(self)) {
                put(number, &bytes);
            }
        }
    }

    /// An object of which no attribute was taken in yet: what is always reported is what its absence stands for.
    fn blank() -> Self;

    /// Takes in one attribute; those that no row names are left alone.
    fn decode(&mut self, number: u16, bytes: &[u8]);

    /// Whether `object` has everything that is set here.
    fn fits(&self, object: &Self) -> bool;

    /// The bits of the flags that are set.
    fn flags(&self) -> u32 {
        Self::ROWS.iter().filter_map(|row| row.bit(self)).fold(0, |flags, bit| flags | bit)
    }

    /// The bits of the flags that are given, be it that they are to be cleared.
    fn mask(&self) -> u32 {
        let given = Self::ROWS.iter().filter(|row| (row.get)(self).is_some());
        given.filter_map(|row| row.flag).fold(0, |mask, bit| mask | bit)
    }

    /// Takes in the flags of a message.
    fn decode_flags(&mut self, flags: u32);

    /// The flags that are set, by name.
    fn flag_words(&self) -> Vec<&'static str> {
        Self::ROWS.iter().filter(|row| row.bit(self).is_some()).map(|row| row.name).collect()
    }

    /// The attributes that are set, each with the word of `ip` for it: `via 10.0.0.1`.
    fn given(&self) -> Vec<String> {
        let words = |row: &Row<Self>| {
            let value = (row.word)(self)?;
            row.words.first().map(|word| format!("{word} {value}"))
        };
        Self::ROWS.iter().filter_map(words).collect()
    }

    /// The row that `ip` knows by this word.
    fn row(word: &str) -> Option<&'static Row<Self>> {
        Self::ROWS.iter().find(|row| row.words.contains(&word))
    }

    /// The words that can follow in a command of `ip`, one for each row.
    fn keywords() -> Vec<&'static str> {
        Self::ROWS
            .iter()
            .filter(|row| row.access != Access::Read)
            .filter_map(|r| r.words.first().copied())
            .collect()
    }
}

/// The bit that tells a part of a struct from an attribute; these have at most 14 bits.
const PART: u16 = 0x4000;

/// The number of what stands in an attribute's struct, at this offset.
pub const fn part_of(attribute: u16, offset: u16) -> u16 {
    PART | attribute << 8 | offset
}

/// The attribute and the offset in its struct, if the number is that of a part of one.
pub fn part(number: u16) -> Option<(u16, usize)> {
    (number & PART != 0).then_some(((number & !PART) >> 8, usize::from(number & 0xff)))
}

/// Whether a filter's value lets an object's pass: where the object has none, what its absence stands for counts.
pub fn fits<T: Field>(wanted: &Option<T>, has: &Option<T>) -> bool {
    match (wanted, has) {
        (Some(wanted), Some(has)) => wanted.lets(has),
        (Some(_), None) => *wanted == T::absent(),
        (None, _) => true,
    }
}

/// Declares an object: `ACCESS FIELD [as "NAME in Lua"]: TYPE = WIRE [always], ip ["WORD", ...], "doc";`
/// WIRE is the number of a netlink attribute, `{in NUMBER at OFFSET}` for a part of the struct that an attribute holds,
/// `header` for what stands in the message's header or shares an attribute, or `{flag BIT}`, of a type that is sent as one
/// byte. After the rows, `and { ... }` may hold fields that are no attributes, such as a list of objects.
macro_rules! table {
    ($(#[$meta:meta])* pub struct $table:ident {
        $($access:ident $field:ident $(as $name:literal)?: $type:ty = $wire:tt $($always:ident)?,
            ip [$($word:literal),*], $doc:literal;)*
    } $(and { $($(#[$other_meta:meta])* $vis:vis $other:ident: $other_type:ty,)* })?) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $table {
            $(#[doc = $doc] pub $field: Option<$type>,)*
            $($($(#[$other_meta])* $vis $other: $other_type,)*)?
        }

        impl $crate::model::Table for $table {
            const ROWS: &'static [$crate::model::Row<Self>] = &[$($crate::model::Row {
                name: $crate::model::table!(@name $field $($name)?),
                doc: $doc,
                access: $crate::model::Access::$access,
                always: $crate::model::table!(@always $($always)?),
                words: &[$($word),*],
                number: $crate::model::table!(@number $wire),
                flag: $crate::model::table!(@flag $wire),
                form: <$type as $crate::model::Field>::form,
                put: |object, value| {
                    let read = <$type as $crate::model::Field>::read(value)?;
                    let right = read.is_some();
                    object.$field = read;
                    Ok(right)
                },
                get: |object| object.$field.as_ref().map($crate::model::Field::value),
                write: |object, to| if let Some(value) = &object.$field {
                    $crate::model::Field::write(value, to)
                },
                word: |object| object.$field.as_ref().map($crate::model::Field::word),
                encode: |object| object.$field.as_ref().and_then($crate::model::Field::encode),
                take: |object, from| if from.$field.is_some() {
                    object.$field = from.$field.clone();
                },
            },)*];

            fn blank() -> Self {
                $table {
                    $($field: $crate::model::table!(@blank $type, $($always)?),)*
                    $($($other: Default::default(),)*)?
                }
            }

            fn decode(&mut self, number: u16, bytes: &[u8]) {
                $(if $crate::model::table!(@number $wire) == Some(number) {
                    self.$field = <$type as $crate::model::Field>::decode(bytes);
                })*
            }

            fn decode_flags(&mut self, _flags: u32) {
                $($crate::model::table!(@decode_flag self, _flags, $field, $type, $wire, $($always)?);)*
            }

            fn fits(&self, object: &Self) -> bool {
                true $(&& $crate::model::fits(&self.$field, &object.$field))*
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    (@always) => { false };
    (@always always) => { true };
    (@number $number:literal) => { Some::<u16>($number) };
    (@number {in $attribute:literal at $offset:literal}) => {
        Some::<u16>($crate::model::part_of($attribute, $offset))
    };
    (@number $other:tt) => { None::<u16> };
    (@flag {flag $bit:literal}) => { Some::<u32>($bit) };
    (@flag $other:tt) => { None::<u32> };
    (@blank $type:ty, ) => { None };
    (@blank $type:ty, always) => { <$type as $crate::model::Field>::absent() };
    (@decode_flag $object:ident, $flags:ident, $field:ident, $type:ty, {flag $bit:literal}, $($always:ident)?) => {
        $object.$field = <$type as $crate::model::Field>::decode(&[u8::from($flags & $bit != 0)])
            .or($crate::model::table!(@blank $type, $($always)?))
    };
    (@decode_flag $object:ident, $flags:ident, $field:ident, $type:ty, $other:tt, $($always:ident)?) => {};
}

pub(crate) use table;

#[cfg(test)]
mod tests;
