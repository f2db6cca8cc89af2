//! Links by name and index, and the rules for names.

use std::os::fd::AsRawFd;

use nix::errno::Errno;

use super::{Link, RTM_GETLINK, ifinfomsg, ifla};
use crate::base::error::{Error, Kind, Result};
use crate::base::text::listed;
use crate::net::attributes::{Attributes, string, unsigned};
use crate::net::names::similar;
use crate::net::namespace::Namespace;

/// IFNAMSIZ without the terminating zero.
pub const NAME_BYTES: usize = 15;

mod ioctl {
    nix::ioctl_readwrite_bad!(siocgifindex, libc::SIOCGIFINDEX, libc::ifreq);
    nix::ioctl_readwrite_bad!(siocgifflags, libc::SIOCGIFFLAGS, libc::ifreq);
    nix::ioctl_readwrite_bad!(siocgifname, libc::SIOCGIFNAME, libc::ifreq);
    nix::ioctl_readwrite_bad!(siocaddmulti, libc::SIOCADDMULTI, libc::ifreq);
    nix::ioctl_readwrite_bad!(siocdelmulti, libc::SIOCDELMULTI, libc::ifreq);
    nix::ioctl_readwrite_bad!(siocethtool, libc::SIOCETHTOOL, libc::ifreq);
}

/// Checks a new link's name against the kernel's rules (`dev_valid_name` in net/core/dev.c).
pub fn check_name(name: &str) -> Result<()> {
    let wrong = match name {
        "" => "must not be empty".to_owned(),
        "." | ".." => "can't be \".\" or \"..\"".to_owned(),
        _ if name.len() > NAME_BYTES => {
            format!("has at most {NAME_BYTES} bytes, {name:?} has {}", name.len())
        }
        _ if name.contains(['/', ':']) => format!("must not contain \"/\" or \":\", got {name:?}"),
        // The kernel takes "eth%d" for a pattern to fill in.
        _ if name.contains('%') => format!("must not contain \"%\", got {name:?}"),
        _ if name.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            format!("must not contain white space or control characters, got {name:?}")
        }
        _ => return Ok(()),
    };
    Err(Error::argument(format!("a link's name {wrong}")))
}

fn ifreq() -> libc::ifreq {
    // SAFETY: ifreq is plain data, for which zero bytes are a valid value.
    unsafe { std::mem::zeroed() }
}

fn set_name(request: &mut libc::ifreq, name: &str) {
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes().take(NAME_BYTES)) {
        *to = from as libc::c_char;
    }
}

