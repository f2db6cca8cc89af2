//! Features: what a link leaves to its device, or to its driver (`ethtool -k`, `ethtool -K`).

use std::collections::BTreeMap;

use super::{Request, Spec, attribute, explain, header};
use crate::base::error::{Error, Kind, Result};
use crate::base::text::similar;
use crate::net::attributes::{Attributes, find, string, unsigned};
use crate::net::netlink::{Generic, attributes_of};

/// One that has no word of its own, or one of those that ethtool's word stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    pub name: String,
    pub on: bool,
    /// As it was asked to be.
    wanted: bool,
    /// Can't be changed.
    pub fixed: bool,
}

/// The words of ethtool(8) for groups of features, its long names for them, and the names that belong to each: a star stands for
/// anything.
const GROUPS: &[(&str, &str, &str)] = &[
    ("rx", "rx-checksumming", "rx-checksum"),
    ("tx", "tx-checksumming", "tx-checksum-*"),
    ("sg", "scatter-gather", "tx-scatter-gather*"),
    ("tso", "tcp-segmentation-offload", "tx-tcp*-segmentation"),
    ("ufo", "udp-fragmentation-offload", "tx-udp-fragmentation"),
    ("gso", "generic-segmentation-offload", "tx-generic-segmentation"),
    ("gro", "generic-receive-offload", "rx-gro"),
    ("lro", "large-receive-offload", "rx-lro"),
    ("rxvlan", "rx-vlan-offload", "rx-vlan-hw-parse"),
    ("txvlan", "tx-vlan-offload", "tx-vlan-hw-insert"),
    ("ntuple", "ntuple-filters", "rx-ntuple-filter"),
    ("rxhash", "receive-hashing", "rx-hashing"),
];

/// Of all features of a link, in the kernel's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features(pub Vec<Feature>);

/// Whether the name is one of the pattern's.
fn is_like(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        Some((begin, end)) => {
            name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end)
        }
        None => name == pattern,
    }
}

/// ethtool's short word for what it calls by this long name.
pub fn short(name: &str) -> &str {
    GROUPS.iter().find(|(_, long, _)| *long == name).map_or(name, |(short, ..)| short)
}

impl Features {
    /// Those that the name stands for: its own, or those of the group.
    fn named(&self, name: &str) -> Vec<&Feature> {
        let group = GROUPS.iter().find(|(word, long, _)| *word == name || *long == name);
        let pattern = group.map_or(name, |(_, _, pattern)| pattern);
        self.0.iter().filter(|feature| is_like(&feature.name, pattern)).collect()
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        GROUPS.iter().map(|(word, ..)| *word).filter(|word| !self.named(word).is_empty())
    }

    /// Which are on, by the kernel's names and by ethtool's words: a group is on where one of it is.
    pub fn on(&self) -> BTreeMap<String, bool> {
        let own = self.0.iter().map(|feature| (feature.name.clone(), feature.on));
        own.chain(self.words().map(|word| (word.to_owned(), self.named(word).iter().any(|f| f.on)))).collect()
    }

    /// Those that can't be changed, by the same names.
    pub fn fixed(&self) -> Vec<String> {
        let words = self.words().filter(|word| self.named(word).iter().all(|f| f.fixed));
        let own = self.0.iter().filter(|feature| feature.fixed).map(|feature| feature.name.clone());
        words.map(str::to_owned).chain(own).collect()
    }

    /// Those that were asked to be other than they are.
    pub fn wanted(&self) -> BTreeMap<String, bool> {
        let other = self.0.iter().filter(|feature| !feature.fixed && feature.on != feature.wanted);
        other.map(|feature| (feature.name.clone(), feature.wanted)).collect()
    }

    /// What is to be asked of the kernel. Raises `argument` for a name that is none, `unsupported` for what can't be so.
    fn asked(&self, dev: &str, given: &[(String, bool)]) -> Result<BTreeMap<String, bool>> {
        let mut asked = BTreeMap::new();
        for (name, on) in given {
            let meant = self.named(name);
            if meant.is_empty() {
                return Err(self.unknown(name));
            }
            if meant.iter().all(|feature| feature.fixed && feature.on != *on) {
                let is = if *on { "off" } else { "on" };
                return Err(Error::new(
                    Kind::Unsupported,
                    format!("{name} of {dev} is {is}, and its driver can't change it"),
                ));
            }
            let open = meant.iter().filter(|feature| !feature.fixed);
            asked.extend(open.map(|feature| (feature.name.clone(), *on)));
        }
        Ok(asked)
    }

