//! Functions that also take a list: many objects made by one call.

use mlua::{MultiValue, Table, Value};

use super::function::{Call, Function, FunctionDoc};
use super::{Cx, Failure, Wrong, describe};
use crate::base::error::Kind;

/// A function that makes one object, called for each of a list.
struct Listed {
    one: Box<dyn Call>,
    /// The parameter in front of the options, which stands among them in a list.
    key: Option<&'static str>,
}

impl Function {
    /// Has it take a list of tables too, each with the options and, as `key`, the parameter in front of them. Each call
    /// must send one request that makes something: all are made, or none.
    pub fn listed(self, key: Option<&'static str>) -> Self {
        let doc = FunctionDoc { listed: Some(key), ..self.doc };
        Function { doc, typed: Box::new(Listed { one: self.typed, key }) }
    }
}

impl FunctionDoc {
    /// What a list that it takes consists of, as a sentence.
    pub fn list(&self) -> Option<String> {
        let of = match self.listed? {
            Some(key) => format!("each with `{key}` and the options"),
            None => "each with the options".to_owned(),
        };
        Some(format!("Takes a list of tables too, {of}: makes all of them, or none."))
    }
}

impl Listed {
    /// The list, if the call has one. Options alone have names; an empty table beside none is a list of nothing.
    fn list<'a>(&self, args: &'a MultiValue) -> Option<&'a Table> {
        let table = args.front().filter(|_| args.len() == 1)?.as_table()?;
        (table.raw_len() > 0 || (self.key.is_some() && table.is_empty())).then_some(table)
    }

    /// The arguments of the call for one of the list.
    fn args(&self, cx: &Cx<'_>, item: &Value) -> Result<MultiValue, Failure> {
        let Value::Table(item) = item else {
            return Err(Wrong::new(format!("expected a table, got {}", describe(item))).into());
        };
        let Some(key) = self.key else { return Ok(MultiValue::from_iter([Value::Table(item.clone())])) };
        let (first, options) = (item.raw_get::<Value>(key)?, cx.lua.create_table()?);
        for pair in item.pairs::<Value, Value>() {
            let (name, value) = pair?;
            if name.as_string().is_none_or(|name| name.as_bytes() != key.as_bytes()) {
                options.raw_set(name, value)?;
            }
        }
        Ok(MultiValue::from_iter([first, Value::Table(options)]))
    }

    fn make(&self, cx: &Cx<'_>, item: &Value) -> Result<(), Failure> {
        self.one.call(cx, self.args(cx, item)?).map(drop)
    }

    /// Which one of the list it was.
    fn named(&self, index: usize, item: &Value, failure: Failure) -> Failure {
        let key = self.key.zip(item.as_table()).and_then(|(key, item)| item.raw_get::<Value>(key).ok());
        let name = match key.as_ref().and_then(Value::as_string) {
            Some(name) => format!("[{}] {}", index + 1, name.to_string_lossy()),
            None => format!("[{}]", index + 1),
        };
        match failure {
            Failure::User(e) if e.kind() == Kind::Argument => Wrong::from(e).within(&name).into(),
            Failure::User(e) => Failure::User(e.on(name)),
            lua => lua,
        }
    }
}

impl Call for Listed {
    fn decode(&self, cx: &Cx<'_>, args: MultiValue) -> Result<(), Wrong> {
        self.one.decode(cx, args)
    }

    fn call(&self, cx: &Cx<'_>, args: MultiValue) -> Result<MultiValue, Failure> {
        let Some(list) = self.list(&args) else { return self.one.call(cx, args) };
        let items = list.sequence_values().collect::<mlua::Result<Vec<Value>>>()?;
        cx.ns.together(items.len(), &mut |index| self.make(cx, &items[index])).map_err(
            |(index, failure)| self.named(index, items.get(index).unwrap_or(&Value::Nil), failure),
        )?;
        Ok(MultiValue::new())
    }
}
