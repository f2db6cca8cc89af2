//! Tables that come back: plain tables with a metatable that prints them as people know them.

use std::cell::OnceCell;
use std::rc::Rc;

use mlua::{BString, Lua, Table, Value};

use super::push::{self, append, key, push};
use crate::base::text::harmless;
use crate::model::{Field, Give, Values, Words};
use crate::net::names::Hold;

/// What is told of a record.
#[derive(Debug)]
pub struct RecordDoc {
    /// Its LuaLS class, such as `nsh.Link`.
    pub name: &'static str,
    pub doc: &'static str,
    pub fields: Vec<RecordFieldDoc>,
}

/// What is told of a record's field.
#[derive(Debug)]
pub struct RecordFieldDoc {
    pub name: &'static str,
    /// In LuaLS's notation; a `?` at its end where the field may be missing.
    pub luals: String,
    pub doc: &'static str,
    pub record: Option<Rc<RecordDoc>>,
}

/// The name of the metatable of lists.
pub(super) const LIST: &str = "nsh.List";

/// How many records become tables at once: so many that the call counts for little, so few that they stay in the
/// processor's cache.
const AT_ONCE: usize = 128;

type Getter<T> = Box<dyn Fn(&T, &mut Values)>;

/// How a record shows in `print`.
pub(super) type Show = fn(&Table) -> mlua::Result<String>;

/// A table made of a `T`.
pub struct Record<T> {
    pub doc: Rc<RecordDoc>,
    getters: Vec<(u32, Getter<T>)>,
    kind: OnceCell<u32>,
    show: Option<Show>,
    shown: Option<fn(&T) -> String>,
}

/// Builds a [`Record`].
pub struct Builder<T> {
    doc: RecordDoc,
    getters: Vec<(u32, Getter<T>)>,
    show: Option<Show>,
    shown: Option<fn(&T) -> String>,
}

impl<T: 'static> Record<T> {
    pub fn of(name: &'static str, doc: &'static str) -> Builder<T> {
        Builder {
            doc: RecordDoc { name, doc, fields: Vec::new() },
            getters: Vec::new(),
            show: None,
            shown: None,
        }
    }

    pub fn table(&self, lua: &Lua, value: &T) -> mlua::Result<Table> {
        let _names = Hold::begin();
        let mut values = Values::default();
        self.write(value, &mut values);
        push(lua, &values)
    }

    pub fn list(&self, lua: &Lua, values: &[T]) -> mlua::Result<Table> {
        let _names = Hold::begin();
        let list = lua.create_table_with_capacity(values.len(), 0)?;
        let mut written = Values::default();
        for (at, values) in values.chunks(AT_ONCE).enumerate() {
            written.clear();
            values.iter().for_each(|value| self.write(value, &mut written));
            append(lua, &list, at * AT_ONCE, &written)?;
        }
        tag_list(lua, &list)?;
        Ok(list)
    }

    fn write(&self, value: &T, to: &mut Values) {
        if let Some(shown) = self.shown {
            to.shown_as(shown(value));
        }
        let kind = *self.kind.get_or_init(|| push::kind(self.doc.name, self.show));
        to.record(kind, |to| self.getters.iter().map(|(key, get)| to.field(*key, |to| get(value, to))).sum());
    }
}

impl<T: 'static> Builder<T> {
    /// A field and its getter; nothing leaves the field out.
    pub fn field<V: Give>(
        self,
        name: &'static str,
        doc: &'static str,
        get: impl Fn(&T) -> V + 'static,
    ) -> Self {
        let told = RecordFieldDoc { name, luals: V::luals(), doc, record: None };
        self.getter(told, move |value, to| get(value).give(to))
    }

    /// A field that is one of several words.
    pub fn word<W: Words>(
        self,
        name: &'static str,
        doc: &'static str,
        get: impl Fn(&T) -> W + 'static,
    ) -> Self {
        let told = RecordFieldDoc { name, luals: W::form().luals, doc, record: None };
        self.getter(told, move |value, to| get(value).name().give(to))
    }

    /// A field that writes its value itself.
    pub(super) fn getter(mut self, told: RecordFieldDoc, get: impl Fn(&T, &mut Values) + 'static) -> Self {
        self.getters.push((key(told.name), Box::new(get)));
        self.doc.fields.push(told);
        self
    }

    /// A record within the record, or nothing.
    pub fn record<U: 'static>(
        self,
        name: &'static str,
        record: Record<U>,
        doc: &'static str,
        get: impl Fn(&T) -> Option<&U> + 'static,
    ) -> Self {
        let luals = format!("{}?", record.doc.name);
        let told = RecordFieldDoc { name, luals, doc, record: Some(record.doc.clone()) };
        self.getter(told, move |value, to| {
            if let Some(inner) = get(value) {
                record.write(inner, to);
            }
        })
    }

    /// Takes in the fields of another record, where there is one.
    pub fn include<U: 'static>(
        mut self,
        record: Record<U>,
        get: impl Fn(&T) -> Option<&U> + Clone + 'static,
    ) -> Self {
        for (field, (key, inner)) in record.doc.fields.iter().zip(record.getters) {
            let (name, luals, doc, record) =
                (field.name, field.luals.clone(), field.doc, field.record.clone());
            self.doc.fields.push(RecordFieldDoc { name, luals, doc, record });
            let get = get.clone();
            let part = move |value: &T, to: &mut Values| {
                if let Some(part) = get(value) {
                    inner(part, to);
                }
            };
            self.getters.push((key, Box::new(part)));
        }
        self
    }

    /// An array of records within the record.
    pub fn list<U: 'static>(
        self,
        name: &'static str,
        record: Record<U>,
        doc: &'static str,
        get: impl Fn(&T) -> &[U] + 'static,
    ) -> Self {
        let luals = format!("{}[]", record.doc.name);
        let told = RecordFieldDoc { name, luals, doc, record: Some(record.doc.clone()) };
        self.getter(told, move |value, to| to.list(get(value), |to, inner| record.write(inner, to)))
    }

    /// A table of records by their names within the record.
    pub fn map<U: 'static>(
        self,
        name: &'static str,
        record: Record<U>,
        doc: &'static str,
        get: impl for<'a> Fn(&'a T) -> Vec<(&'a str, &'a U)> + 'static,
    ) -> Self {
        self.mapped((name, doc), record, get, false)
    }

    /// As [`Builder::map`], but nothing where there are none.
    pub fn map_of_some<U: 'static>(
        self,
        name: &'static str,
        record: Record<U>,
        doc: &'static str,
        get: impl for<'a> Fn(&'a T) -> Vec<(&'a str, &'a U)> + 'static,
    ) -> Self {
        self.mapped((name, doc), record, get, true)
    }

    fn mapped<U: 'static>(
        self,
        (name, doc): (&'static str, &'static str),
        record: Record<U>,
        get: impl for<'a> Fn(&'a T) -> Vec<(&'a str, &'a U)> + 'static,
        optional: bool,
    ) -> Self {
        let luals = format!("table<string, {}>{}", record.doc.name, if optional { "?" } else { "" });
        let told = RecordFieldDoc { name, luals, doc, record: Some(record.doc.clone()) };
        self.getter(told, move |value, to| match get(value) {
            pairs if optional && pairs.is_empty() => {}
            pairs => to.map(pairs, |to, inner| record.write(inner, to)),
        })
    }

    /// How `print` shows the table, made of its fields when asked for.
    pub fn show(mut self, show: Show) -> Record<T> {
        self.show = Some(show);
        self.build()
    }

    /// How `print` shows the table, made of the Rust value at once: for what has a `Display` of its own.
    pub fn shown(mut self, shown: fn(&T) -> String) -> Record<T> {
        self.shown = Some(shown);
        self.show = Some(show_text);
        self.build()
    }

    /// A part of another record: prints its fields by name.
    pub fn plain(self) -> Record<T> {
        self.show(show_fields)
    }

    fn build(self) -> Record<T> {
        Record {
            doc: Rc::new(self.doc),
            getters: self.getters,
            kind: OnceCell::new(),
            show: self.show,
            shown: self.shown,
        }
    }
}

