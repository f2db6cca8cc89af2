//! What the objects of `ip` have in common: their verbs.

use super::super::act::{Act, Call, Space};
use super::super::args::{Args, Fields, Reason, Result};
use super::super::lua::Expr;
use super::{Global, verb};

/// A verb of `ip`, the names that must be written out for it, and the function that does the same; "" for none.
pub type Verbs = &'static [(&'static str, &'static [&'static str], &'static str)];

/// What is particular to an object of `ip`.
pub trait Object {
    const NAME: &'static str;
    /// In the order in which `ip` tries them.
    const VERBS: Verbs;
    /// How `get` shows what it finds.
    const GET: fn(Call) -> Act = Act::Show;

    /// What `add`, `replace` and `delete` say: the object's name, where the function has one, and its options.
    fn change(args: Args, global: &Global, function: &str) -> Result<(Option<Expr>, Fields)>;

    /// What `show` and `flush` choose by.
    fn select(args: Args, global: &Global) -> Result<Fields>;

    /// What `get` asks for.
    fn get(_: Args, _: &Global) -> Result<(Option<Expr>, Fields)> {
        Err(Reason::beyond(format!("ip {} get has no binding", Self::NAME)))
    }

    /// What `flush` chooses by.
    fn flush(args: Args, global: &Global) -> Result<Fields> {
        let all = args.rest().iter().any(|arg| arg.is("all"));
        let fields = Self::select(args, global)?;
        if fields.is_empty() && !all {
            return Err(Reason::new("Flush requires arguments"));
        }
        Ok(fields)
    }

    /// Why nothing is to be shown or flushed.
    fn nothing(_: &Args) -> Option<&'static str> {
        None
    }
}

/// Translates `ip OBJECT ARGS`; without a verb, it shows.
pub fn translate<O: Object>(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let name = match args.take() {
        Some(word) => verb(O::NAME, &word, O::VERBS.iter().map(|(verb, whole, _)| (*verb, *whole)))?,
        None => "show",
    };
    let function = O::VERBS.iter().find(|(verb, ..)| *verb == name).map_or("", |(.., function)| *function);
    let nothing = O::nothing(&args).filter(|_| matches!(name, "show" | "list" | "flush"));
    let act = match name {
        _ if function.is_empty() => {
            return Err(Reason::beyond(format!("ip {} {name} has no binding", O::NAME)));
        }
        "show" | "list" => global.show(space, function, O::select(args, global)?.after([])),
        "get" => {
            let (first, fields) = O::get(args, global)?;
            (O::GET)(global.shown(Call::new(space, function, fields.after(first))))
        }
        "flush" => Act::Do(Call::new(space, function, O::flush(args, global)?.after([]))),
        _ => {
            let (first, fields) = O::change(args, global, function)?;
            Act::Do(Call::new(space, function, fields.after(first)))
        }
    };
    Ok(vec![nothing.map_or(act, |why| Act::Nothing(why.to_owned()))])
}
