//! Values become Lua's: many tables in one call of the interpreter.
//!
//! Each call by which Rust makes a value of Lua's is protected on its own, since any of them can run out of memory: that
//! takes longer than making the value. Here the values of many records are written down first ([`Values`]); one
//! protected call then makes all of their tables, of the right size, with keys and metatables that are kept.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_int;

use mlua::{FromLua, Lua, Table, ffi};

use super::record::{LIST, Show, metatable, show_list, shown_texts};
use crate::model::{Item, Values};

/// What numbers stand for: from 1 on, as in the arrays of Lua.
struct Numbers<T> {
    all: Vec<(&'static str, T)>,
    numbers: HashMap<&'static str, u32>,
}

thread_local! {
    /// The names of fields.
    static KEYS: RefCell<Numbers<()>> = RefCell::default();
    /// The kinds of records that were ever written.
    static KINDS: RefCell<Numbers<Option<Show>>> = RefCell::default();
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Numbers { all: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T> Numbers<T> {
    fn number(&mut self, name: &'static str, more: T) -> u32 {
        *self.numbers.entry(name).or_insert_with(|| {
            self.all.push((name, more));
            self.all.len() as u32
        })
    }
}

/// The number that stands for a field's name.
pub fn key(name: &'static str) -> u32 {
    KEYS.with_borrow_mut(|keys| keys.number(name, ()))
}

/// The number that stands for a kind of record.
pub fn kind(name: &'static str, show: Option<Show>) -> u32 {
    KINDS.with_borrow_mut(|kinds| kinds.number(name, show))
}

/// What an interpreter keeps for the numbers.
struct Kept {
    keys: Table,
    metatables: Table,
    /// [`shown_texts`].
    texts: Table,
    known: Cell<(usize, usize)>,
}

/// The places of the kept tables on the stack.
const KEYS_AT: c_int = 1;
const METATABLES_AT: c_int = 2;
const TEXTS_AT: c_int = 3;
/// The metatable of lists, in front of those of the kinds.
const LIST_AT: ffi::lua_Integer = 0;

impl Kept {
    fn new(lua: &Lua) -> mlua::Result<Self> {
        let metatables = lua.create_table()?;
        metatables.raw_set(LIST_AT, metatable(lua, LIST, Some(show_list))?)?;
        let texts = shown_texts(lua)?;
        Ok(Kept { keys: lua.create_table()?, metatables, texts, known: Cell::default() })
    }

    /// Adds what was numbered meanwhile.
    fn learn(&self, lua: &Lua) -> mlua::Result<()> {
        let (keys, kinds) = self.known.get();
        let keys = KEYS.with_borrow(|numbers| {
            numbers.all[keys..].iter().try_for_each(|(name, ())| self.keys.raw_push(*name))?;
            mlua::Result::Ok(numbers.all.len())
        })?;
        let kinds = KINDS.with_borrow(|numbers| {
            for (name, show) in &numbers.all[kinds..] {
                self.metatables.raw_push(metatable(lua, name, *show)?)?;
            }
            mlua::Result::Ok(numbers.all.len())
        })?;
        self.known.set((keys, kinds));
        Ok(())
    }
}

/// Makes the value that `values` holds.
pub fn push<R: FromLua>(lua: &Lua, values: &Values) -> mlua::Result<R> {
    let mut written = Written { items: values.items(), text: values.text() };
    with_kept(lua, |kept| {
        let tables = (&kept.keys, &kept.metatables, &kept.texts);
        // SAFETY: the closure works on its own frame, whose stack has room for `DEPTH` more values, and what it leaves
        // above the three tables is its result. Lua leaves it by longjmp when memory runs out: nothing in it or in
        // `Written` needs to be dropped.
        unsafe {
            lua.exec_raw::<R>(tables, |state| {
                ffi::luaL_checkstack(state, DEPTH, c"records".as_ptr());
                written.value(state);
                ffi::lua_replace(state, KEYS_AT);
                ffi::lua_settop(state, KEYS_AT);
            })
        }
    })
}

/// Appends the records that `values` holds to a list that has `count` already.
pub fn append(lua: &Lua, list: &Table, count: usize, values: &Values) -> mlua::Result<()> {
    let mut written = Written { items: values.items(), text: values.text() };
    with_kept(lua, |kept| {
        let tables = (&kept.keys, &kept.metatables, &kept.texts, list);
        // SAFETY: as in `push`; the list is the fourth value on the stack.
        unsafe {
            lua.exec_raw::<()>(tables, |state| {
                ffi::luaL_checkstack(state, DEPTH, c"records".as_ptr());
                let mut at = count as ffi::lua_Integer;
                while !written.items.is_empty() {
                    at += 1;
                    written.value(state);
                    ffi::lua_rawseti(state, TEXTS_AT + 1, at);
                }
                ffi::lua_settop(state, 0);
            })
        }
    })
}

fn with_kept<R>(lua: &Lua, f: impl FnOnce(&Kept) -> mlua::Result<R>) -> mlua::Result<R> {
    if lua.app_data_ref::<Kept>().is_none() {
        lua.set_app_data(Kept::new(lua)?);
    }
    match lua.app_data_ref::<Kept>() {
        Some(kept) => {
            kept.learn(lua)?;
            f(&kept)
        }
        None => Err(mlua::Error::runtime("no tables of records")),
    }
}

/// A table within a table takes two or three places of the stack; records are nested seven deep at most.
const DEPTH: c_int = 64;

/// What is still to be made.
#[derive(Clone, Copy)]
struct Written<'a> {
    items: &'a [Item],
    text: &'a [u8],
}

impl Written<'_> {
    fn next(&mut self) -> Option<Item> {
        let (item, rest) = self.items.split_first()?;
        self.items = rest;
        Some(*item)
    }

    /// Pushes the next value.
    ///
    /// # Safety
    ///
    /// In a protected call with the kept tables in their places; the stack has room for the value.
    unsafe fn value(&mut self, state: *mut ffi::lua_State) {
        // SAFETY: all of them push one value, or take as many from the stack as they were given; `text` is valid for its
        // length.
        unsafe {
            match self.next() {
                None | Some(Item::Field(_)) => ffi::lua_pushnil(state),
                Some(Item::Bool(value)) => ffi::lua_pushboolean(state, value.into()),
                Some(Item::Int(value)) => ffi::lua_pushinteger(state, value),
                Some(Item::Number(value)) => ffi::lua_pushnumber(state, value),
                Some(Item::Text(length)) => {
                    let (text, rest) = self.text.split_at_checked(length as usize).unwrap_or_default();
                    self.text = rest;
                    ffi::lua_pushlstring(state, text.as_ptr().cast(), text.len());
                }
                Some(Item::List(count)) => self.list(state, count),
                Some(Item::Map(count)) => {
                    ffi::lua_createtable(state, 0, count as c_int);
                    for _ in 0..count {
                        self.value(state);
                        self.value(state);
                        ffi::lua_rawset(state, -3);
                    }
                }
                Some(Item::Record { kind, fields }) => self.record(state, kind, fields),
                Some(Item::Shown) => {
                    self.value(state);
                    self.value(state);
                    // The texts' key is the table, which stays.
                    ffi::lua_pushvalue(state, -1);
                    ffi::lua_rotate(state, -3, -1);
                    ffi::lua_rawset(state, TEXTS_AT);
                }
            }
        }
    }

    /// # Safety
    ///
    /// As [`Written::value`].
    unsafe fn list(&mut self, state: *mut ffi::lua_State, count: u32) {
        // SAFETY: the same; the list stays below its values.
        unsafe {
            ffi::lua_createtable(state, count as c_int, 0);
            for at in 1..=count {
                self.value(state);
                ffi::lua_rawseti(state, -2, at.into());
            }
            ffi::lua_rawgeti(state, METATABLES_AT, LIST_AT);
            ffi::lua_setmetatable(state, -2);
        }
    }

    /// # Safety
    ///
    /// As [`Written::value`].
    unsafe fn record(&mut self, state: *mut ffi::lua_State, kind: u32, fields: u32) {
        // SAFETY: the same; the record stays below its keys and values, of which none is nil.
        unsafe {
            ffi::lua_createtable(state, 0, fields as c_int);
            for _ in 0..fields {
                if let Some(Item::Field(key)) = self.next() {
                    ffi::lua_rawgeti(state, KEYS_AT, key.into());
                    self.value(state);
                    ffi::lua_rawset(state, -3);
                }
            }
            ffi::lua_rawgeti(state, METATABLES_AT, kind.into());
            ffi::lua_setmetatable(state, -2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Builder, Record, is_list};
    use super::*;

    struct Sample {
        name: &'static str,
        ports: Vec<u16>,
        inner: Option<Box<Sample>>,
    }

    fn sample(name: &'static str) -> Sample {
        Sample { name, ports: vec![80, 443], inner: None }
    }

    fn fields(kind: &'static str) -> Builder<Sample> {
        Record::of(kind, "")
            .field("name", "", |s: &Sample| Some(s.name).filter(|name| !name.is_empty()))
            .field("ports", "", |s| s.ports.clone())
    }

    fn record() -> Record<Sample> {
        fields("test.Sample")
            .record("inner", fields("test.Inner").plain(), "", |s| s.inner.as_deref())
            .map("by_name", fields("test.Inner").plain(), "", |s| vec![(s.name, s)])
            .shown(|s| format!("<{}>", s.name))
    }

    #[test]
    fn records_become_tables_with_all_that_is_in_them() {
        let lua = Lua::new();
        let inner = Some(Box::new(Sample { name: "", ports: vec![], inner: None }));
        let list = record().list(&lua, &[sample("a\0b"), Sample { inner, ..sample("c") }]).unwrap();
        lua.globals().raw_set("list", &list).unwrap();
        lua.load(
            r#"
            assert(#list == 2 and list[1].name == "a\0b" and list[1].ports[2] == 443 and list[1].inner == nil)
            assert(list[2].inner.name == nil and #list[2].inner.ports == 0)
            assert(list[2].by_name.c.ports[1] == 80 and list[2].by_name.c.by_name == nil)
            assert(tostring(list) == "<a\\x00b>\n<c>", tostring(list))
            assert(getmetatable(list[1]) == getmetatable(list[2]))
            "#,
        )
        .exec()
        .unwrap();
        let second: Table = list.raw_get(2).unwrap();
        assert!(is_list(&list) && !is_list(&second));
        assert!(is_list(&second.raw_get::<Table>("inner").unwrap().raw_get("ports").unwrap()));
    }

    #[test]
    fn a_list_of_more_than_are_made_at_once_keeps_its_order() {
        let lua = Lua::new();
        let samples: Vec<Sample> = (0..1000).map(|i| Sample { ports: vec![i], ..sample("x") }).collect();
        let list = record().list(&lua, &samples).unwrap();
        assert_eq!(list.raw_len(), 1000);
        for at in [1, 128, 129, 1000] {
            let one: Table = list.raw_get(at).unwrap();
            assert_eq!(one.raw_get::<Vec<u16>>("ports").unwrap(), [at as u16 - 1]);
        }
    }

    #[test]
    fn a_list_that_finds_no_memory_is_an_error_and_the_next_one_works() {
        let lua = Lua::new();
        let samples: Vec<Sample> = (0..1000).map(|_| sample("x")).collect();
        record().list(&lua, &samples).unwrap();
        lua.gc_collect().unwrap();
        lua.set_memory_limit(lua.used_memory() + 100_000).unwrap();
        let refused = record().list(&lua, &samples).unwrap_err();
        assert!(matches!(refused, mlua::Error::MemoryError(_)), "{refused}");
        lua.set_memory_limit(0).unwrap();
        assert_eq!(record().list(&lua, &samples).unwrap().raw_len(), 1000);
    }
}