/// A string of any bytes.
impl Give for BString {
    fn luals() -> String {
        String::luals()
    }

    fn give(self, to: &mut Values) {
        to.bytes(&self);
    }
}

/// Texts made beforehand, by table; weak, so that they go with their tables.
pub(super) fn shown_texts(lua: &Lua) -> mlua::Result<Table> {
    const KEY: &str = "nsh.shown";
    if let Ok(texts) = lua.named_registry_value::<Table>(KEY) {
        return Ok(texts);
    }
    let texts = lua.create_table()?;
    let meta = lua.create_table()?;
    meta.raw_set("__mode", "k")?;
    texts.set_metatable(Some(meta))?;
    lua.set_named_registry_value(KEY, &texts)?;
    Ok(texts)
}

/// A text made beforehand stands in the weak table, where [`tag`] looks first.
fn show_text(_: &Table) -> mlua::Result<String> {
    Ok(String::new())
}

/// Lets an array print as its items, a line each.
pub fn tag_list(lua: &Lua, list: &Table) -> mlua::Result<()> {
    tag(lua, list, LIST, Some(show_list))
}

/// `avg=0.1 max=0.2`, sorted; of a table within, that it is one.
fn show_fields(table: &Table) -> mlua::Result<String> {
    let mut parts = Vec::new();
    for pair in table.pairs::<String, Value>() {
        let (key, value) = pair?;
        let value = match value {
            Value::Table(_) => "{...}".to_owned(),
            value => value.to_string()?,
        };
        parts.push(format!("{key}={value}"));
    }
    parts.sort();
    Ok(parts.join(" "))
}

pub(super) fn show_list(list: &Table) -> mlua::Result<String> {
    let _names = Hold::begin();
    let mut lines = Vec::new();
    for item in list.sequence_values::<Value>() {
        lines.push(item?.to_string()?);
    }
    Ok(if lines.is_empty() { "(none)".to_owned() } else { lines.join("\n") })
}

/// Gives a table the metatable of its kind.
pub fn tag(lua: &Lua, table: &Table, name: &'static str, show: Option<Show>) -> mlua::Result<()> {
    table.set_metatable(Some(metatable(lua, name, show)?))
}

/// The metatable of a kind: `__name`, and `__tostring` for `print`.
pub(super) fn metatable(lua: &Lua, name: &'static str, show: Option<Show>) -> mlua::Result<Table> {
    if let Ok(meta) = lua.named_registry_value::<Table>(name) {
        return Ok(meta);
    }
    let meta = lua.create_table()?;
    meta.raw_set("__name", name)?;
    if let Some(show) = show {
        let texts = shown_texts(lua)?;
        let tostring =
            lua.create_function(move |_, table: Table| match texts.raw_get::<Option<String>>(&table)? {
                Some(text) => Ok(text),
                None => show(&table).map(|text| harmless(&text)),
            })?;
        meta.raw_set("__tostring", tostring)?;
    }
    lua.set_named_registry_value(name, &meta)?;
    Ok(meta)
}

/// Whether the table is a list that nsh made, even an empty one.
pub fn is_list(table: &Table) -> bool {
    let name = table.metatable().and_then(|meta| meta.raw_get::<Option<String>>("__name").ok().flatten());
    name.as_deref() == Some(LIST)
}
