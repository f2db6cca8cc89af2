//! Functions: typed parameters in, a typed return out, and what is told of both.

use std::rc::Rc;

use mlua::{IntoLua, IntoLuaMulti, Lua, MultiValue, Value};

use super::class::{self, Class, ClassDoc, Handle};
use super::record::{Record, RecordDoc};
use super::{Cx, Failure, NAMESPACE, Shape, ShapeDoc, Type, Wrong};

/// What is told of a parameter.
#[derive(Clone, Debug)]
pub struct ParamDoc {
    pub name: &'static str,
    pub luals: String,
    pub expected: String,
    pub optional: bool,
    pub doc: &'static str,
    pub shape: Option<Rc<ShapeDoc>>,
}

/// What is told of a return value.
#[derive(Clone, Debug)]
pub struct ReturnDoc {
    pub luals: String,
    pub doc: &'static str,
    pub record: Option<Rc<RecordDoc>>,
    pub class: Option<Rc<ClassDoc>>,
}

/// What is told of a function or method.
#[derive(Clone, Debug)]
pub struct FunctionDoc {
    /// With its module: `link.add`. A method's is its bare name.
    pub name: &'static str,
    pub doc: &'static str,
    pub params: Vec<ParamDoc>,
    /// `None`: it returns nothing.
    pub returns: Option<ReturnDoc>,
    /// The command that does the same, such as `ip link add NAME type KIND`.
    pub command: Option<&'static str>,
    /// It takes a list too, whose tables have this parameter, if any, beside the options; see [`super::listed`].
    pub listed: Option<Option<&'static str>>,
    /// Runs as it stands in a fresh lab.
    pub example: &'static str,
}

/// A function of a module.
pub struct Function {
    pub doc: FunctionDoc,
    pub(super) typed: Box<dyn Call>,
}

