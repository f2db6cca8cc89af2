//! What disciplines, classes and filters have in common: which link they are on, and what a refusal means.

use std::collections::HashMap;
use std::rc::Rc;

use nix::errno::Errno;

use super::fields::Handle;
use super::kind::{Details, Kinds};
use super::object::{Device, Noun, Object, ROOT, TCA_OPTIONS};
use super::stats::Stats;
use crate::base::error::{Error, Kind, Result};
use crate::model::Field;
use crate::net::attributes::find;
use crate::net::fields::LinkRef;
use crate::net::link::find as links;
use crate::net::namespace::Namespace;

const TCA_STATS2: u16 = 7;

impl Object {
    pub(super) fn stats(&self) -> Stats {
        find(&self.reported.1, TCA_STATS2).map(Stats::read).unwrap_or_default()
    }

    /// Its options, if its kind's are known.
    pub(super) fn details(&self, kinds: &Kinds) -> Option<Details> {
        let options = find(&self.reported.1, TCA_OPTIONS).unwrap_or_default();
        Some(kinds.of(&self.kind)?.read(options))
    }
}

/// The names of links, each asked for once.
pub struct Names<'a> {
    ns: &'a Namespace,
    known: HashMap<u32, Rc<str>>,
}

impl<'a> Names<'a> {
    pub fn of(ns: &'a Namespace) -> Self {
        Names { ns, known: HashMap::new() }
    }

    /// The link with this index; by its number where it is gone.
    pub fn link(&mut self, index: u32) -> Result<LinkRef> {
        if let Some(name) = self.known.get(&index) {
            return Ok(LinkRef { index, name: name.clone() });
        }
        let name: Rc<str> = links::name(self.ns, index)?.unwrap_or_else(|| format!("if{index}")).into();
        self.known.insert(index, name.clone());
        Ok(LinkRef { index, name })
    }

    /// Names the links that options have.
    pub fn fill(&mut self, options: &mut [Details]) -> Result<()> {
        for link in options.iter_mut().flat_map(Details::links).filter(|link| link.index != 0) {
            *link = self.link(link.index)?;
        }
        Ok(())
    }
}

/// How `tc` begins to write a discipline or a class: `qdisc htb 1: dev eth0 root`.
pub fn head(
    noun: Noun,
    kind: Option<&str>,
    handle: Option<Handle>,
    dev: Option<&LinkRef>,
    parent: Option<Handle>,
) -> String {
    let (kind, handle) = (kind.unwrap_or(""), handle.unwrap_or(Handle(0)).word());
    let at = match parent {
        Some(Handle(ROOT)) => " root".to_owned(),
        Some(parent) => format!(" parent {}", parent.word()),
        None => String::new(),
    };
    format!("{} {kind} {handle} dev {}{at}", word(noun), dev.map_or("", |dev| &dev.name))
}

/// The index of a link, or 0 for all.
pub fn index(ns: &Namespace, dev: Option<&LinkRef>) -> Result<u32> {
    dev.map_or(Ok(0), |dev| links::require_index(ns, &dev.name))
}

/// What a refusal means.
pub fn explain(e: Error, device: &Device, object: &Object, kinds: &Kinds, deleted: bool) -> Error {
    let (noun, kind) = (object.noun, object.kind.as_str());
    match e.raw() {
        Some(Errno::EINVAL) if e.message().contains("Change operation not supported") => e.hint(format!(
            "{kind} can't be changed: tc.qdisc.del takes it away first, or give another handle"
        )),
        Some(Errno::ENOENT) if !deleted && is_unknown(&e) => lacks(kinds, noun, kind),
        Some(Errno::EEXIST) => {
            e.with_kind(Kind::Exists).hint(format!("tc.{}.replace puts another in its place", word(noun)))
        }
        Some(Errno::ENOENT | Errno::EINVAL) if deleted => e.with_kind(Kind::NotFound).hint(format!(
            "print(tc.{}.list{}) shows what there is",
            word(noun),
            of(device)
        )),
        Some(Errno::ENOENT) => e.with_kind(Kind::NotFound),
        Some(Errno::EOPNOTSUPP) if noun == Noun::Class => {
            e.hint("classes stand in a discipline that has some, such as htb: its handle is the parent")
        }
        _ => e,
    }
}

fn of(device: &Device) -> String {
    format!("({{ dev = {:?} }})", device.name)
}

fn word(noun: Noun) -> &'static str {
    match noun {
        Noun::Qdisc => "qdisc",
        Noun::Class => "class",
        Noun::Filter => "filter",
    }
}

/// The kernel's own words tell a kind that it lacks from an object that isn't there.
fn is_unknown(e: &Error) -> bool {
    let said = e.message();
    ["is unknown", "classifier not found", "Failed to load"].iter().any(|words| said.contains(words))
}

/// Says which option the kernel lacks.
pub fn lacks(kinds: &Kinds, noun: Noun, kind: &str) -> Error {
    let what = match noun {
        Noun::Qdisc | Noun::Class => "queueing discipline",
        Noun::Filter => "filter or action",
    };
    let Some((_, module)) = kinds.all().find(|(name, _)| *name == kind) else {
        return Error::new(Kind::Unsupported, format!("this kernel knows no {what} {kind}"));
    };
    let option = module.to_uppercase();
    Error::new(Kind::Unsupported, format!("this kernel lacks the {what} {kind} (CONFIG_NET_{option})"))
        .hint(format!("load it on the machine: modprobe {module}; if that fails, take a kernel that has it"))
}
