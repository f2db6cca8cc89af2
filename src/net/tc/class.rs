//! Classes of disciplines (tc(8), `tc class`).

use std::fmt;
use std::rc::Rc;

use super::CLASSES;
use super::fields::Handle;
use super::kind::Details;
use super::object::{Device, Noun, Object, objects};
use super::place::{Names, explain, head, index};
use super::stats::Stats;
use crate::base::error::{Error, Result};
use crate::model::{Field, Table, table};
use crate::net::done::Verb;
use crate::net::fields::LinkRef;
use crate::net::namespace::Namespace;

table! {
    /// A class of a discipline.
    pub struct Class {
        Set dev: LinkRef = header, ip [], "the link";
        Set kind: String = header, ip [], "the kind of its discipline; default the one whose options are given";
        Read classid: Handle = header, ip [], "its handle";
        Set parent: Handle = header, ip [], "the discipline, or the class that it is in; default its discipline";
        Read leaf: Handle = header, ip [], "the discipline that stands in it";
    } and {
        /// Of each kind of which some are given; of one that is there, its own.
        pub options: Vec<Details>,
        pub stats: Stats,
    }
}

impl Class {
    fn of(object: &Object, names: &mut Names<'_>) -> Result<Self> {
        Ok(Class {
            dev: Some(names.link(object.reported.0)?),
            kind: Some(object.kind.clone()),
            classid: Some(Handle(object.handle)),
            parent: Some(Handle(object.parent)),
            leaf: leaf(object),
            options: object.details(&CLASSES).into_iter().collect(),
            stats: object.stats(),
        })
    }
}

/// The discipline in it stands in the header, where a new object has its preference.
fn leaf(object: &Object) -> Option<Handle> {
    let [high, low] = [u32::from(object.info.0) << 16, u32::from(object.info.1.to_be())];
    Some(Handle(high | low)).filter(|handle| handle.0 != 0)
}

/// As `tc class show` writes it.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, dev) = (self.kind.as_deref(), self.dev.as_ref());
        f.write_str(&head(Noun::Class, kind, self.classid, dev, self.parent))?;
        if let Some(leaf) = self.leaf {
            write!(f, " leaf {}", leaf.word())?;
        }
        self.options.iter().flat_map(Details::words).try_for_each(|word| write!(f, " {word}"))
    }
}

/// Adds one, as `tc class add dev DEV parent PARENT classid CLASSID KIND`.
///
/// Raises `exists` if there is one, `not_found` if its discipline isn't there.
pub fn add(ns: &Rc<Namespace>, dev: &str, classid: Handle, class: &Class) -> Result<()> {
    send(ns, dev, classid, class, Verb::Add)
}

/// Adds it, or changes the one there is.
pub fn replace(ns: &Rc<Namespace>, dev: &str, classid: Handle, class: &Class) -> Result<()> {
    send(ns, dev, classid, class, Verb::Replace)
}

fn send(ns: &Rc<Namespace>, dev: &str, classid: Handle, class: &Class, verb: Verb) -> Result<()> {
    let (kind, options) = CLASSES.choose(class.kind.as_deref(), &class.options)?;
    let device = Device::require(ns, dev)?;
    let parent = class.parent.map_or(classid.0 & 0xffff_0000, |parent| parent.0);
    let object = Object::class(parent, classid.0, &kind);
    let sent = match options {
        Some(options) => device.change_to(verb, &object, options),
        None => device.change(verb, &object, &[]),
    };
    sent.map_err(|e| explain(e, &device, &object, &CLASSES, false))
}

/// Deletes one.
///
/// Raises `not_found` if there is none, `busy` if classes stand in it or filters lead to it.
pub fn del(ns: &Rc<Namespace>, dev: &str, classid: Handle) -> Result<()> {
    let device = Device::require(ns, dev)?;
    let known = objects(ns, Noun::Class, device.index, 0)?.into_iter().find(|c| c.handle == classid.0);
    let Some(class) = known else {
        let message = format!("there is no class {} on {}", classid.word(), device.name);
        return Err(Error::new(crate::base::error::Kind::NotFound, message)
            .hint(format!("print(tc.class.list({{ dev = {:?} }})) shows what there is", device.name)));
    };
    let object = Object::class(class.parent, classid.0, &class.kind);
    device.del(&object).map_err(|e| explain(e, &device, &object, &CLASSES, true))
}

/// Those that have all that is given, as `tc -s class show dev DEV`; of all links that have any, unless one is named.
pub fn list(ns: &Namespace, filter: &Class) -> Result<Vec<Class>> {
    let index = index(ns, filter.dev.as_ref())?;
    let mut names = Names::of(ns);
    let mut out = Vec::new();
    for index in with_qdiscs(ns, index)? {
        for object in objects(ns, Noun::Class, index, 0)? {
            out.push(Class::of(&object, &mut names)?);
        }
    }
    let filter = Class { dev: None, ..filter.clone() };
    out.retain(|class| filter.fits(class));
    Ok(out)
}

/// The links that have disciplines which somebody has set, or the one.
pub(super) fn with_qdiscs(ns: &Namespace, index: u32) -> Result<Vec<u32>> {
    if index != 0 {
        return Ok(vec![index]);
    }
    let qdiscs = objects(ns, Noun::Qdisc, 0, 0)?;
    let set = qdiscs.iter().filter(|qdisc| qdisc.handle != 0);
    let mut found: Vec<u32> = set.map(|qdisc| qdisc.reported.0).collect();
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