pub(super) trait Call {
    fn decode(&self, cx: &Cx<'_>, args: MultiValue) -> Result<(), Wrong>;
    fn call(&self, cx: &Cx<'_>, args: MultiValue) -> Result<MultiValue, Failure>;
}

struct Typed<A, R, F> {
    params: A,
    encode: Encode<R>,
    call: F,
}

impl<A: Args, R, F: Fn(&Cx<'_>, A::Values) -> Result<R, Failure>> Call for Typed<A, R, F> {
    fn decode(&self, cx: &Cx<'_>, args: MultiValue) -> Result<(), Wrong> {
        self.params.decode(cx, args).map(drop)
    }

    fn call(&self, cx: &Cx<'_>, args: MultiValue) -> Result<MultiValue, Failure> {
        let values = self.params.decode(cx, args)?;
        Ok((self.encode)(cx, (self.call)(cx, values)?)?)
    }
}

/// What a function returns or raises.
type Returned = Result<MultiValue, Failure>;

struct Then<F> {
    typed: Box<dyn Call>,
    then: F,
}

impl<F: Fn(&Cx<'_>, Returned) -> Returned> Call for Then<F> {
    fn decode(&self, cx: &Cx<'_>, args: MultiValue) -> Result<(), Wrong> {
        self.typed.decode(cx, args)
    }

    fn call(&self, cx: &Cx<'_>, args: MultiValue) -> Returned {
        (self.then)(cx, self.typed.call(cx, args))
    }
}

impl Function {
    /// `name` with its module, such as `link.add`; `call` gets the decoded parameters.
    pub fn new<A: Args + 'static, R: 'static>(
        name: &'static str,
        params: A,
        returns: Return<R>,
        call: impl Fn(&Cx<'_>, A::Values) -> Result<R, Failure> + 'static,
    ) -> Self {
        let doc = FunctionDoc {
            name,
            doc: "",
            params: params.docs(),
            returns: returns.doc,
            command: None,
            listed: None,
            example: "",
        };
        Function { doc, typed: Box::new(Typed { params, encode: returns.encode, call }) }
    }

    pub fn call(&self, cx: &Cx<'_>, args: MultiValue) -> Returned {
        self.typed.call(cx, args)
    }

    /// Has `then` look at what comes of each call.
    pub fn then(self, then: impl Fn(&Cx<'_>, Returned) -> Returned + 'static) -> Self {
        Function { doc: self.doc, typed: Box::new(Then { typed: self.typed, then }) }
    }

    /// Reads the arguments and does nothing with them.
    pub fn decode(&self, cx: &Cx<'_>, args: MultiValue) -> Result<(), Wrong> {
        self.typed.decode(cx, args)
    }

    /// What it does, units, and the errors it raises.
    pub fn doc(mut self, doc: &'static str) -> Self {
        self.doc.doc = doc;
        self
    }

    /// The command that does the same.
    pub fn command(mut self, command: &'static str) -> Self {
        self.doc.command = Some(command);
        self
    }
}

type Take<V> = Box<dyn Fn(&Cx<'_>, &Value) -> Result<V, Wrong>>;

/// A typed parameter; made by [`param`] and [`opts`].
pub struct Param<V> {
    doc: ParamDoc,
    take: Take<V>,
}

/// A positional parameter that must be given.
pub fn param<V: 'static>(name: &'static str, ty: Type<V>, doc: &'static str) -> Param<V> {
    Param {
        doc: ParamDoc {
            name,
            luals: ty.luals.clone(),
            expected: ty.expected.clone(),
            optional: false,
            doc,
            shape: ty.shape.clone(),
        },
        take: Box::new(move |cx, value| ty.decode(cx, value)),
    }
}

/// The options table; left out, it is as good as empty (unless an option is required).
pub fn opts<T: Default + 'static>(shape: Shape<T>) -> Param<T> {
    let required = shape.doc().fields.iter().any(|f| f.required);
    let mut p = param("opts", Type::from(shape), "options");
    p.doc.optional = !required;
    let take = p.take;
    p.take = Box::new(move |cx, value| match value {
        Value::Nil if !required => Ok(T::default()),
        value => take(cx, value),
    });
    p
}

impl<V: 'static> Param<V> {
    /// What the parameter says, or a value of another type.
    pub fn or(self, other: Type<V>) -> Param<V> {
        let luals = format!("{}|{}", self.doc.luals, other.luals);
        let expected = format!("{} or {}", self.doc.expected, other.expected);
        let (take, expects) = (self.take, expected.clone());
        Param {
            doc: ParamDoc { luals, expected, ..self.doc },
            take: Box::new(move |cx, value| match value {
                // Of a table the first type says best what is wrong.
                Value::Nil | Value::Table(_) => take(cx, value),
                value => other.clone().called(expects.clone()).decode(cx, value),
            }),
        }
    }

    /// Has it told under another name.
    pub fn named(mut self, name: &'static str, doc: &'static str) -> Param<V> {
        (self.doc.name, self.doc.doc) = (name, doc);
        self
    }

    /// May be left out, or nil.
    pub fn optional(self) -> Param<Option<V>> {
        let take = self.take;
        Param {
            doc: ParamDoc { optional: true, ..self.doc },
            take: Box::new(move |cx, value| match value {
                Value::Nil => Ok(None),
                value => take(cx, value).map(Some),
            }),
        }
    }
}

/// A function's parameters: a tuple of [`Param`].
pub trait Args {
    type Values;
    fn docs(&self) -> Vec<ParamDoc>;
    fn decode(&self, cx: &Cx<'_>, args: MultiValue) -> Result<Self::Values, Wrong>;
}

/// `ns1:ping("10.0.0.1")`: the namespace, or the module, comes as the first argument.
fn called_with_colon(cx: &Cx<'_>, args: &MultiValue) -> bool {
    match args.front() {
        Some(Value::UserData(ud)) => {
            ud.type_name().is_ok_and(|name| name == NAMESPACE)
                && args.front().and_then(|ud| ud.to_string().ok()).as_deref() == Some(cx.ns.name())
        }
        // `link:list()`: the module's own table comes first.
        Some(Value::Table(table)) => {
            let meta = table.metatable();
            let name = meta.and_then(|m| m.raw_get::<Option<String>>("__name").ok().flatten());
            name.is_some_and(|name| name.starts_with("module "))
        }
        _ => false,
    }
}

fn colon() -> Wrong {
    Wrong::new("functions of modules and namespaces are called with a dot, not a colon")
        .hint("ns1.link.list(), not ns1.link:list(); ns1.ping(...), not ns1:ping(...)")
}

fn check_count(cx: &Cx<'_>, args: &MultiValue, most: usize) -> Result<(), Wrong> {
    if args.len() > most && called_with_colon(cx, args) {
        return Err(colon());
    }
    match args.len() {
        given if given <= most => Ok(()),
        given if most == 0 => Err(Wrong::new(format!("expected no arguments, got {given}"))),
        given => Err(Wrong::new(format!(
            "expected at most {most} argument{}, got {given}",
            if most == 1 { "" } else { "s" }
        ))),
    }
}

macro_rules! args {
    ($count:expr; $($letter:ident $index:tt),*) => {
        impl<$($letter: 'static),*> Args for ($(Param<$letter>,)*) {
            type Values = ($($letter,)*);

            fn docs(&self) -> Vec<ParamDoc> {
                vec![$(self.$index.doc.clone()),*]
            }

            fn decode(&self, cx: &Cx<'_>, args: MultiValue) -> Result<Self::Values, Wrong> {
                check_count(cx, &args, $count)?;
                // On the host's own, a namespace may well come first: check.reachable(host, ...).
                #[allow(unused_variables)]
                let mistaken = called_with_colon(cx, &args)
                    && (!cx.ns.is_host() || matches!(args.front(), Some(Value::Table(_))));
                #[allow(unused_mut, unused_variables)]
                let mut args = args.into_iter();
                Ok(($({
                    let value = args.next().unwrap_or(Value::Nil);
                    (self.$index.take)(cx, &value).map_err(|w| match mistaken {
                        true => colon(),
                        false => w.within(self.$index.doc.name),
                    })?
                },)*))
            }
        }
    };
}

args!(0;);
args!(1; A 0);
args!(2; A 0, B 1);
args!(3; A 0, B 1, C 2);
args!(4; A 0, B 1, C 2, D 3);

/// As two parameters, but what follows them is let go: `check(text:find("x"))` passes all that `find` returns.
pub struct AndMore<A, B>(pub Param<A>, pub Param<B>);

impl<A: 'static, B: 'static> Args for AndMore<A, B> {
    type Values = (A, B);

    fn docs(&self) -> Vec<ParamDoc> {
        vec![self.0.doc.clone(), self.1.doc.clone()]
    }

    fn decode(&self, cx: &Cx<'_>, args: MultiValue) -> Result<Self::Values, Wrong> {
        let mut args = args.into_iter();
        let first =
            (self.0.take)(cx, &args.next().unwrap_or(Value::Nil)).map_err(|w| w.within(self.0.doc.name))?;
        let second =
            (self.1.take)(cx, &args.next().unwrap_or(Value::Nil)).map_err(|w| w.within(self.1.doc.name))?;
        Ok((first, second))
    }
}

/// As the parameters within, but the options in front of the last one, a function, may be left out:
/// `test("name", fn)` and `test("name", { timeout = 1 }, fn)`.
pub struct BodyLast<A>(pub A);

impl<A: Args> Args for BodyLast<A> {
    type Values = A::Values;

    fn docs(&self) -> Vec<ParamDoc> {
        self.0.docs()
    }

    fn decode(&self, cx: &Cx<'_>, mut args: MultiValue) -> Result<Self::Values, Wrong> {
        let options = self.docs().len() - 2;
        if args.len() == options + 1 && args.back().is_some_and(Value::is_function) {
            let body = args.pop_back().unwrap_or(Value::Nil);
            args.extend([Value::Nil, body]);
        }
        self.0.decode(cx, args)
    }
}

/// One parameter, and then whatever else is given, as it is.
pub struct Rest<A>(pub Param<A>, pub &'static str);

impl<A: 'static> Args for Rest<A> {
    type Values = (A, MultiValue);

    fn docs(&self) -> Vec<ParamDoc> {
        let rest = ParamDoc {
            name: "...",
            luals: "any".to_owned(),
            expected: "anything".to_owned(),
            optional: false,
            doc: self.1,
            shape: None,
        };
        vec![self.0.doc.clone(), rest]
    }

    fn decode(&self, cx: &Cx<'_>, mut args: MultiValue) -> Result<Self::Values, Wrong> {
        let first = args.pop_front().unwrap_or(Value::Nil);
        let first = (self.0.take)(cx, &first).map_err(|w| w.within(self.0.doc.name))?;
        Ok((first, args))
    }
}

type Encode<R> = Box<dyn Fn(&Cx<'_>, R) -> mlua::Result<MultiValue>>;

/// What a function returns, and how it becomes a Lua value.
pub struct Return<R> {
    doc: Option<ReturnDoc>,
    encode: Encode<R>,
}

impl<R: 'static> Return<R> {
    pub(super) fn parts(self) -> (Option<ReturnDoc>, Encode<R>) {
        (self.doc, self.encode)
    }
}

/// The ready kinds of returns.
pub mod ret {
    use super::*;

    /// What `encode` makes of it; `luals` in LuaLS's notation.
    pub fn one<R>(
        luals: impl Into<String>,
        doc: &'static str,
        encode: impl Fn(&Cx<'_>, R) -> mlua::Result<Value> + 'static,
    ) -> Return<R> {
        Return {
            doc: Some(ReturnDoc { luals: luals.into(), doc, record: None, class: None }),
            encode: Box::new(move |cx, value| encode(cx, value)?.into_lua_multi(cx.lua)),
        }
    }

    /// Nothing.
    pub fn nothing() -> Return<()> {
        Return { doc: None, encode: Box::new(|_, ()| Ok(MultiValue::new())) }
    }

    /// A plain value; `luals` in LuaLS's notation.
    pub fn value<R: IntoLua + 'static>(luals: &str, doc: &'static str) -> Return<R> {
        one(luals, doc, |cx, value: R| value.into_lua(cx.lua))
    }

    /// Several values, such as an iterator's; `luals` in LuaLS's notation.
    pub fn values<R: IntoLuaMulti + 'static>(luals: &str, doc: &'static str) -> Return<R> {
        Return {
            doc: Some(ReturnDoc { luals: luals.into(), doc, record: None, class: None }),
            encode: Box::new(|cx, value: R| value.into_lua_multi(cx.lua)),
        }
    }

    /// A record.
    pub fn record<T: 'static>(record: Record<T>, doc: &'static str) -> Return<T> {
        let told = record.doc.clone();
        let mut r = one(record.doc.name, doc, move |cx, v: T| record.table(cx.lua, &v).map(Value::Table));
        if let Some(doc) = &mut r.doc {
            doc.record = Some(told);
        }
        r
    }

    /// A record, or nil.
    pub fn optional<T: 'static>(record: Record<T>, doc: &'static str) -> Return<Option<T>> {
        let told = record.doc.clone();
        let mut r = one(format!("{}?", told.name), doc, move |cx, v: Option<T>| match v {
            Some(v) => record.table(cx.lua, &v).map(Value::Table),
            None => Ok(Value::Nil),
        });
        if let Some(doc) = &mut r.doc {
            doc.record = Some(told);
        }
        r
    }

