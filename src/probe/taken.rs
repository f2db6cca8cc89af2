//! Who has a port that a server wants.

use nix::errno::Errno;

use crate::base::error::Error;
use crate::net::namespace::Namespace;
use crate::net::socket::{self, Filter, Owners, Proto};

/// Adds who has the port to the kernel's refusal of one that is taken.
pub fn named(ns: &Namespace, proto: Proto, port: u16, error: Error) -> Error {
    if error.raw() != Some(Errno::EADDRINUSE) {
        return error;
    }
    let owner = owner(ns, proto, port).unwrap_or_else(|| "something in this namespace".to_owned());
    error.hint(format!("{owner} has port {port} already; port 0 takes a free one"))
}

/// `python3 (pid 5)`, or this script itself.
fn owner(ns: &Namespace, proto: Proto, port: u16) -> Option<String> {
    let sockets = socket::list(ns, &Filter::waiting(proto, port), &Owners::look()).ok()?;
    let owner = sockets.iter().flat_map(|socket| &socket.owners).next()?;
    Some(match owner.pid == std::process::id() {
        true => "a server of this script".to_owned(),
        false => format!("{} (pid {})", owner.name, owner.pid),
    })
}
