//! Tables that come back: plain tables with a metatable that prints them as people know them.

use std::rc::Rc;

use mlua::{IntoLua, Lua, Table, Value};

use crate::base::text::harmless;

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
const LIST: &str = "nsh.List";

type Getter<T> = Box<dyn Fn(&Lua, &T) -> mlua::Result<Value>>;

/// How a record shows in `print`.
type Show = fn(&Table) -> mlua::Result<String>;

/// A table made of a `T`.
pub struct Record<T> {
    pub doc: Rc<RecordDoc>,
    getters: Vec<Getter<T>>,
    show: Option<Show>,
    shown: Option<fn(&T) -> String>,
}

/// Builds a [`Record`].
pub struct Builder<T> {
    doc: RecordDoc,
    getters: Vec<Getter<T>>,
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
        let table = lua.create_table_with_capacity(0, self.getters.len())?;
        for (field, get) in self.doc.fields.iter().zip(&self.getters) {
            let value = get(lua, value)?;
            if !value.is_nil() {
                table.raw_set(field.name, value)?;
            }
        }
        tag(lua, &table, self.doc.name, self.show)?;
        if let Some(shown) = self.shown {
            shown_texts(lua)?.raw_set(&table, shown(value))?;
        }
        Ok(table)
    }

    pub fn list(&self, lua: &Lua, values: &[T]) -> mlua::Result<Table> {
        let list = lua.create_table_with_capacity(values.len(), 0)?;
        for (i, value) in values.iter().enumerate() {
            list.raw_set(i + 1, self.table(lua, value)?)?;
        }
        tag_list(lua, &list)?;
        Ok(list)
    }
}

impl<T: 'static> Builder<T> {
    /// A field, with its LuaLS type (`integer`, `string?`) and its getter; nil leaves the field out.
    pub fn field<V: IntoLua>(
        mut self,
        name: &'static str,
        luals: &str,
        doc: &'static str,
        get: impl Fn(&T) -> V + 'static,
    ) -> Self {
        self.doc.fields.push(RecordFieldDoc { name, luals: luals.to_owned(), doc, record: None });
        let list = luals.ends_with("[]");
        self.getters.push(Box::new(move |lua, value| {
            let value = get(value).into_lua(lua)?;
            // An empty list is still a list, to JSON for one.
            if let (true, Value::Table(table)) = (list, &value) {
                tag_list(lua, table)?;
            }
            Ok(value)
        }));
        self
    }

    /// A field that makes its Lua value itself.
    pub(super) fn getter(
        mut self,
        told: RecordFieldDoc,
        get: impl Fn(&Lua, &T) -> mlua::Result<Value> + 'static,
    ) -> Self {
        self.doc.fields.push(told);
        self.getters.push(Box::new(get));
        self
    }

    /// A record within the record, or nothing.
    pub fn record<U: 'static>(
        mut self,
        name: &'static str,
        record: Record<U>,
        doc: &'static str,
        get: impl Fn(&T) -> Option<&U> + 'static,
    ) -> Self {
        let luals = format!("{}?", record.doc.name);
        self.doc.fields.push(RecordFieldDoc { name, luals, doc, record: Some(record.doc.clone()) });
        self.getters.push(Box::new(move |lua, value| match get(value) {
            Some(inner) => Ok(Value::Table(record.table(lua, inner)?)),
            None => Ok(Value::Nil),
        }));
        self
    }

    /// Takes in the fields of another record, where there is one.
    pub fn include<U: 'static>(
        mut self,
        record: Record<U>,
        get: impl Fn(&T) -> Option<&U> + Clone + 'static,
    ) -> Self {
        for (field, inner) in record.doc.fields.iter().zip(record.getters) {
            let (name, luals, doc, record) =
                (field.name, field.luals.clone(), field.doc, field.record.clone());
            self.doc.fields.push(RecordFieldDoc { name, luals, doc, record });
            let get = get.clone();
            self.getters.push(Box::new(move |lua, value| match get(value) {
                Some(part) => inner(lua, part),
                None => Ok(Value::Nil),
            }));
        }
        self
    }

    /// An array of records within the record.
    pub fn list<U: 'static>(
        mut self,
        name: &'static str,
        record: Record<U>,
        doc: &'static str,
        get: impl Fn(&T) -> &[U] + 'static,
    ) -> Self {
        let luals = format!("{}[]", record.doc.name);
        self.doc.fields.push(RecordFieldDoc { name, luals, doc, record: Some(record.doc.clone()) });
        self.getters.push(Box::new(move |lua, value| Ok(Value::Table(record.list(lua, get(value))?))));
        self
    }

    /// A table of records by their names within the record.
    pub fn map<U: 'static>(
        mut self,
        name: &'static str,
        record: Record<U>,
        doc: &'static str,
        get: impl for<'a> Fn(&'a T) -> Vec<(&'a str, &'a U)> + 'static,
    ) -> Self {
        let luals = format!("table<string, {}>", record.doc.name);
        self.doc.fields.push(RecordFieldDoc { name, luals, doc, record: Some(record.doc.clone()) });
        self.getters.push(Box::new(move |lua, value| {
            let table = lua.create_table()?;
            for (key, inner) in get(value) {
                table.raw_set(key, record.table(lua, inner)?)?;
            }
            Ok(Value::Table(table))
        }));
        self
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
        Record { doc: Rc::new(self.doc), getters: self.getters, show: self.show, shown: self.shown }
    }
}

/// Texts made beforehand, by table; weak, so that they go with their tables.
fn shown_texts(lua: &Lua) -> mlua::Result<Table> {
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

fn show_list(list: &Table) -> mlua::Result<String> {
    let mut lines = Vec::new();
    for item in list.sequence_values::<Value>() {
        lines.push(item?.to_string()?);
    }
    Ok(if lines.is_empty() { "(none)".to_owned() } else { lines.join("\n") })
}

/// Gives a table the metatable of its kind: `__name`, and `__tostring` for `print`. One metatable a kind.
pub fn tag(lua: &Lua, table: &Table, name: &'static str, show: Option<Show>) -> mlua::Result<()> {
    if let Ok(meta) = lua.named_registry_value::<Table>(name) {
        return table.set_metatable(Some(meta));
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
    table.set_metatable(Some(meta))
}

/// Whether the table is a list that nsh made, even an empty one.
pub fn is_list(table: &Table) -> bool {
    let name = table.metatable().and_then(|meta| meta.raw_get::<Option<String>>("__name").ok().flatten());
    name.as_deref() == Some(LIST)
}