    fn unknown(&self, name: &str) -> Error {
        let known = self.words().chain(self.0.iter().map(|feature| feature.name.as_str()));
        let wrong = format!("unknown feature {name:?}");
        match similar(name, known) {
            Some(near) => Error::argument(format!("{wrong}; did you mean {near:?}?")),
            None => Error::argument(wrong).hint("ethtool.get(DEV).features has the names"),
        }
    }
}

/// Reads all features, in the kernel's order.
pub(super) fn read(socket: &mut Generic, index: u32) -> Result<Features> {
    let mut features = Features::default();
    socket.request(Request::FeaturesGet as u8, 0, header(index, 0).bytes()?, |answer| {
        features = parse(answer);
    })?;
    Ok(features)
}

/// What ETHTOOL_MSG_FEATURES_GET_REPLY says: of the bits of HW and NOCHANGE all are listed, of the others those that are set.
fn parse(answer: &[u8]) -> Features {
    const HW: u16 = 2;
    const WANTED: u16 = 3;
    const ACTIVE: u16 = 4;
    const NOCHANGE: u16 = 5;
    let set = |number| -> Vec<u64> {
        let bits = find(answer, number).map(bits).unwrap_or_default();
        bits.into_iter().filter(|bit| bit.set).map(|bit| bit.index).collect()
    };
    // The other two have no mask, and so list what is set alone.
    let listed = |number| -> Vec<u64> {
        find(answer, number).map(bits).unwrap_or_default().into_iter().map(|bit| bit.index).collect()
    };
    let (hw, unchanging, wanted, active) = (set(HW), set(NOCHANGE), listed(WANTED), listed(ACTIVE));
    let all = find(answer, HW).map(bits).unwrap_or_default();
    // Bits that the kernel has no use for yet have an empty name.
    let features = all.into_iter().filter(|bit| !bit.name.is_empty()).map(|bit| Feature {
        on: active.contains(&bit.index),
        wanted: wanted.contains(&bit.index),
        fixed: !hw.contains(&bit.index) || unchanging.contains(&bit.index),
        name: bit.name,
    });
    Features(features.collect())
}

struct Bit {
    index: u64,
    name: String,
    set: bool,
}

/// The bits that ETHTOOL_A_BITSET_BITS lists.
fn bits(set: &[u8]) -> Vec<Bit> {
    let listed = find(set, attribute::BITSET_BITS).unwrap_or_default();
    let bit = |bytes| Bit {
        index: find(bytes, attribute::BIT_INDEX).map_or(u64::MAX, unsigned),
        name: find(bytes, attribute::BIT_NAME).map(string).unwrap_or_default(),
        set: find(bytes, attribute::BIT_VALUE).is_some(),
    };
    attributes_of(listed).map(|(_, bytes)| bit(bytes)).collect()
}

/// The bits of an answer's attribute, each with whether it is set, of those that the driver knows.
pub(super) fn flags(answer: &[u8], number: u16) -> BTreeMap<String, bool> {
    let bits = find(answer, number).map(bits).unwrap_or_default();
    bits.into_iter().filter(|bit| !bit.name.is_empty()).map(|bit| (bit.name, bit.set)).collect()
}

/// Checks that the features have these names and can be so.
pub(super) fn check(
    socket: &mut Generic,
    index: u32,
    dev: &str,
    spec: &Spec,
) -> Result<BTreeMap<String, bool>> {
    match spec.features.is_empty() {
        true => Ok(BTreeMap::new()),
        false => read(socket, index)?.asked(dev, &spec.features),
    }
}

