//! `tc`: traffic control, as tc(8) has it; `tc.qdisc`, `tc.class` and `tc.filter`.

pub mod class;
pub mod filter;
pub mod qdisc;

use super::link::shape;
use crate::lua::registry::Module;
use crate::lua::runtime::shaping;
use crate::lua::schema::{Builder, Function, Record, Shape, Type, param, ret, ty};
use crate::model::Table;
use crate::net::tc::{self, Details, Kind, Stats};

/// A field for the options of each kind that has some. `put` enters them.
struct KindFields<T> {
    shape: Option<Shape<T>>,
    put: fn(&mut T, Details),
}

impl<T: Default + 'static> tc::Visit for KindFields<T> {
    fn kind<K: Kind>(&mut self) {
        let Some(shape) = self.shape.take() else { return };
        let put = self.put;
        // What shapes a link is told in one place.
        let options = match K::NAME {
            "netem" => Type::from(shaping::options()).map(Details::of),
            _ => Type::from(Shape::<K>::rows(K::OPTIONS.0)).map(Details::of),
        };
        self.shape = Some(shape.field(K::NAME, options, K::OPTIONS.1, put));
    }
}

/// Options of an object of traffic control, with those of each kind that `visit` visits.
fn options<T: Table + Default>(
    name: &'static str,
    which: fn(&str) -> bool,
    put: fn(&mut T, Details),
    visit: fn(&mut KindFields<T>),
) -> Shape<T> {
    let mut fields = KindFields { shape: Some(Shape::rows_where(name, which)), put };
    visit(&mut fields);
    fields.shape.unwrap_or_else(|| Shape::new(name))
}

/// A field for what is particular to each kind. `get` has it.
struct KindRecords<T> {
    record: Option<Builder<T>>,
    get: fn(&T) -> &[Details],
}

impl<T: 'static> tc::Visit for KindRecords<T> {
    fn kind<K: Kind>(&mut self) {
        let Some(record) = self.record.take() else { return };
        let get = self.get;
        let (told, doc, field) = K::RECORD;
        self.record = Some(match K::NAME {
            "netem" => {
                let netem = shape::part().shown(tc::Shape::to_string);
                record.record(K::NAME, netem, field, move |object| of_kind(get(object)))
            }
            _ => {
                let own = Builder::<K>::rows(told, doc).plain();
                record.record(K::NAME, own, field, move |object| of_kind(get(object)))
            }
        });
    }
}

fn of_kind<K: Kind>(options: &[Details]) -> Option<&K> {
    options.iter().find_map(Details::get::<K>)
}

/// A record of an object of traffic control, with what is particular to each kind that `visit` visits.
fn record<T: Table>(
    (name, doc): (&'static str, &'static str),
    get: fn(&T) -> &[Details],
    visit: fn(&mut KindRecords<T>),
) -> Builder<T> {
    let mut fields = KindRecords { record: Some(Builder::rows(name, doc)), get };
    visit(&mut fields);
    fields.record.unwrap_or_else(|| Record::of(name, doc))
}

/// Counters, as part of another record.
fn stats() -> Record<Stats> {
    Record::<Stats>::rows_plain("nsh.tc.Stats", "What passed.")
}

pub fn module() -> Module {
    Module::new(
        "tc",
        "Traffic control, in the words of tc(8): `tc.qdisc` has queueing disciplines, `tc.class` their classes, `tc.filter` \
         filters and what they do. For a link that is slow or lossy, `link.shape` is simpler.",
    )
    .function(
        Function::new(
            "tc.flush",
            (param("dev", ty::link(), "the link"),),
            ret::value::<usize>("integer", "how many disciplines were deleted"),
            |cx, (dev,)| Ok(tc::qdisc::flush(cx.ns, &dev)?),
        )
        .doc(
            "Deletes the queueing disciplines that somebody has set on a link, at its root and at the way in, with their \
             classes and filters. What `link.shape` has set stays.\n\nRaises `not_found` if there is no such link.",
        )
        .command("tc qdisc del dev DEV root; tc qdisc del dev DEV clsact"),
    )
}
