//! Options and records of a table of attributes: a row each, told nowhere else.

use std::fmt::Display;
use std::rc::Rc;

use mlua::{Table as LuaTable, Value};

use super::record::{Builder, Record, RecordFieldDoc};
use super::shape::{FieldDoc, Shape};
use super::ty::No;
use super::{Type, Wrong};
use crate::model::{self, Field, Row, Table};

impl<T: Table + Default> Shape<T> {
    /// The attributes that a script may give.
    pub fn rows(name: &'static str) -> Self {
        Self::rows_where(name, |_| true)
    }

    /// Those of them that `which` says, by name.
    pub fn rows_where(name: &'static str, which: impl Fn(&str) -> bool) -> Self {
        Self::rows_that(name, |row| which(row.name))
    }

    /// Those of them that `which` says.
    pub fn rows_that(name: &'static str, which: impl Fn(&Row<T>) -> bool) -> Self {
        let given = T::ROWS.iter().filter(|row| row.is_given() && which(row));
        given.fold(Shape::new(name), |shape, row| {
            let form = (row.form)();
            let told = FieldDoc {
                name: row.name,
                luals: form.luals,
                expected: form.expected,
                required: false,
                doc: row.doc,
                shape: None,
            };
            shape.setter(told, Rc::new(move |_, object, value| put(row, object, value)))
        })
    }
}

/// A type of attribute.
pub fn field<V: Field>() -> Type<V> {
    let form = V::form();
    Type::new(form.luals, form.expected, |_, value| match read(value)? {
        Some(value) => V::read(&value).map_err(Wrong::from)?.ok_or(No::Other),
        None => Err(No::Other),
    })
}

fn put<T>(row: &Row<T>, object: &mut T, value: &Value) -> Result<(), Wrong> {
    let right = match read(value)? {
        Some(value) => (row.put)(object, &value).map_err(Wrong::from)?,
        None => false,
    };
    match right {
        true => Ok(()),
        false => Err(Wrong::expected(&(row.form)().expected, value)),
    }
}

/// A float with an integral value counts as an integer, as it does to Lua (`10 / 2`).
fn read(value: &Value) -> Result<Option<model::Value>, Wrong> {
    Ok(match value {
        Value::Boolean(b) => Some(model::Value::Bool(*b)),
        Value::Integer(i) => Some(model::Value::Int(*i)),
        Value::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => Some(model::Value::Int(*n as i64)),
        Value::Number(n) => Some(model::Value::Number(*n)),
        Value::String(s) => {
            let text = s.to_str().map_err(|_| Wrong::new("the string is not valid UTF-8"))?;
            Some(model::Value::Text(text.to_owned()))
        }
        Value::Table(list) if list.pairs::<Value, Value>().count() == list.raw_len() => {
            let values = list.sequence_values().map(|value| read(&value.unwrap_or(Value::Nil)));
            values.collect::<Result<Option<Vec<_>>, Wrong>>()?.map(model::Value::List)
        }
        _ => None,
    })
}

impl<T: Table + Default + Display> Record<T> {
    /// The attributes that the kernel reports. Prints as the object does.
    pub fn rows(name: &'static str, doc: &'static str) -> Self {
        Builder::rows(name, doc).show(|table| Ok(object::<T>(table).to_string()))
    }
}

impl<T: Table> Record<T> {
    /// The attributes that the kernel reports, as part of another record.
    pub fn rows_plain(name: &'static str, doc: &'static str) -> Self {
        Builder::rows(name, doc).plain()
    }
}

impl<T: Table> Builder<T> {
    /// The attributes that the kernel reports, for a record that has more than those.
    pub fn rows(name: &'static str, doc: &'static str) -> Self {
        Self::rows_where(name, doc, |_| true)
    }

    /// Those of them that `which` says, by name.
    pub fn rows_where(name: &'static str, doc: &'static str, which: impl Fn(&str) -> bool) -> Self {
        let reported = T::ROWS.iter().filter(|row| row.is_reported() && which(row.name));
        reported.fold(Record::of(name, doc), |record: Builder<T>, row| {
            let returned = (row.form)().returned;
            let luals = if row.always { returned.to_owned() } else { format!("{}?", optional(returned)) };
            let told = RecordFieldDoc { name: row.name, luals, doc: row.doc, record: None };
            record.getter(told, row.write)
        })
    }
}

fn optional(luals: &str) -> String {
    if luals.contains('|') { format!("({luals})") } else { luals.to_owned() }
}

/// What a record's table says now; a field that a script gave another type is left out.
pub fn object<T: Table + Default>(table: &LuaTable) -> T {
    let mut object = T::default();
    let flags = table.raw_get::<Vec<String>>("flags").unwrap_or_default();
    for row in T::ROWS {
        if !row.is_reported() {
            let on = flags.iter().any(|flag| flag == row.name);
            let _ = (row.put)(&mut object, &model::Value::Bool(on));
            continue;
        }
        let Ok(value) = table.raw_get(row.name) else { continue };
        if let Ok(Some(value)) = read(&value) {
            let _ = (row.put)(&mut object, &value);
        }
    }
    object
}
