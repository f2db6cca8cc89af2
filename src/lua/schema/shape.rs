//! The shape of an options table.

use std::rc::Rc;

use mlua::Value;

use super::ty::No;
use super::{Cx, Type, Wrong, did_you_mean};

/// What is told of an options table.
#[derive(Debug)]
pub struct ShapeDoc {
    /// Its LuaLS class, such as `nsh.link.AddOptions`.
    pub name: &'static str,
    pub fields: Vec<FieldDoc>,
}

/// What is told of one option.
#[derive(Clone, Debug)]
pub struct FieldDoc {
    pub name: &'static str,
    pub luals: String,
    pub expected: String,
    pub required: bool,
    pub doc: &'static str,
    pub shape: Option<Rc<ShapeDoc>>,
}

/// What other tools and modules call the same thing.
const SYNONYMS: &[(&str, &str)] = &[
    ("src", "source"),
    ("dst", "dest"),
    ("source", "src"),
    ("dest", "dst"),
    ("destination", "dest"),
    ("gateway", "via"),
    ("gw", "via"),
    ("nexthop", "via"),
    ("device", "dev"),
    ("interface", "dev"),
    ("link", "dev"),
    ("oif", "out"),
    ("namespace", "ns"),
    ("netns", "ns"),
    ("address", "addr"),
    ("addrs", "addr"),
    ("mac", "lladdr"),
    ("lladdr", "mac"),
    ("port", "dport"),
    ("type", "kind"),
    ("kind", "type"),
    ("bridge", "master"),
    ("packets", "count"),
    ("count", "received"),
    ("count", "requests"),
    ("count", "connections"),
    ("count", "datagrams"),
];

pub(super) type Setter<T> = Rc<dyn Fn(&Cx<'_>, &mut T, &Value) -> Result<(), Wrong>>;

/// An options table that fills a `T`.
pub struct Shape<T> {
    name: &'static str,
    fields: Vec<(FieldDoc, Setter<T>)>,
}

impl<T: Default + 'static> Shape<T> {
    pub fn new(name: &'static str) -> Self {
        Shape { name, fields: Vec::new() }
    }

    /// An option, with the setter that puts it in its place.
    pub fn field<V: 'static>(
        self,
        name: &'static str,
        ty: Type<V>,
        doc: &'static str,
        set: impl Fn(&mut T, V) + 'static,
    ) -> Self {
        self.push(name, ty, doc, false, set)
    }

    /// An option that must be given.
    pub fn required<V: 'static>(
        self,
        name: &'static str,
        ty: Type<V>,
        doc: &'static str,
        set: impl Fn(&mut T, V) + 'static,
    ) -> Self {
        self.push(name, ty, doc, true, set)
    }

    fn push<V: 'static>(
        mut self,
        name: &'static str,
        ty: Type<V>,
        doc: &'static str,
        required: bool,
        set: impl Fn(&mut T, V) + 'static,
    ) -> Self {
        let told = FieldDoc {
            name,
            luals: ty.luals.clone(),
            expected: ty.expected.clone(),
            required,
            doc,
            shape: ty.shape.clone(),
        };
        self.fields.push((
            told,
            Rc::new(move |cx, target, value| {
                set(target, ty.decode(cx, value)?);
                Ok(())
            }),
        ));
        self
    }

    /// An option that decodes itself.
    pub(super) fn setter(mut self, told: FieldDoc, set: Setter<T>) -> Self {
        self.fields.push((told, set));
        self
    }

    /// Makes an option one that must be given, the first.
    pub fn requiring(mut self, name: &str) -> Self {
        if let Some(at) = self.fields.iter().position(|(told, _)| told.name == name) {
            self.fields[..=at].rotate_right(1);
            self.fields[0].0.required = true;
        }
        self
    }

    /// Takes in the options of another shape, which fill a part of `T`.
    pub fn include<U: Default + 'static>(
        mut self,
        other: Shape<U>,
        part: impl Fn(&mut T) -> &mut U + Clone + 'static,
    ) -> Self {
        for (told, set) in other.fields {
            let part = part.clone();
            self.fields.push((told, Rc::new(move |cx, target, value| set(cx, part(target), value))));
        }
        self
    }

    pub fn doc(&self) -> Rc<ShapeDoc> {
        Rc::new(ShapeDoc {
            name: self.name,
            fields: self.fields.iter().map(|(told, _)| told.clone()).collect(),
        })
    }

    /// The names of its options.
    pub fn names(&self) -> Vec<&'static str> {
        self.fields.iter().map(|(told, _)| told.name).collect()
    }

    fn fill(&self, cx: &Cx<'_>, table: &mlua::Table) -> Result<T, Wrong> {
        let mut out = T::default();
        let mut given = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair.map_err(|e| Wrong::new(e.to_string()))?;
            let Value::String(key) = &key else {
                return Err(Wrong::new(format!(
                    "expected options by name, such as {{ {} = ... }}, got the key {}",
                    self.fields.first().map_or("name", |(f, _)| f.name),
                    super::describe(&key)
                )));
            };
            let key = key.to_string_lossy();
            let Some((told, set)) = self.fields.iter().find(|(f, _)| f.name == key) else {
                return Err(self.unknown(&key));
            };
            set(cx, &mut out, &value).map_err(|w| w.within(told.name))?;
            given.push(told.name);
        }
        match self.fields.iter().find(|(f, _)| f.required && !given.contains(&f.name)) {
            Some((f, _)) => Err(Wrong::new(format!("the option {:?} is missing ({})", f.name, f.expected))),
            None => Ok(out),
        }
    }

    fn unknown(&self, key: &str) -> Wrong {
        let names = || self.fields.iter().map(|(f, _)| f.name);
        let meant = SYNONYMS.iter().find(|(other, ours)| *other == key && names().any(|n| n == *ours));
        if let Some((_, ours)) = meant {
            return Wrong::new(format!("unknown option {key:?}; did you mean {ours:?}?"));
        }
        let within = self
            .fields
            .iter()
            .find(|(f, _)| f.shape.as_ref().is_some_and(|s| s.fields.iter().any(|inner| inner.name == key)));
        match did_you_mean(key, names()) {
            None if within.is_some() => {
                let outer = within.map_or("", |(f, _)| f.name);
                Wrong::new(format!(
                    "unknown option {key:?}; it goes into another: {outer} = {{ {key} = ... }}"
                ))
            }
            Some(near) => Wrong::new(format!("unknown option {key:?}; did you mean {near:?}?")),
            None => Wrong::new(format!("unknown option {key:?}"))
                .hint(format!("the options are {}", names().collect::<Vec<_>>().join(", "))),
        }
    }
}

impl<T: Default + 'static> From<Shape<T>> for Type<T> {
    fn from(shape: Shape<T>) -> Self {
        let doc = shape.doc();
        let mut ty = Type::new(shape.name, "a table of options", move |cx, v| match v {
            Value::Table(table) => shape.fill(cx, table).map_err(No::Wrong),
            _ => Err(No::Other),
        });
        ty.shape = Some(doc);
        ty
    }
}
