//! Handles: Lua objects that own something running, with methods called with a colon.

use std::rc::{Rc, Weak};

use mlua::{AnyUserData, MetaMethod, MultiValue, Table, UserData, UserDataFields, UserDataMethods, Value};

use super::function::{FunctionDoc, MethodCall, once};
use super::{Cx, Failure, RecordFieldDoc, Wrong, did_you_mean, raise};
use crate::lua::lab::Lab;

/// What is told of a class.
#[derive(Debug)]
pub struct ClassDoc {
    /// Its LuaLS class, such as `nsh.Capture`.
    pub name: &'static str,
    pub doc: &'static str,
    pub methods: Vec<FunctionDoc>,
    /// Values that it has besides, as the library's do.
    pub fields: Vec<RecordFieldDoc>,
}

/// A handle's class: its methods, how it is closed, how it shows.
pub struct Class<T> {
    pub doc: Rc<ClassDoc>,
    methods: Vec<MethodCall<T>>,
    close: Option<fn(&T)>,
    running: Option<fn(&T) -> bool>,
    show: fn(&T) -> String,
}

/// A Rust value that scripts hold as a handle.
pub trait Handle: Sized + 'static {
    /// Its class; asked for once an interpreter.
    fn class() -> Class<Self>;
}

impl<T: Handle> Class<T> {
    pub fn new(name: &'static str, doc: &'static str, show: fn(&T) -> String) -> Self {
        Class {
            doc: Rc::new(ClassDoc { name, doc, methods: Vec::new(), fields: Vec::new() }),
            methods: Vec::new(),
            close: None,
            running: None,
            show,
        }
    }

    /// Ends what the handle owns; called by `<close>`, and at the script's end. Must be idempotent.
    pub fn close(mut self, close: fn(&T)) -> Self {
        self.close = Some(close);
        self
    }

    /// What the handle owns goes on while this is true, also when the script keeps no reference to the handle.
    pub fn runs(mut self, running: fn(&T) -> bool) -> Self {
        self.running = Some(running);
        self
    }

    pub(super) fn push(mut self, doc: FunctionDoc, call: MethodCall<T>) -> Self {
        if let Some(told) = Rc::get_mut(&mut self.doc) {
            told.methods.push(doc);
            self.methods.push(call);
        }
        self
    }
}

/// What the Lua userdata holds.
pub struct Object<T: Handle> {
    pub value: Rc<T>,
    class: Rc<Class<T>>,
    lab: Weak<Lab>,
}

/// The script has lost the handle; what runs is kept by the lab.
impl<T: Handle> Drop for Object<T> {
    fn drop(&mut self) {
        let (Some(running), Some(lab)) = (self.class.running, self.lab.upgrade()) else { return };
        let value = self.value.clone();
        lab.keep(move || running(&value));
    }
}

impl<T: Handle> UserData for Object<T> {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field_with(MetaMethod::Index.name(), |lua| method_table::<T>(lua));
        fields.add_meta_field_with(MetaMethod::Type.name(), |_| Ok(T::class().doc.name));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok((this.class.show)(&this.value)));
        methods.add_meta_method(MetaMethod::Close, |_, this, _: Value| {
            if let Some(close) = this.class.close {
                close(&this.value);
            }
            Ok(())
        });
    }
}

/// Makes the Lua object of a handle, and sees to its being closed when the script ends.
pub(super) fn object<T: Handle>(cx: &Cx<'_>, class: &Rc<Class<T>>, value: T) -> mlua::Result<AnyUserData> {
    let value = Rc::new(value);
    if let Some(close) = class.close {
        let weak = Rc::downgrade(&value);
        cx.lab.at_end(move || match weak.upgrade() {
            Some(value) => {
                close(&value);
                true
            }
            None => false,
        });
    }
    let lab = Rc::downgrade(cx.lab);
    cx.lua.create_userdata(Object { value, class: class.clone(), lab })
}

/// The methods of a class as Lua functions; an unknown one raises, with a did-you-mean.
fn method_table<T: Handle>(lua: &mlua::Lua) -> mlua::Result<Table> {
    let class = T::class();
    let name = class.doc.name;
    once(lua, name, || {
        let table = lua.create_table()?;
        let names: Vec<&'static str> = class.doc.methods.iter().map(|m| m.name).collect();
        for (told, call) in class.doc.methods.iter().zip(class.methods) {
            let method = told.name;
            let function = raise::raising(lua, move |lua, mut args: MultiValue| {
                let this = args.pop_front().unwrap_or(Value::Nil);
                let value = match &this {
                    Value::UserData(ud) => ud.borrow::<Object<T>>().ok().map(|o| o.value.clone()),
                    _ => None,
                };
                let op = format!("{}:{method}", short(name));
                let Some(value) = value else {
                    let text = format!("expected a {}, got {}", short(name), super::describe(&this));
                    return Err(raise::named(
                        Wrong::new(text).hint(format!("call it as handle:{method}(...)")),
                        op,
                    ));
                };
                let lab = Lab::of(lua)?;
                let cx = Cx { lua, lab: &lab, ns: lab.namespaces.host() };
                call(&cx, &value, args).map_err(|failure| raise::named(failure, op))
            })?;
            table.raw_set(method, function)?;
        }
        let meta = lua.create_table()?;
        let unknown =
            raise::raising(lua, move |_, (_, key): (Value, Value)| -> Result<MultiValue, Failure> {
                let key = key.to_string().unwrap_or_default();
                let wrong = match did_you_mean(&key, names.iter().copied()) {
                    Some(near) => Wrong::new(format!("no method {key:?}; did you mean {near:?}?")),
                    None => Wrong::new(format!("no method {key:?}"))
                        .hint(format!("the methods are {}", names.join(", "))),
                };
                Err(raise::named(wrong, short(name).to_owned()))
            })?;
        meta.raw_set("__index", unknown)?;
        table.set_metatable(Some(meta))?;
        Ok(table)
    })
}

/// `nsh.Capture` is a `Capture` to the user.
fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