/// Sends the request over the netlink socket: a microsecond, where a message would cost twenty. False if there is no such
/// link.
fn ask(
    ns: &Namespace,
    request: &mut libc::ifreq,
    call: unsafe fn(libc::c_int, *mut libc::ifreq) -> nix::Result<libc::c_int>,
) -> Result<bool> {
    let socket = ns.route()?;
    // SAFETY: the descriptor is open, and the request a valid ifreq.
    match unsafe { call(socket.fd().as_raw_fd(), request) } {
        Ok(_) => Ok(true),
        Err(Errno::ENODEV) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Whether the link `name` is administratively up; `false` if there is none.
pub fn is_up(ns: &Namespace, name: &str) -> Result<bool> {
    let mut request = ifreq();
    set_name(&mut request, name);
    let there = ask(ns, &mut request, ioctl::siocgifflags)?;
    // SAFETY: the kernel filled in the flags, or they are zero bytes still.
    Ok(there && unsafe { request.ifr_ifru.ifru_flags } & libc::IFF_UP as libc::c_short != 0)
}

/// The index of the link `name` (an alternative name is found too); `None` if there is none.
pub fn index(ns: &Namespace, name: &str) -> Result<Option<u32>> {
    if name.is_empty() || name.contains('\0') {
        return Ok(None);
    }
    if name.len() > NAME_BYTES {
        return index_of_altname(ns, name);
    }
    let mut request = ifreq();
    set_name(&mut request, name);
    let there = ask(ns, &mut request, ioctl::siocgifindex)?;
    // SAFETY: the kernel filled in the index, or it is zero bytes still.
    let index = unsafe { request.ifr_ifru.ifru_ifindex };
    Ok(there.then_some(index as u32))
}

fn index_of_altname(ns: &Namespace, name: &str) -> Result<Option<u32>> {
    // ALTIFNAMSIZ
    if name.len() > 127 {
        return Ok(None);
    }
    let mut body = Attributes::new();
    body.put_str(ifla::ALT_IFNAME, name);
    let request = [ifinfomsg(0, 0, 0, 0).as_slice(), body.bytes()?].concat();
    let mut found = None;
    let result = ns.rtnl(RTM_GETLINK, 0, &request, |answer| {
        if let Some(index) = answer.and_then(|a| a.payload.get(4..8).map(unsigned)) {
            found = Some(index as u32);
        }
        Ok(())
    });
    match result {
        Err(e) if e.raw() == Some(Errno::ENODEV) => Ok(None),
        result => result.map(|()| found),
    }
}

/// Sends a command of linux/ethtool.h to a link's driver; `command` points at its structure, and the kernel writes its answer there.
/// False if there is no such link.
pub(in crate::net) fn ethtool(ns: &Namespace, name: &str, command: *mut libc::c_void) -> Result<bool> {
    let mut request = ifreq();
    set_name(&mut request, name);
    request.ifr_ifru.ifru_data = command.cast();
    ask(ns, &mut request, ioctl::siocethtool)
}

/// Has the link `name` take the frames to a group's hardware address, or no longer. False if there is no such link.
pub(in crate::net) fn change_group(ns: &Namespace, name: &str, mac: [u8; 6], add: bool) -> Result<bool> {
    let mut address = libc::sockaddr { sa_family: libc::AF_UNSPEC as libc::sa_family_t, sa_data: [0; 14] };
    for (to, from) in address.sa_data.iter_mut().zip(mac) {
        *to = from as libc::c_char;
    }
    let mut request = ifreq();
    set_name(&mut request, name);
    request.ifr_ifru.ifru_hwaddr = address;
    ask(ns, &mut request, if add { ioctl::siocaddmulti } else { ioctl::siocdelmulti })
}

/// The name of the link with this index, if there is one.
pub fn name(ns: &Namespace, index: u32) -> Result<Option<String>> {
    let mut request = ifreq();
    request.ifr_ifru.ifru_ifindex = index as libc::c_int;
    let there = ask(ns, &mut request, ioctl::siocgifname)?;
    let bytes: Vec<u8> = request.ifr_name.iter().map(|c| *c as u8).collect();
    Ok(there.then(|| string(&bytes)))
}

/// The index of a link that must be there; the error names those that are.
pub fn require_index(ns: &Namespace, name: &str) -> Result<u32> {
    match index(ns, name)? {
        Some(index) => Ok(index),
        None => Err(no_such_link(ns, name)),
    }
}

/// "No link named ...", with those that are there.
pub fn no_such_link(ns: &Namespace, name: &str) -> Error {
    let names = all_names(ns).unwrap_or_default();
    let there = listed(&names);
    let error = Error::new(Kind::NotFound, format!("no link named {name:?} (there is {there})"))
        .in_namespace(ns.name());
    match similar(name, names.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean {near:?}?")),
        None => error,
    }
}

/// The names of all links, in the kernel's order.
pub fn all_names(ns: &Namespace) -> Result<Vec<String>> {
    let links = super::read::dump(ns)?;
    Ok(links.into_iter().map(|link| link.name).collect())
}

/// The hardware addresses of all links but the loopback.
pub fn all_macs(ns: &Namespace) -> Result<Vec<String>> {
    let links = super::read::dump(ns)?;
    Ok(links.iter().filter(|link| link.name != "lo").filter_map(Link::mac).collect())
}
