//! Tun and tap links through /dev/net/tun: made to stay, and opened to read what is sent by them and to write what they
//! receive (linux/if_tun.h).

use std::cell::RefCell;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;

use super::done::Done;
use super::fields::{LinkName, Number};
use super::link::{self, Tun, TunType, find};
use super::namespace::Namespace;
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};
use crate::model::{Words, table};

const DEVICE: &str = "/dev/net/tun";
const IFF_MULTI_QUEUE: i16 = 0x0100;
const IFF_NO_PI: i16 = 0x1000;
const IFF_VNET_HDR: i16 = 0x4000;
/// IFF_TUN_EXCL: the link must not be there.
const IFF_EXCL: u16 = 0x8000;
/// The largest packet, with what may stand in front of it.
const PACKET: usize = 65_535 + 64;

table! {
    /// How a tun or tap link is made (ip-tuntap(8)).
    pub struct Tuntap {
        Set dev: LinkName = header always, ip ["dev"], "its name";
        Set mode: TunType = header always, ip ["mode"],
            "tap for Ethernet frames, tun for packets of IP";
        Set owner: Number = header, ip ["user"], "the user who may open it, by number";
        Set group: Number = header, ip ["group"], "the group that may open it, by number";
        Set pi: bool = header, ip ["pi"], "four bytes with the protocol stand in front of each packet; default false";
        Set vnet_hdr: bool = header, ip ["vnet_hdr"], "a virtio header stands in front of each packet; default false";
        Set multi_queue: bool = header, ip ["multi_queue"], "it can be opened several times; default false";
    }
}

impl Tuntap {
    fn flags(&self) -> i16 {
        let flag = |set: Option<bool>, bit: i16| if set == Some(true) { bit } else { 0 };
        let no_pi = if self.pi == Some(true) { 0 } else { IFF_NO_PI };
        i16::from(self.mode.map_or(0, |mode| mode.0))
            | no_pi
            | flag(self.vnet_hdr, IFF_VNET_HDR)
            | flag(self.multi_queue, IFF_MULTI_QUEUE)
    }
}

mod ioctl {
    nix::ioctl_write_ptr_bad!(set_if, libc::TUNSETIFF, libc::ifreq);
    nix::ioctl_write_int_bad!(set_persist, libc::TUNSETPERSIST);
    nix::ioctl_write_int_bad!(set_owner, libc::TUNSETOWNER);
    nix::ioctl_write_int_bad!(set_group, libc::TUNSETGROUP);
}

/// Opens a link, and makes it if it isn't there. It goes when it is closed, unless it is made to stay.
fn attach(ns: &Namespace, name: &str, flags: i16) -> Result<File> {
    // SAFETY: ifreq is plain data, for which zero bytes are a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes().take(find::NAME_BYTES)) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = flags;
    // The file belongs to the namespace in which it was opened.
    let file = ns.within(|| {
        let mut options = File::options();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC);
        options.open(DEVICE).map_err(|e| match e.kind() {
            ErrorKind::NotFound => Error::from(e)
                .with_kind(Kind::Unsupported)
                .detail(format!("opening {DEVICE}"))
                .hint("it needs CONFIG_TUN: sudo modprobe tun"),
            _ => {
                Error::from(e).detail(format!("opening {DEVICE}")).hint("its mode must let this user open it")
            }
        })
    })?;
    // SAFETY: the descriptor is open, and the request a valid ifreq.
    match unsafe { ioctl::set_if(file.as_raw_fd(), &raw const request) } {
        Ok(_) => Ok(file),
        Err(Errno::EBUSY) => Err(Error::errno(Errno::EBUSY)
            .hint(format!("{name} is there already, or somebody has it open; multi_queue lets several"))),
        Err(Errno::EINVAL) => Err(Error::errno(Errno::EINVAL).hint(format!("{name} is of another mode"))),
        Err(e) => Err(e.into()),
    }
}

/// Makes a link that stays, as `ip tuntap add dev NAME mode MODE`. Raises `exists` if the name is taken.
pub fn add(ns: &Namespace, name: &str, spec: &Tuntap) -> Result<()> {
    find::check_name(name)?;
    if find::index(ns, name)?.is_some() {
        return Err(Error::errno(Errno::EEXIST).hint(format!("tun.open({name:?}) opens one that is there")));
    }
    let file = attach(ns, name, spec.flags() | IFF_EXCL as i16)?;
    let fd = file.as_raw_fd();
    let number = |id: Option<Number>| id.map(|id| id.0 as libc::c_int);
    // SAFETY: the descriptor is open; these requests take a number.
    unsafe {
        number(spec.owner).map(|id| ioctl::set_owner(fd, id)).transpose()?;
        number(spec.group).map(|id| ioctl::set_group(fd, id)).transpose()?;
        ioctl::set_persist(fd, 1)?;
    }
    let made = Tuntap { dev: Some(LinkName(name.to_owned())), ..spec.clone() };
    ns.report(Done::Tun(true, &made));
    Ok(())
}

