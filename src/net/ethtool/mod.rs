//! What ethtool(8) shows and sets: features, settings, channels, rings, coalescing, pause frames, counters. By generic netlink
//! (linux/ethtool_netlink.h), and by ioctl what that doesn't tell.

mod driver;
mod features;
mod table;
mod text;

use std::collections::BTreeMap;

use nix::errno::Errno;

use super::attributes::{Attributes, find, unsigned};
use super::done::Done;
use super::link::find as link_find;
use super::namespace::Namespace;
use super::netlink::{Generic, attributes_of};
use crate::base::error::{Error, Kind, Result};
use crate::model::Table;

pub use driver::Driver;
pub use features::{Features, short};
pub use table::{Channels, Coalesce, Eee, Pause, Plug, Rings, Settings};

/// ETHTOOL_MSG_*
#[derive(Clone, Copy)]
enum Request {
    StringsGet = 1,
    LinkInfoGet = 2,
    LinkModesGet = 4,
    LinkModesSet = 5,
    LinkStateGet = 6,
    WolGet = 9,
    FeaturesGet = 11,
    FeaturesSet = 12,
    PrivateFlagsGet = 13,
    RingsGet = 15,
    RingsSet = 16,
    ChannelsGet = 17,
    ChannelsSet = 18,
    CoalesceGet = 19,
    CoalesceSet = 20,
    PauseGet = 21,
    PauseSet = 22,
    EeeGet = 23,
    FecGet = 29,
}

/// Attributes that stand in several messages.
mod attribute {
    /// ETHTOOL_A_*_HEADER, the first of each message.
    pub const HEADER: u16 = 1;
    pub const HEADER_DEV_INDEX: u16 = 1;
    pub const HEADER_FLAGS: u16 = 3;
    /// ETHTOOL_FLAG_OMIT_REPLY
    pub const OMIT_REPLY: u32 = 2;
    pub const BITSET_BITS: u16 = 3;
    pub const BITSET_BIT: u16 = 1;
    pub const BIT_INDEX: u16 = 1;
    pub const BIT_NAME: u16 = 2;
    pub const BIT_VALUE: u16 = 3;
}

/// What was found of a link.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ethtool {
    pub dev: String,
    pub driver: Driver,
    pub settings: Settings,
    pub plug: Plug,
    /// A cable with somebody at its far end.
    pub link: Option<bool>,
    pub features: Features,
    pub channels: Option<Channels>,
    pub rings: Option<Rings>,
    pub coalesce: Option<Coalesce>,
    pub pause: Option<Pause>,
    pub eee: Option<Eee>,
    /// What can wake the machine, each with whether it does.
    pub wol: Option<BTreeMap<String, bool>>,
    /// The ways of forward error correction that may be used.
    pub fec: Option<Vec<String>>,
    /// The driver's own flags.
    pub private_flags: Option<BTreeMap<String, bool>>,
}

/// What is to be set of a link.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spec {
    pub settings: Settings,
    /// By the kernel's names and ethtool's words.
    pub features: Vec<(String, bool)>,
    pub channels: Channels,
    pub rings: Rings,
    pub coalesce: Coalesce,
    pub pause: Pause,
}