/// Switches features on and off, and looks whether they are so now: the kernel refuses silently.
pub(super) fn set(socket: &mut Generic, index: u32, dev: &str, asked: &BTreeMap<String, bool>) -> Result<()> {
    const WANTED: u16 = 3;
    let (mut body, mut set, mut list) =
        (header(index, attribute::OMIT_REPLY), Attributes::new(), Attributes::new());
    for (name, on) in asked {
        let mut bit = Attributes::new();
        bit.put_str(attribute::BIT_NAME, name);
        if *on {
            bit.put(attribute::BIT_VALUE, &[]);
        }
        list.nest(attribute::BITSET_BIT, bit);
    }
    set.nest(attribute::BITSET_BITS, list);
    body.nest(WANTED, set);
    let sent = socket.request(Request::FeaturesSet as u8, 0, body.bytes()?, |_| ());
    sent.map_err(|e| explain(dev, "features", e))?;
    let now = read(socket, index)?;
    let other = now.0.iter().find(|feature| asked.get(&feature.name).is_some_and(|on| *on != feature.on));
    match other {
        None => Ok(()),
        Some(Feature { name, on, .. }) => Err(Error::new(
            Kind::Invalid,
            format!("{name} of {dev} stays {}", if *on { "on" } else { "off" }),
        )
        .hint("it depends on other features, such as tso on sg and tx; the kernel's log names them")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features() -> Features {
        let feature = |name: &str, on, fixed| Feature { name: name.to_owned(), on, wanted: on, fixed };
        Features(vec![
            feature("tx-checksum-ipv4", false, true),
            feature("tx-checksum-ip-generic", true, false),
            feature("tx-tcp6-segmentation", true, false),
            feature("tx-udp-segmentation", true, false),
            feature("rx-lro", false, true),
        ])
    }

    #[test]
    fn words_stand_for_groups() {
        let on = features().on();
        assert_eq!((on["tx"], on["tso"], on["lro"]), (true, true, false));
        assert_eq!(on.get("gro"), None, "a kernel that has no such feature has no such word");
        assert_eq!(features().fixed(), ["lro", "tx-checksum-ipv4", "rx-lro"]);
        let asked = features().asked("eth0", &[("tx".to_owned(), false), ("tso".to_owned(), false)]).unwrap();
        let names: Vec<_> = asked.into_iter().collect();
        assert_eq!(
            names,
            [("tx-checksum-ip-generic".to_owned(), false), ("tx-tcp6-segmentation".to_owned(), false)]
        );
        assert_eq!(short("generic-receive-offload"), "gro");
    }

    #[test]
    fn what_can_not_be_is_told_before_anything_is_asked() {
        let said = |name: &str, on| features().asked("eth0", &[(name.to_owned(), on)]).unwrap_err().message();
        assert_eq!(said("lro", true), "lro of eth0 is off, and its driver can't change it");
        assert_eq!(said("tsoo", true), "unknown feature \"tsoo\"; did you mean \"tso\"?");
        assert!(features().asked("eth0", &[("lro".to_owned(), false)]).unwrap().is_empty());
    }

    /// An answer with two bits, cut at every byte.
    #[test]
    fn an_answer_byte_by_byte() {
        let bit = |index: u32, name: &str, set: bool| {
            let mut bit = Attributes::new();
            bit.put_u32(attribute::BIT_INDEX, index);
            bit.put_str(attribute::BIT_NAME, name);
            if set {
                bit.put(attribute::BIT_VALUE, &[]);
            }
            bit
        };
        let bitset = |bits: Vec<Attributes>| {
            let (mut set, mut list) = (Attributes::new(), Attributes::new());
            bits.into_iter().for_each(|bit| list.nest(attribute::BITSET_BIT, bit));
            set.nest(attribute::BITSET_BITS, list);
            set
        };
        let mut answer = Attributes::new();
        answer.nest(2, bitset(vec![bit(0, "tx-scatter-gather", true), bit(7, "highdma", false)]));
        answer.nest(3, bitset(vec![bit(0, "tx-scatter-gather", false)]));
        answer.nest(4, bitset(vec![bit(7, "highdma", false)]));
        let bytes = answer.into_bytes().unwrap();
        let flags: Vec<(String, bool)> = flags(&bytes, 2).into_iter().collect();
        assert_eq!(flags, [("highdma".to_owned(), false), ("tx-scatter-gather".to_owned(), true)]);
        let features = parse(&bytes);
        let feature = |name: &str, on, wanted, fixed| Feature { name: name.to_owned(), on, wanted, fixed };
        assert_eq!(
            features.0,
            [feature("tx-scatter-gather", false, true, false), feature("highdma", true, false, true)]
        );
        assert_eq!(features.wanted().into_keys().collect::<Vec<_>>(), ["tx-scatter-gather"]);
        for length in 0..bytes.len() {
            parse(&bytes[..length]);
        }
    }
}
