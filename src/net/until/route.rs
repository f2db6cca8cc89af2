//! Routes: there, or not there any more.

use std::time::Duration;

use super::{Look, absent, until};
use crate::base::error::Result;
use crate::base::text::listed;
use crate::net::events::Object;
use crate::net::namespace::Namespace;
use crate::net::route::{self, Filter, Route};

/// Waits until there is a route that the filter lets through; with `gone`, until there is none.
///
/// Raises `timeout` with the routes to that destination that there are.
pub fn route(ns: &Namespace, filter: &Filter, gone: bool, timeout: Duration) -> Result<Duration> {
    // IPv4 routes go with their link or address, which alone is told.
    until(ns, &[Object::Route, Object::Link, Object::Address], timeout, || look(ns, filter, gone))
}

fn look(ns: &Namespace, filter: &Filter, gone: bool) -> Result<Look> {
    let found = match absent(route::list(ns, filter))? {
        Ok(found) => found,
        Err(_) if gone => return Ok(Look::Done),
        Err(why) => return Ok(Look::NotYet(why)),
    };
    Ok(match found.first() {
        Some(route) if gone => Look::NotYet(format!("there is {}", brief(route))),
        Some(_) => Look::Done,
        None if gone => Look::Done,
        None => {
            let like = Route { dst: filter.like.dst, family: filter.like.family, ..Route::default() };
            let others = route::list(ns, &Filter { tables: filter.tables, like })?;
            Look::NotYet(match others.is_empty() {
                true => "there is none".to_owned(),
                false => format!("there is {}", listed(others.iter().map(brief))),
            })
        }
    })
}

/// As in `ip route`, with what tells routes apart.
fn brief(route: &Route) -> String {
    route.words(&["type", "dst", "via", "dev", "hops", "proto", "metric"])
}
