//! Generic netlink: protocols that have their number from the kernel, by name (linux/genetlink.h).

use nix::errno::Errno;

use super::{Answer, Socket, attributes_of};
use crate::base::error::{Error, Kind, Result};
use crate::net::attributes::{Attributes, find, string, unsigned};
use crate::net::namespace::Namespace;

pub const NETLINK_GENERIC: isize = 16;
const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
/// `struct genlmsghdr`: command, version, padding.
const HEADER: usize = 4;

/// What a protocol is asked for by.
fn named(name: &str) -> Attributes {
    const CTRL_ATTR_FAMILY_NAME: u16 = 2;
    let mut named = Attributes::new();
    named.put_str(CTRL_ATTR_FAMILY_NAME, name);
    named
}

/// A socket of one namespace that speaks one protocol.
pub struct Generic {
    socket: Socket,
    family: u16,
    version: u8,
}

impl Generic {
    /// Raises `unsupported` where the kernel has no such protocol, or can't load it.
    pub fn open(ns: &Namespace, name: &str, version: u8) -> Result<Self> {
        const CTRL_ATTR_FAMILY_ID: u16 = 1;
        let socket = ns.within(|| Socket::open(NETLINK_GENERIC))?;
        let mut control = Generic { socket, family: GENL_ID_CTRL, version: 1 };
        let mut family = None;
        control
            .request(CTRL_CMD_GETFAMILY, 0, named(name).bytes()?, |attributes| {
                let id = attributes_of(attributes).find(|(kind, _)| *kind == CTRL_ATTR_FAMILY_ID);
                family = id.and_then(|(_, id)| id.first_chunk()).map(|id| u16::from_ne_bytes(*id));
            })
            .map_err(|e| match e.raw() {
                Some(Errno::ENOENT) => {
                    e.with_kind(Kind::Unsupported).detail(format!("the kernel has no {name}"))
                }
                _ => e,
            })?;
        let family = family.ok_or_else(|| Error::new(Kind::Protocol, format!("{name} has no number")))?;
        Ok(Generic { family, version, ..control })
    }

    /// The number of a group to which the protocol tells events; `None` if it has no such group.
    ///
    /// Raises `unsupported` where the kernel has no such protocol.
    pub fn group(ns: &Namespace, name: &str, group: &str) -> Result<Option<u32>> {
        const CTRL_ATTR_MCAST_GROUPS: u16 = 7;
        const CTRL_ATTR_MCAST_GRP_NAME: u16 = 1;
        const CTRL_ATTR_MCAST_GRP_ID: u16 = 2;
        let mut control = Generic { family: GENL_ID_CTRL, version: 1, ..Self::open(ns, name, 1)? };
        let mut found = None;
        control.request(CTRL_CMD_GETFAMILY, 0, named(name).bytes()?, |attributes| {
            let groups = find(attributes, CTRL_ATTR_MCAST_GROUPS).unwrap_or_default();
            let is = |one: &[u8]| find(one, CTRL_ATTR_MCAST_GRP_NAME).map(string).as_deref() == Some(group);
            let one = attributes_of(groups).map(|(_, one)| one).find(|one| is(one));
            found = one.and_then(|one| find(one, CTRL_ATTR_MCAST_GRP_ID)).map(|id| unsigned(id) as u32);
        })?;
        Ok(found)
    }

    /// Sends one request, as [`Socket::raw`]; `each` gets the attributes of each answer.
    pub fn request(
        &mut self,
        command: u8,
        flags: u16,
        body: &[u8],
        mut each: impl FnMut(&[u8]),
    ) -> Result<()> {
        let request = [&[command, self.version, 0, 0], body].concat();
        self.socket.raw(self.family, flags, &request, &mut |answer: Option<Answer<'_>>| {
            if let Some(attributes) = answer.and_then(|answer| answer.payload.get(HEADER..)) {
                each(attributes);
            }
            Ok(())
        })
    }
}
