//! The netlink sockets of namespaces: opened when first needed, and closed again where they are idle, once many
//! namespaces have some, or no descriptor is left. So a lab of thousands of namespaces keeps one descriptor for each.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use netlink_sys::protocols::{NETLINK_NETFILTER, NETLINK_ROUTE};
use nix::errno::Errno;

use crate::base::error::{Error, Kind, Result};
use crate::net::netlink::{Idle, Route, Socket};

/// How many namespaces have sockets at once: the kernel's buffers for them take memory.
const MOST: usize = 512;

/// The sockets of one namespace.
#[derive(Default)]
pub(super) struct Sockets {
    route: RefCell<Option<Idle>>,
    /// For the messages of route netlink that [`Route`] doesn't know.
    raw_route: RefCell<Option<Socket>>,
    netfilter: RefCell<Option<Socket>>,
    /// Asked for since [`Pool`] last looked.
    used: Cell<bool>,
    /// In the list of [`Pool`].
    listed: Cell<bool>,
}

/// What all namespaces of a lab share.
#[derive(Default)]
pub(super) struct Pool {
    /// Those that may have open sockets.
    listed: RefCell<VecDeque<Weak<Sockets>>>,
    /// Connections of route netlink that carry no request just now: one, but while a request is made within another.
    connections: RefCell<Vec<Route>>,
}

/// Runs something inside the namespace.
pub(super) type Within<'a> = &'a dyn Fn(&mut dyn FnMut() -> Result<()>) -> Result<()>;

impl Sockets {
    pub(super) fn route(self: &Rc<Self>, pool: &Pool, within: Within<'_>) -> Result<RefMut<'_, Idle>> {
        self.opened(&self.route, pool, within, Idle::open)
    }

    pub(super) fn raw_route(self: &Rc<Self>, pool: &Pool, within: Within<'_>) -> Result<RefMut<'_, Socket>> {
        self.opened(&self.raw_route, pool, within, || Socket::open(NETLINK_ROUTE))
    }

    pub(super) fn netfilter(self: &Rc<Self>, pool: &Pool, within: Within<'_>) -> Result<RefMut<'_, Socket>> {
        self.opened(&self.netfilter, pool, within, || Socket::open(NETLINK_NETFILTER))
    }

    fn opened<'a, T>(
        self: &Rc<Self>,
        slot: &'a RefCell<Option<T>>,
        pool: &Pool,
        within: Within<'_>,
        open: impl Fn() -> Result<T>,
    ) -> Result<RefMut<'a, T>> {
        self.used.set(true);
        let mut slot = slot.borrow_mut();
        if slot.is_none() {
            pool.admit(self);
            let mut open = || {
                *slot = Some(open()?);
                Ok(())
            };
            let opened = within(&mut open);
            pool.or_spare(opened, || within(&mut open))?;
        }
        RefMut::filter_map(slot, Option::as_mut).map_err(|_| Error::new(Kind::Io, "no netlink socket"))
    }

    /// Closes all but those that are being used; whether none is open any more.
    pub(super) fn close(&self) -> bool {
        fn closed<T>(slot: &RefCell<Option<T>>) -> bool {
            slot.try_borrow_mut().map(|mut slot| drop(slot.take())).is_ok()
        }
        closed(&self.route) & closed(&self.raw_route) & closed(&self.netfilter)
    }
}

impl Pool {
    /// Runs `f` with a connection over this socket.
    pub(super) fn connected<T>(
        &self,
        socket: &mut Idle,
        f: impl FnOnce(&mut Route) -> Result<T>,
    ) -> Result<T> {
        let idle = self.connections.borrow_mut().pop();
        let mut connection = idle.map_or_else(Route::open, Ok)?;
        let result = connection.with(socket, f);
        self.connections.borrow_mut().push(connection);
        result
    }

    /// Lists the sockets of a namespace that opens one; where too many are listed, closes those of the namespaces that
    /// were asked least lately.
    fn admit(&self, sockets: &Rc<Sockets>) {
        if sockets.listed.replace(true) {
            return;
        }
        let mut listed = self.listed.borrow_mut();
        // Each is passed over once if it was used, and again while it is.
        for _ in 0..2 * listed.len() {
            if listed.len() < MOST {
                break;
            }
            let Some(first) = listed.pop_front() else { break };
            match first.upgrade() {
                Some(kept) if kept.used.take() || !kept.close() => listed.push_back(first),
                Some(closed) => closed.listed.set(false),
                None => {}
            }
        }
        listed.push_back(Rc::downgrade(sockets));
    }
}

impl Pool {
    /// Where no descriptor was left, closes all sockets that nobody uses just now, and tries it `again`.
    pub(super) fn or_spare<T>(&self, result: Result<T>, again: impl FnOnce() -> Result<T>) -> Result<T> {
        match result {
            Err(e) if e.raw() == Some(Errno::EMFILE) && self.spare() => again(),
            result => result,
        }
    }

    /// Whether there were any.
    fn spare(&self) -> bool {
        let all = self.listed.take();
        let before = all.len();
        let used = |sockets: &Weak<Sockets>| {
            sockets.upgrade().is_some_and(|sockets| {
                let closed = sockets.close();
                sockets.listed.set(!closed);
                !closed
            })
        };
        let kept: VecDeque<_> = all.into_iter().filter(used).collect();
        let spared = kept.len() < before;
        self.listed.borrow_mut().extend(kept);
        spared
    }
}

#[cfg(test)]
mod tests {
    use crate::net::link;
    use crate::net::testing::lab;

    fn descriptors() -> usize {
        std::fs::read_dir("/proc/self/fd").unwrap().count()
    }

    #[test]
    fn many_namespaces_keep_a_descriptor_each() {
        lab(|all| {
            let made: Vec<_> = (0..super::MOST + 50).map(|n| all.add(&format!("n{n}")).unwrap()).collect();
            let before = descriptors();
            // One is being used all the while, and so it is kept.
            let kept = made[0].route().unwrap();
            for ns in made.iter().skip(1).chain(&made[1..3]) {
                assert_eq!(link::dump(ns).unwrap().len(), 1);
            }
            // Other tests open some meanwhile.
            let opened = descriptors() - before;
            assert!(opened < super::MOST + 45, "{opened}");
            drop(kept);
        });
    }
}
