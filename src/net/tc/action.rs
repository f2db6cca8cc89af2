//! What filters do with the packets that they match (tc-actions(8)).

use std::fmt;

use super::ACTIONS;
use super::act::Gact;
use super::control::Control;
use super::kind::{About, Details};
use super::place::Names;
use super::stats::Stats;
use crate::base::error::{Error, Result};
use crate::model::table;
use crate::net::attributes::{Attributes, find, string};
use crate::net::netlink::attributes_of;

const TCA_ACT_KIND: u16 = 1;
const TCA_ACT_OPTIONS: u16 = 2;
const TCA_ACT_STATS: u16 = 4;
/// TCA_ACT_MAX_PRIO.
const MOST: usize = 32;

table! {
    /// An action.
    pub struct Action {
        Set kind: String = header, ip [],
            "gact, mirred, police, vlan, skbedit, ...; default the one whose options are given";
    } and {
        /// Of each kind of which some are given; of one that is there, its own.
        pub options: Vec<Details>,
        pub stats: Stats,
    }
}

impl Action {
    /// What only decides: `pass`, `drop`.
    pub fn of(control: Control) -> Self {
        let gact = Gact { control: Some(control), ..Gact::default() };
        Action { kind: None, options: vec![Details::of(gact)], stats: Stats::default() }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let kind = string(find(bytes, TCA_ACT_KIND)?);
        let options = find(bytes, TCA_ACT_OPTIONS).unwrap_or_default();
        let options = ACTIONS.of(&kind).map(|known| known.read(options)).into_iter().collect();
        let stats = find(bytes, TCA_ACT_STATS).map(Stats::read).unwrap_or_default();
        Some(Action { kind: Some(kind), options, stats })
    }
}

/// As `tc` writes it.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.options.first().map_or("", Details::name);
        write!(f, "action {}", self.kind.as_deref().unwrap_or(name))?;
        self.options.iter().flat_map(Details::words).try_for_each(|word| write!(f, " {word}"))
    }
}

/// The actions of a filter, as the kernel takes them, and as `tc` does.
pub fn write(given: &[Action], about: &About<'_>) -> Result<(Attributes, Vec<String>)> {
    if given.len() > MOST {
        return Err(Error::argument(format!("a filter has at most {MOST} actions, got {}", given.len())));
    }
    let (mut all, mut words) = (Attributes::new(), Vec::new());
    for (number, action) in (1..).zip(given) {
        let wrong = |e: Error| Error::argument(format!("actions[{number}]: {}", e.message()));
        let (kind, options) = ACTIONS.choose(action.kind.as_deref(), &action.options).map_err(wrong)?;
        let mut one = Attributes::new();
        one.put_str(TCA_ACT_KIND, &kind);
        words.extend(["action".to_owned(), kind]);
        if let Some(options) = options {
            let options = options.filled(about)?;
            words.extend(options.words());
            let mut inner = Attributes::new();
            inner.append(&options.write(Attributes::new())?);
            one.nest(TCA_ACT_OPTIONS, inner);
        }
        all.nest(number, one);
    }
    Ok((all, words))
}

/// The actions that the kernel reports.
pub fn read(nest: &[u8], names: &mut Names<'_>) -> Result<Vec<Action>> {
    let mut actions: Vec<Action> = attributes_of(nest).filter_map(|(_, bytes)| Action::read(bytes)).collect();
    actions.iter_mut().try_for_each(|action| names.fill(&mut action.options))?;
    Ok(actions)
}

/// The kind of the last action. The kernel looks them up in turn, and says only that one is missing.
pub fn last(given: &[Action]) -> Option<&str> {
    let action = given.last()?;
    action.kind.as_deref().or_else(|| action.options.first().map(Details::name))
}
