//! Sets of flags that bear names.

/// Declares types of 32 flags, each a bit with its name; others of the kernel's are left out.
macro_rules! bits {
    ($($(#[$doc:meta])* $name:ident { $($bit:expr => $word:literal),* $(,)? })*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name(pub u32);

        impl $name {
            const NAMES: &'static [(u32, &'static str)] = &[$(($bit, $word)),*];

            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::NAMES.iter().filter(move |(bit, _)| self.0 & bit != 0).map(|(_, name)| *name)
            }

            /// Those of the kernel's flags that have names.
            pub fn of(flags: u32) -> Self {
                $name(Self::NAMES.iter().fold(0, |known, (bit, _)| known | flags & bit))
            }
        }

        impl $crate::model::Field for $name {
            fn form() -> $crate::model::Form {
                let list = "string[]".to_owned();
                $crate::model::Form { luals: list, returned: "string[]", ..$crate::net::fields::text("a list of flags") }
            }

            fn read(value: &$crate::model::Value) -> $crate::base::error::Result<Option<Self>> {
                let $crate::model::Value::List(words) = value else { return Ok(None) };
                let known = |word: &&(u32, &str)| words.iter().any(|w| w.is(word.1));
                Ok(Some($name(Self::NAMES.iter().filter(known).fold(0, |set, (bit, _)| set | bit))))
            }

            fn value(&self) -> $crate::model::Value {
                $crate::model::Value::words(self.names())
            }

            fn write(&self, to: &mut $crate::model::Values) {
                to.list(self.names(), |to, name| to.bytes(name.as_bytes()));
            }

            fn encode(&self) -> Option<Vec<u8>> {
                Some(self.0.to_ne_bytes().to_vec())
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                bytes.first_chunk().map(|b| $name::of(u32::from_ne_bytes(*b)))
            }
        })*
    };
}

pub(crate) use bits;