/// What was set at once, of a [`Spec`]: a command of ethtool.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    Settings(&'a Settings),
    Features(&'a [(String, bool)]),
    Channels(&'a Channels),
    Rings(&'a Rings),
    Coalesce(&'a Coalesce),
    Pause(&'a Pause),
}

/// The attribute that names the link; the first of each message.
fn header(index: u32, flags: u32) -> Attributes {
    let (mut body, mut inner) = (Attributes::new(), Attributes::new());
    inner.put_u32(attribute::HEADER_DEV_INDEX, index);
    if flags != 0 {
        inner.put_u32(attribute::HEADER_FLAGS, flags);
    }
    body.nest(attribute::HEADER, inner);
    body
}

fn open(ns: &Namespace) -> Result<Generic> {
    Generic::open(ns, "ethtool", 1).map_err(|e| e.hint("it needs CONFIG_ETHTOOL_NETLINK, of Linux 5.6"))
}

/// What there is of a link, as ethtool(8) shows with `-i`, `-k`, `-l`, `-g`, `-c`, `-a`, `--show-eee`,
/// `--show-fec`, `--show-priv-flags` and without an option; what its driver doesn't
/// know is left out. Raises `not_found` if there is no such link.
pub fn get(ns: &Namespace, dev: &str) -> Result<Ethtool> {
    const LINKSTATE_LINK: u16 = 2;
    let index = link_find::require_index(ns, dev)?;
    let mut socket = open(ns)?;
    let state = ask(&mut socket, Request::LinkStateGet, index)?;
    let link = state.as_deref().and_then(|answer| find(answer, LINKSTATE_LINK)).map(unsigned);
    Ok(Ethtool {
        dev: dev.to_owned(),
        driver: driver::driver(ns, dev)?,
        settings: read(&mut socket, Request::LinkModesGet, index)?.unwrap_or_default(),
        plug: read(&mut socket, Request::LinkInfoGet, index)?.unwrap_or_default(),
        link: link.map(|link| link != 0),
        features: features::read(&mut socket, index)?,
        channels: read(&mut socket, Request::ChannelsGet, index)?,
        rings: read(&mut socket, Request::RingsGet, index)?,
        coalesce: read(&mut socket, Request::CoalesceGet, index)?,
        pause: read(&mut socket, Request::PauseGet, index)?,
        eee: read(&mut socket, Request::EeeGet, index)?,
        wol: flags(&mut socket, Request::WolGet, index)?,
        fec: flags(&mut socket, Request::FecGet, index)?.map(|modes| modes.into_keys().collect()),
        private_flags: flags(&mut socket, Request::PrivateFlagsGet, index)?,
    })
}

/// The answer's attributes; `None` where the driver doesn't know what is asked.
fn ask(socket: &mut Generic, request: Request, index: u32) -> Result<Option<Vec<u8>>> {
    let mut found = None;
    let asked = socket.request(request as u8, 0, header(index, 0).bytes()?, |answer| {
        found = Some(answer.to_vec());
    });
    match asked {
        // ENODEV is what some drivers say of a link that is down.
        Err(e) if matches!(e.raw(), Some(Errno::EOPNOTSUPP | Errno::EINVAL)) => Ok(None),
        asked => asked.map(|()| found),
    }
}

fn read<T: Table>(socket: &mut Generic, request: Request, index: u32) -> Result<Option<T>> {
    Ok(ask(socket, request, index)?.map(|answer| {
        let mut object = T::blank();
        attributes_of(&answer).for_each(|(number, bytes)| object.decode(number, bytes));
        object
    }))
}

/// The bits that the answer's first attribute behind the header lists; `None` where the driver has none.
fn flags(socket: &mut Generic, request: Request, index: u32) -> Result<Option<BTreeMap<String, bool>>> {
    // ETHTOOL_A_WOL_MODES, ETHTOOL_A_FEC_MODES, ETHTOOL_A_PRIVFLAGS_FLAGS
    const BITS: u16 = 2;
    let flags = ask(socket, request, index)?.map(|answer| features::flags(&answer, BITS));
    Ok(flags.filter(|flags| !flags.is_empty()))
}

/// The driver's own counters, by its names for them, as `ethtool -S`; those of a queue have its number in the name. None where
/// it has none. Raises `not_found` if there is no such link.
pub fn stats(ns: &Namespace, dev: &str) -> Result<BTreeMap<String, u64>> {
    let index = link_find::require_index(ns, dev)?;
    driver::stats(ns, &mut open(ns)?, index, dev)
}

/// Sets what is given, a part after the other: features, channels, rings, coalescing, pause frames, settings. Raises
/// `not_found` if there is no such link, `argument` for an unknown feature, `unsupported` for what the driver can't change.
pub fn set(ns: &Namespace, dev: &str, spec: &Spec) -> Result<()> {
    let index = link_find::require_index(ns, dev)?;
    let mut socket = open(ns)?;
    let asked = features::check(&mut socket, index, dev, spec)?;
    if !asked.is_empty() {
        // What was done stays, though not all of it may have been: a feature can depend on another.
        let set = features::set(&mut socket, index, dev, &asked);
        ns.report(Done::Ethtool(dev, Part::Features(&spec.features)));
        set?;
    }
    let mut change = Change { ns, dev, index, socket };
    change.part(Request::ChannelsSet, "channels", &spec.channels, Part::Channels)?;
    change.part(Request::RingsSet, "rings", &spec.rings, Part::Rings)?;
    change.part(Request::CoalesceSet, "coalescing", &spec.coalesce, Part::Coalesce)?;
    change.part(Request::PauseSet, "pause frames", &spec.pause, Part::Pause)?;
    change.part(Request::LinkModesSet, "settings", &spec.settings, Part::Settings)
}

struct Change<'a> {
    ns: &'a Namespace,
    dev: &'a str,
    index: u32,
    socket: Generic,
}

impl Change<'_> {
    /// Sends what is given of one table, if anything is.
    fn part<'a, T: Table>(
        &mut self,
        request: Request,
        what: &str,
        given: &'a T,
        part: fn(&'a T) -> Part<'a>,
    ) -> Result<()> {
        let (mut body, mut any) = (header(self.index, attribute::OMIT_REPLY), false);
        given.encode(&mut |number, bytes| {
            any = true;
            body.put(number, bytes);
        });
        if !any {
            return Ok(());
        }
        let sent = self.socket.request(request as u8, 0, body.bytes()?, |_| ());
        sent.map_err(|e| explain(self.dev, what, e))?;
        self.ns.report(Done::Ethtool(self.dev, part(given)));
        Ok(())
    }
}

fn explain(dev: &str, what: &str, e: Error) -> Error {
    match e.raw() {
        Some(Errno::EOPNOTSUPP) => {
            e.with_kind(Kind::Unsupported).hint(format!("the driver of {dev} can't change its {what}"))
        }
        Some(Errno::EINVAL | Errno::ERANGE) => {
            e.hint(format!("ethtool.get({dev:?}) tells what there is, and the most that there can be"))
        }
        _ => e,
    }
}
