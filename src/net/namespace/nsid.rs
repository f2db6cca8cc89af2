//! Numbers by which namespaces know each other (nsid), and the namespaces that come and go.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::rc::{Rc, Weak};

use nix::errno::Errno;

use super::{HOST, Namespace, Namespaces};
use crate::base::error::Result;
use crate::net::attributes::{self, Attributes};

/// linux/rtnetlink.h and linux/net_namespace.h.
pub(in crate::net) const RTM_NEWNSID: u16 = 88;
pub(in crate::net) const RTM_DELNSID: u16 = 89;
const RTM_GETNSID: u16 = 90;
const NETNSA_NSID: u16 = 1;
const NETNSA_FD: u16 = 3;

/// Gives `ns` a number by which `viewer` knows it, the next one that is free, as `ip netns set NAME auto`.
fn give_nsid(viewer: &Namespace, ns: &Namespace) -> Result<()> {
    let mut attributes = Attributes::new();
    attributes.put_u32(NETNSA_NSID, u32::MAX);
    attributes.put_u32(NETNSA_FD, ns.fd()?.as_raw_fd() as u32);
    let body = [&[0; 4], attributes.bytes()?].concat();
    match viewer.rtnl(RTM_NEWNSID, 0, &body, |_| Ok(())) {
        // A link that led there gave it one meanwhile.
        Err(e) if e.raw() == Some(Errno::EEXIST) => Ok(()),
        result => result,
    }
}

/// The number by which `viewer` knows `ns`, if it has one. RTM_GETNSID, linux/net_namespace.h.
pub(in crate::net) fn nsid_of(viewer: &Namespace, ns: BorrowedFd<'_>) -> Result<Option<i32>> {
    let mut attributes = Attributes::new();
    attributes.put_u32(NETNSA_FD, ns.as_raw_fd() as u32);
    // `struct rtgenmsg`, one byte, padded.
    let body = [&[0; 4], attributes.bytes()?].concat();
    let mut id = None;
    viewer.rtnl(RTM_GETNSID, 0, &body, |answer| {
        let value = answer.and_then(|a| attributes::find(a.payload.get(4..)?, NETNSA_NSID));
        // -1: none was assigned.
        id = value.and_then(|v| v.first_chunk()).map(|v| i32::from_ne_bytes(*v)).filter(|id| *id >= 0);
        Ok(())
    })?;
    Ok(id)
}

/// For [`crate::net::events`]: the namespaces that came since somebody listens, in order.
#[derive(Default)]
pub(super) struct Notes {
    listening: bool,
    /// Namespaces without a number are given one.
    number: bool,
    came: Vec<Note>,
}

/// A namespace that came, with its number; without, and without a name, one that went.
#[derive(Clone)]
pub(in crate::net) struct Note {
    pub(in crate::net) name: Rc<str>,
    pub(in crate::net) ns: Weak<Namespace>,
    pub(in crate::net) number: Option<i32>,
}

impl Namespaces {
    /// From now on notes each namespace that comes or is deleted. With `number` those that come are given a number at
    /// once, so that their first events are heard.
    pub fn note_numbers(&self, number: bool) {
        let mut notes = self.notes.borrow_mut();
        notes.listening = true;
        notes.number |= number;
    }

    /// How many have come or gone.
    pub(in crate::net) fn noted(&self) -> usize {
        self.notes.borrow().came.len()
    }

    /// Those that came or went since so many had.
    pub(in crate::net) fn noted_since(&self, since: usize) -> Vec<Note> {
        self.notes.borrow().came.get(since..).unwrap_or_default().to_vec()
    }

    pub(super) fn note(&self, ns: &Rc<Namespace>) {
        let (listening, number) = (self.notes.borrow().listening, self.notes.borrow().number);
        if !listening {
            return;
        }
        let note = match ns.fd.borrow().is_none() {
            true => Note { name: "".into(), ns: Weak::new(), number: None },
            false => Note {
                name: ns.name().into(),
                ns: Rc::downgrade(ns),
                // One that can't be given a number is heard by itself.
                number: if number { self.number_of(ns).ok().flatten() } else { None },
            },
        };
        self.notes.borrow_mut().came.push(note);
    }

    /// The number by which `host` knows `ns`; it is given one where numbers are given.
    pub(in crate::net) fn number_of(&self, ns: &Namespace) -> Result<Option<i32>> {
        match nsid_of(&self.host, ns.fd()?.as_fd())? {
            None if self.notes.borrow().number => {
                give_nsid(&self.host, ns)?;
                nsid_of(&self.host, ns.fd()?.as_fd())
            }
            number => Ok(number),
        }
    }

    /// The name of the namespace that `viewer` knows as `nsid` (`IFLA_LINK_NETNSID`), if it is one of ours.
    pub fn by_nsid(&self, viewer: &Namespace, nsid: i32) -> Result<Option<String>> {
        let key = (viewer.inode, nsid);
        if let Some(name) = self.nsids.borrow().get(&key) {
            return Ok(Some(name.clone()));
        }
        // The host or that of the last answer are most often the one, as where each has a link to the same bridge: then
        // nobody else is asked for.
        let last = self.last_by_nsid.borrow().clone();
        for name in [HOST, &last] {
            if let Some(ns) = self.get(name)?
                && self.keep_nsid(viewer, &ns)? == Some(nsid)
            {
                return Ok(Some(name.to_owned()));
            }
        }
        // All are kept: with many peers one round of questions answers for each of them.
        for ns in self.all()? {
            self.keep_nsid(viewer, &ns)?;
        }
        let found = self.nsids.borrow().get(&key).cloned();
        if let Some(name) = &found {
            self.last_by_nsid.replace(name.clone());
        }
        Ok(found)
    }

    /// The number by which `viewer` knows `ns`, kept for [`Namespaces::by_nsid`].
    fn keep_nsid(&self, viewer: &Namespace, ns: &Namespace) -> Result<Option<i32>> {
        let id = nsid_of(viewer, ns.fd()?.as_fd())?;
        if let Some(id) = id {
            self.nsids.borrow_mut().insert((viewer.inode, id), ns.name.clone());
        }
        Ok(id)
    }
}
