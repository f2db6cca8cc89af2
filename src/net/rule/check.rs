//! What of a rule fits together.

use super::{Action, Rule};
use crate::base::error::{Error, Result};
use crate::model::Words;
use crate::net::fields::Selector;
use crate::net::prefix::Family;

impl Rule {
    /// The family that the addresses or `family` say, if any do.
    pub(super) fn family(&self) -> Result<Option<Family>> {
        let of = |prefix: Option<Selector>| prefix.and_then(|p| p.0).map(|p| Family::of(p.ip()));
        let (from, to) = (of(self.from), of(self.to));
        if from.is_some() && to.is_some() && from != to {
            return Err(Error::argument("from and to are of different families"));
        }
        match (from.or(to), self.family) {
            (Some(addresses), Some(given)) if addresses != given => {
                Err(Error::argument(format!("the addresses are not of the family {:?}", given.name())))
            }
            (addresses, given) => Ok(addresses.or(given)),
        }
    }

    /// What happens to the packets that fit.
    pub fn action(&self) -> Action {
        match self.goto_priority {
            Some(_) => Action::Goto,
            None => self.action.unwrap_or(Action::Lookup),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let wrong = |text: String| Err(Error::argument(text));
        if self.fwmask.is_some() && self.fwmark.is_none() {
            return wrong("fwmask says which bits of fwmark count; give fwmark too".into());
        }
        if let (Some(action), Some(_)) = (self.action.filter(|a| *a != Action::Goto), self.goto_priority) {
            return wrong(format!(
                "a rule with goto_priority is of the type \"goto\"; leave out type {:?}",
                action.name()
            ));
        }
        let vrf = self.l3mdev == Some(true);
        let of_lookup = self.table.is_some()
            || vrf
            || self.suppress_prefixlength.is_some()
            || self.suppress_ifgroup.is_some();
        if self.action() != Action::Lookup && of_lookup {
            return wrong(format!(
                "a rule of type {:?} looks up no table; leave out table, l3mdev and suppress_*",
                self.action().name()
            ));
        }
        if vrf && self.table.is_some() {
            return wrong("l3mdev takes the table of the packet's VRF; leave out table".into());
        }
        match (self.goto_priority, self.priority) {
            (Some(target), Some(priority)) if target.0 <= priority.0 => wrong(format!(
                "a rule can only lead on to a later one: goto_priority {} is not above priority {}",
                target.0, priority.0
            )),
            _ => Ok(()),
        }
    }
}
