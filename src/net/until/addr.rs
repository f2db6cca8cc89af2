//! Addresses: usable, that is, past duplicate address detection.

use std::time::Duration;

use ipnetwork::IpNetwork;

use super::link::not_ready;
use super::{Look, absent, until};
use crate::base::error::{Error, Kind, Result};
use crate::net::addr::{self, Addr};
use crate::net::events::Object;
use crate::net::fields::LinkName;
use crate::net::link;
use crate::net::namespace::{Namespace, Namespaces};
use crate::net::prefix::Family;
use crate::net::usable;

/// Waits until the namespace (with `dev`, that link) has the address and can use it; with `gone`, until it hasn't. A
/// prefix length that is given must fit.
///
/// Raises `address_in_use` as soon as duplicate address detection has failed, `timeout` with how it is.
pub fn addr(
    all: &Namespaces,
    ns: &Namespace,
    wanted: IpNetwork,
    dev: Option<&str>,
    gone: bool,
    timeout: Duration,
) -> Result<Duration> {
    until(ns, &[Object::Address, Object::Link, Object::Route], timeout, || look(all, ns, wanted, dev, gone))
}

fn look(all: &Namespaces, ns: &Namespace, wanted: IpNetwork, dev: Option<&str>, gone: bool) -> Result<Look> {
    let family = Family::of(wanted.ip());
    let filter = Addr { dev: dev.map(|dev| LinkName(dev.to_owned())), ..Addr::of(family) };
    let found = match absent(addr::list(ns, &filter))? {
        Ok(found) => found,
        Err(_) if gone => return Ok(Look::Done),
        Err(why) => return Ok(Look::NotYet(why)),
    };
    let any_length = wanted.prefix() == family.bits();
    let fits = |a: &&Addr| a.ip() == wanted.ip() && (any_length || a.prefix() == wanted);
    // Where several links have it, one that can use it will do.
    let best = found.iter().filter(fits).min_by_key(|a| (a.is_duplicate(), a.is_tentative()));
    Ok(match best {
        None if gone => Look::Done,
        Some(addr) if gone => Look::NotYet(format!("{} has it", addr.dev())),
        None => Look::NotYet(match found.iter().find(|a| a.ip() == wanted.ip()) {
            Some(other) => format!("{} has {}", other.dev(), other.prefix()),
            None => match dev {
                Some(dev) => format!("{dev} doesn't have it"),
                None => format!("no link of {} has it", ns.name()),
            },
        }),
        Some(addr) if addr.is_duplicate() => {
            return Err(Error::new(
                Kind::AddressInUse,
                format!("duplicate address detection on {} found that another host has it", addr.dev()),
            ));
        }
        Some(addr) if addr.is_tentative() => {
            let state = link::get(all, ns, addr.dev())?.map(|link| not_ready(all, ns, &link)).transpose()?;
            Look::NotYet(match state.flatten() {
                Some(why) => format!("it is tentative, since {why}"),
                None => format!("it is tentative: duplicate address detection on {} isn't over", addr.dev()),
            })
        }
        Some(addr) if !usable::is_routed(ns, addr)? => Look::NotYet(format!(
            "packets to it are not delivered yet: {} has no local route for it",
            addr.dev()
        )),
        Some(_) => Look::Done,
    })
}
