//! HTTP/1.1, as far as a lab needs it: where a request goes, redirects, fixed answers and directories. What
//! is on the wire is [`crate::io::http`]'s.

mod answer;
mod client;
mod directory;
mod url;

pub use answer::{Answer, Routes};
pub use client::{Client, Request, Response, request};
pub use url::Url;

use crate::base::error::Result;
use crate::io::http::{self, Limits, Served};
use crate::net::namespace::Namespace;
use crate::probe::endpoint::{Endpoint, Resolve};

/// A running server. Dropping it ends it, with its connections.
pub type Server = crate::io::Server<Served>;

/// Serves `routes` at `at`, as `python3 -m http.server --bind HOST PORT`.
///
/// Raises `address_in_use`, `address_not_available`, `permission`.
pub fn serve(
    ns: &Namespace,
    at: &Endpoint,
    names: &dyn Resolve,
    routes: Routes,
    limits: Limits,
) -> Result<Server> {
    let (socket, address) = super::server::listen(ns, at, names)?;
    http::serve(socket, address, limits, move |method, target| routes.answer(method, target))
}

#[cfg(test)]
mod tests;
