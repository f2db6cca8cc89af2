//! Options and records declared by rows: a row says all of a field.

/// The shape of a struct's options: `FIELD [as "NAME in Lua"]: LUA TYPE, "doc";`. A field may be one of a part,
/// as `socket.port`; then its name is the last word.
macro_rules! shape {
    ($options:ty = $name:expr => {
        $($($field:ident).+ $(as $lua:literal)?: $of:expr, $doc:expr;)*
        $(..$($part:ident).+: $shape:expr;)*
    }) => {
        $crate::lua::schema::Shape::<$options>::new($name)
            $(.field(
                $crate::lua::schema::shape!(@name $($field)+; $($lua)?),
                $of,
                $doc,
                |options: &mut $options, value| options.$($field).+ = value.into(),
            ))*
            $(.include($shape, |options: &mut $options| &mut options.$($part).+))*
    };
    (@name $field:ident;) => { stringify!($field) };
    (@name $part:ident $($field:ident)+;) => { $crate::lua::schema::shape!(@name $($field)+;) };
    (@name $($field:ident)+; $lua:literal) => { $lua };
}
pub(in crate::lua) use shape;

/// Declares an options table and its `shape`: `FIELD [as "NAME in Lua"]: TYPE [= DEFAULT], LUA TYPE, "doc";`, and behind
/// these `..FIELD: TYPE, SHAPE;` for a part that has a shape of its own.
macro_rules! options {
    ($(#[$meta:meta])* $vis:vis struct $options:ident = $name:literal {
        $($field_vis:vis $field:ident $(as $lua:literal)?: $type:ty $(= $default:expr)?, $of:expr, $doc:expr;)*
        $(..$part_vis:vis $part:ident: $part_type:ty, $shape:expr;)*
    }) => {
        $(#[$meta])*
        $vis struct $options {
            $($field_vis $field: $type,)*
            $($part_vis $part: $part_type,)*
        }

        impl Default for $options {
            fn default() -> Self {
                $options {
                    $($field: $crate::lua::schema::options!(@default $($default)?),)*
                    $($part: Default::default(),)*
                }
            }
        }

        impl $options {
            $vis fn shape() -> $crate::lua::schema::Shape<Self> {
                $crate::lua::schema::shape!($options = $name => {
                    $($field $(as $lua)?: $of, $doc;)*
                    $(..$part: $shape;)*
                })
            }
        }
    };
    (@default) => { Default::default() };
    (@default $default:expr) => { $default };
}
pub(in crate::lua) use options;

/// A record, to be completed and shown: `FIELD: VALUE => WHAT IT HAS OF IT, "doc";`.
macro_rules! record {
    ($of:ty = $name:literal, $doc:literal => {
        $($field:ident: $value:ident => $get:expr, $told:literal;)*
    }) => {
        $crate::lua::schema::Record::<$of>::of($name, $doc)
            $(.field(stringify!($field), $told, |$value: &$of| $get))*
    };
}
pub(in crate::lua) use record;