/// Deletes a link that was made to stay, as `ip tuntap del dev NAME mode MODE`. Raises `argument` for a link of another kind.
pub fn del(ns: &Namespace, name: &str) -> Result<()> {
    let there = of(ns, name)?.ok_or_else(|| find::no_such_link(ns, name))?;
    let file = attach(ns, name, there.flags())?;
    // SAFETY: the descriptor is open; this request takes a number.
    unsafe { ioctl::set_persist(file.as_raw_fd(), 0) }?;
    drop(file);
    ns.report(Done::Tun(false, &there));
    Ok(())
}

/// How the link was made; `None` if there is none.
fn of(ns: &Namespace, name: &str) -> Result<Option<Tuntap>> {
    let Some(link) = link::get_plain(ns, name)? else { return Ok(None) };
    let Some(tun) = link.details.get::<Tun>() else {
        let kind = link.kind.as_deref().unwrap_or("link of no kind");
        return Err(Error::argument(format!("{name} is a {kind}, not a tun or tap")));
    };
    let on = |flag: Option<link::fields::OnOff>| flag.map(|flag| flag.0);
    Ok(Some(Tuntap {
        dev: Some(LinkName(name.to_owned())),
        mode: tun.mode,
        pi: on(tun.pi),
        vnet_hdr: on(tun.vnet_hdr),
        multi_queue: on(tun.multi_queue),
        ..Tuntap::default()
    }))
}

/// A tun or tap link that is open.
pub struct Open {
    name: String,
    mode: TunType,
    file: RefCell<Option<File>>,
}

/// Opens a link that is there as it was made, or makes one that goes when it is closed. Raises `argument` for a link of another
/// kind, `busy` if somebody has it open.
pub fn open(ns: &Namespace, name: &str, spec: &Tuntap) -> Result<Open> {
    find::check_name(name)?;
    let there = of(ns, name)?;
    if let (Some(asked), Some(mode)) = (spec.mode, there.as_ref().and_then(|there| there.mode))
        && asked != mode
    {
        return Err(Error::argument(format!("{name} is a {}, not a {}", mode.name(), asked.name())));
    }
    let tap = Tuntap { mode: spec.mode.or(Words::named("tap")), ..spec.clone() };
    let wanted = there.unwrap_or(tap);
    let file = attach(ns, name, wanted.flags())?;
    ns.unsettle();
    let mode = wanted.mode.unwrap_or(TunType(2));
    Ok(Open { name: name.to_owned(), mode, file: RefCell::new(Some(file)) })
}

impl Open {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn mode(&self) -> &'static str {
        self.mode.name()
    }

    pub fn is_open(&self) -> bool {
        self.file.borrow().is_some()
    }

    /// Closes it; a link that was not made to stay goes.
    pub fn close(&self) {
        self.file.borrow_mut().take();
    }

    fn with<T>(&self, f: impl FnOnce(&mut File) -> Result<T>) -> Result<T> {
        match &mut *self.file.borrow_mut() {
            Some(file) => f(file),
            None => Err(Error::new(Kind::Argument, format!("{} was closed", self.name))),
        }
    }

    /// The next packet that is sent by the link; `None` when the deadline passed.
    pub fn read(&self, deadline: Deadline) -> Result<Option<Vec<u8>>> {
        self.with(|file| {
            let mut packet = vec![0; PACKET];
            loop {
                match file.read(&mut packet) {
                    Ok(length) => {
                        packet.truncate(length);
                        return Ok(Some(packet));
                    }
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {
                        if !wait::readable(file.as_fd(), deadline)? {
                            return Ok(None);
                        }
                    }
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    Err(e) => return Err(self.explain(e.into())),
                }
            }
        })
    }

    /// Has the link receive a packet.
    pub fn write(&self, packet: &[u8]) -> Result<()> {
        self.with(|file| match file.write(packet) {
            Ok(_) => Ok(()),
            Err(e) => Err(self.explain(e.into())),
        })
    }

    fn explain(&self, e: Error) -> Error {
        match e.raw() {
            Some(Errno::EIO) => e.hint(format!("{0} is down: link.set({0:?}, {{ up = true }})", self.name)),
            Some(Errno::EINVAL) if self.mode.0 == 1 => {
                e.hint("a tun takes packets of IP, from the first byte of their header on")
            }
            Some(Errno::EINVAL) => e.hint("a tap takes Ethernet frames of at least 14 bytes"),
            _ => e,
        }
    }
}