    /// An array of records.
    pub fn list<T: 'static>(record: Record<T>, doc: &'static str) -> Return<Vec<T>> {
        let told = record.doc.clone();
        let mut r = one(format!("{}[]", told.name), doc, move |cx, v: Vec<T>| {
            record.list(cx.lua, &v).map(Value::Table)
        });
        if let Some(doc) = &mut r.doc {
            doc.record = Some(told);
        }
        r
    }

    /// A handle that owns something running; closed at the script's end in any case.
    pub fn handle<T: Handle>(doc: &'static str) -> Return<T> {
        let class = Rc::new(T::class());
        let told = class.doc.clone();
        let name = told.name;
        let mut r = one(name, doc, move |cx, v: T| class::object(cx, &class, v).map(Value::UserData));
        if let Some(doc) = &mut r.doc {
            doc.class = Some(told);
        }
        r
    }
}

/// A bare Lua function for a class's method table; see [`class`].
pub(super) type MethodCall<T> = Box<dyn Fn(&Cx<'_>, &Rc<T>, MultiValue) -> Result<MultiValue, Failure>>;

impl<T: Handle> Class<T> {
    /// A method; `call` gets the handle and the decoded parameters.
    pub fn method<A: Args + 'static, R: 'static>(
        self,
        doc: MethodDoc,
        params: A,
        returns: Return<R>,
        call: impl Fn(&Cx<'_>, &Rc<T>, A::Values) -> Result<R, Failure> + 'static,
    ) -> Self {
        let (told, encode) = returns.parts();
        let doc = FunctionDoc {
            name: doc.0,
            doc: doc.1,
            params: params.docs(),
            returns: told,
            command: None,
            listed: None,
            example: "",
        };
        self.push(
            doc,
            Box::new(move |cx, this, args| {
                let values = params.decode(cx, args)?;
                Ok(encode(cx, call(cx, this, values)?)?)
            }),
        )
    }
}

/// A method's name and doc.
pub struct MethodDoc(pub &'static str, pub &'static str);

/// Makes a table once an interpreter, and keeps it in Lua's registry under `key`.
pub(super) fn once(
    lua: &Lua,
    key: &'static str,
    make: impl FnOnce() -> mlua::Result<mlua::Table>,
) -> mlua::Result<mlua::Table> {
    if let Ok(table) = lua.named_registry_value::<mlua::Table>(key) {
        return Ok(table);
    }
    let table = make()?;
    lua.set_named_registry_value(key, &table)?;
    Ok(table)
}
