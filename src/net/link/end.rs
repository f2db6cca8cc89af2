//! An end of a link: what a new link, the other end of its cable, or a link that is there shall be.

use std::os::fd::AsRawFd;
use std::rc::Rc;

use ipnetwork::IpNetwork;

use super::common::{Common, is_late};
use super::fields::Toggle;
use super::{Port, RTM_NEWLINK, change, find, ifinfomsg, ifla};
use crate::base::error::Result;
use crate::model::{Row, Table};
use crate::net::addr;
use crate::net::attributes::Attributes;
use crate::net::namespace::Namespace;

/// What is `None` or empty is the kernel's choice, or stays as it is; but for `queues`.
#[derive(Clone, Default)]
pub struct End {
    /// Of the far end of a pair: `veth0` or the next that is free there, unless given. Of a link that is there: a new
    /// one; kernels before 6.2 rename only a link that is down.
    pub name: Option<String>,
    /// Where the far end is made: with the near one, unless given. Where a link that is there moves to; it loses its
    /// addresses and goes down.
    pub ns: Option<Rc<Namespace>>,
    pub common: Common,
    /// In the namespace of this end.
    pub master: Option<Master>,
    /// Queues in each direction of a new link; 1 unless given. The kernel's own default is one per CPU, at twice the cost.
    pub queues: Option<u32>,
    /// Addresses to add to a new link, as by [`crate::net::addr::add`] with `nodad`.
    pub addrs: Vec<IpNetwork>,
    /// Options as a port of the master.
    pub port: Port,
}

/// What becomes of a link's membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Master {
    /// A port of this bridge or VRF from now on.
    Of(String),
    /// No port any more (`nomaster`).
    None,
}

impl End {
    /// One that is set up, or down.
    pub fn up(up: bool) -> Self {
        End { common: Common { up: Some(Toggle(up)), ..Common::default() }, ..End::default() }
    }

    pub(super) fn master(&self) -> Option<&str> {
        match &self.master {
            Some(Master::Of(master)) => Some(master),
            _ => None,
        }
    }

    /// Encodes those of the common attributes that `which` says.
    pub(super) fn put(&self, body: &mut Attributes, which: impl Fn(&Row<Common>) -> bool) {
        for row in Common::ROWS.iter().filter(|row| which(row)) {
            if let (Some(number), Some(bytes)) = (row.number, (row.encode)(&self.common)) {
                body.put(number, &bytes);
            }
        }
    }

    /// What a link is made with.
    pub(super) fn put_made(&self, body: &mut Attributes) {
        self.put(body, |row| !is_late(row));
        let queues = self.queues.unwrap_or(1);
        body.put_u32(ifla::NUM_TX_QUEUES, queues);
        body.put_u32(ifla::NUM_RX_QUEUES, queues);
    }

    /// The master is looked up in `ns`, where the link is or will be.
    pub(super) fn put_master(&self, ns: &Namespace, body: &mut Attributes) -> Result<()> {
        let index = match &self.master {
            Some(Master::Of(master)) => find::require_index(ns, master).map_err(|e| e.detail("master"))?,
            Some(Master::None) => 0,
            None => return Ok(()),
        };
        body.put_u32(ifla::MASTER, index);
        Ok(())
    }

    pub(super) fn put_ns(&self, body: &mut Attributes) -> Result<()> {
        if let Some(ns) = &self.ns {
            body.put_u32(ifla::NET_NS_FD, ns.fd()?.as_raw_fd() as u32);
        }
        Ok(())
    }

    /// A message about the link of this index, with the flags that are given.
    pub(super) fn message(&self, index: u32, body: &Attributes) -> Result<Vec<u8>> {
        let head = ifinfomsg(0, index, self.common.flags(), self.common.mask());
        Ok([head.as_slice(), body.bytes()?].concat())
    }

    /// The index that the link shall have, 0 for any.
    pub(super) fn index(&self) -> u32 {
        self.common.index.map_or(0, |index| index.0)
    }

    /// Sends what is set once the link is there, and adds the addresses. `body` is what there is to be sent.
    pub(super) fn finish(&self, ns: &Namespace, index: u32, message: Option<Vec<u8>>) -> Result<()> {
        if let Some(message) = message {
            let sent = ns.rtnl(RTM_NEWLINK, 0, &message, |_| Ok(()));
            sent.map_err(|e| change::explain_master(ns, self.master(), e))?;
        }
        if self.port != Port::default() {
            change::set_port(ns, index, &self.port)?;
        }
        for address in &self.addrs {
            let added = addr::add_plain(ns, index, *address);
            added.map_err(|e| e.detail(format!("adding the address {address}")))?;
        }
        Ok(())
    }
}
