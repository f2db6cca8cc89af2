//! What netlink doesn't tell: a link's driver, and the values of the driver's own counters. By ioctl (linux/ethtool.h).

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

use super::{Request, header};
use crate::base::error::Result;
use crate::net::attributes::{Attributes, find, string};
use crate::net::link::find as link_find;
use crate::net::namespace::Namespace;
use crate::net::netlink::{Generic, attributes_of};

const ETHTOOL_GDRVINFO: u32 = 3;
const ETHTOOL_GSTATS: u32 = 0x1d;

/// The driver's name and versions, and where the device is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Driver {
    pub name: String,
    pub version: String,
    pub firmware: String,
    pub bus: String,
}

/// As `ethtool -i`; nothing for a link that has no driver.
pub(super) fn driver(ns: &Namespace, dev: &str) -> Result<Driver> {
    // `struct ethtool_drvinfo`: texts of 32 bytes behind the command.
    let mut info = [0u8; 196];
    info[..4].copy_from_slice(&ETHTOOL_GDRVINFO.to_ne_bytes());
    if !ask(ns, dev, info.as_mut_ptr().cast())? {
        return Ok(Driver::default());
    }
    let text = |at: usize| string(&info[4 + 32 * at..][..32]);
    Ok(Driver { name: text(0), version: text(1), firmware: text(2), bus: text(3) })
}

/// The driver's own counters by their names, as `ethtool -S`; none where it has none.
pub(super) fn stats(
    ns: &Namespace,
    socket: &mut Generic,
    index: u32,
    dev: &str,
) -> Result<BTreeMap<String, u64>> {
    let names = names(socket, index)?;
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    // `struct ethtool_stats`: the command and how many there are, then the values.
    const HEADER: usize = 8;
    let mut answer = Guarded::new(HEADER + 8 * names.len())?;
    answer.bytes()[..4].copy_from_slice(&ETHTOOL_GSTATS.to_ne_bytes());
    answer.bytes()[4..8].copy_from_slice(&(names.len() as u32).to_ne_bytes());
    if !ask(ns, dev, answer.start.as_ptr())? {
        return Ok(BTreeMap::new());
    }
    let values = answer.bytes()[HEADER..].chunks_exact(8);
    let values = values.map(|value| value.try_into().map_or(0, u64::from_ne_bytes));
    Ok(names.into_iter().zip(values).collect())
}

/// The names of the driver's counters, in its order.
fn names(socket: &mut Generic, index: u32) -> Result<Vec<String>> {
    const ETH_SS_STATS: u32 = 1;
    const STRINGSETS: u16 = 2;
    const STRINGSET: u16 = 1;
    const STRINGSET_ID: u16 = 1;
    const STRINGSET_STRINGS: u16 = 3;
    const STRING_VALUE: u16 = 2;
    let (mut wanted, mut sets) = (Attributes::new(), Attributes::new());
    wanted.put_u32(STRINGSET_ID, ETH_SS_STATS);
    sets.nest(STRINGSET, wanted);
    let mut body = header(index, 0);
    body.nest(STRINGSETS, sets);
    let mut names = Vec::new();
    let asked = socket.request(Request::StringsGet as u8, 0, body.bytes()?, |answer| {
        let sets = find(answer, STRINGSETS).unwrap_or_default();
        let set = find(sets, STRINGSET).unwrap_or_default();
        let strings = find(set, STRINGSET_STRINGS).unwrap_or_default();
        let one = |bytes| find(bytes, STRING_VALUE).map(string).unwrap_or_default();
        names.extend(attributes_of(strings).map(|(_, bytes)| one(bytes)));
    });
    match asked {
        Err(e) if e.raw() == Some(Errno::EOPNOTSUPP) => Ok(Vec::new()),
        asked => asked.map(|()| names),
    }
}

/// Sends a command; false where the link's driver doesn't know it.
fn ask(ns: &Namespace, dev: &str, command: *mut c_void) -> Result<bool> {
    match link_find::ethtool(ns, dev, command) {
        Err(e) if e.raw() == Some(Errno::EOPNOTSUPP) => Ok(false),
        asked => asked,
    }
}

/// Memory with nothing behind it. The kernel writes as many counters as the driver has by then, and asks nobody whether
/// there is room: where queues were added since their names were read, the call ends with EFAULT.
struct Guarded {
    start: NonNull<c_void>,
    /// Of the whole, with the page that can't be written.
    length: usize,
    /// What may be used of it.
    bytes: usize,
}

impl Guarded {
    fn new(bytes: usize) -> Result<Self> {
        const PAGE: usize = 65_536;
        let usable = bytes.next_multiple_of(PAGE);
        let length = usable + PAGE;
        let size = NonZeroUsize::new(length).ok_or(Errno::EINVAL)?;
        let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_ANONYMOUS;
        // SAFETY: new memory, of which nobody else knows.
        let start =
            unsafe { mmap_anonymous(None, size, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, flags) }?;
        let guarded = Guarded { start, length, bytes };
        // SAFETY: the last page is within what was mapped just now, and is never used.
        unsafe { mprotect(start.byte_add(usable), PAGE, ProtFlags::PROT_NONE) }?;
        Ok(guarded)
    }

    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: so many bytes were mapped for reading and writing, and are borrowed as `self` is.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.bytes) }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nobody holds a reference into it.
        let _ = unsafe { munmap(self.start, self.length) };
    }
}
