//! Multicast groups that links have joined (ip-maddress(8)): for whoever has a socket that joined, and those that were added by
//! hand. The kernel tells them in /proc/net/dev_mcast, igmp and igmp6.

use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr};

use nix::errno::Errno;

use super::bridge::mdb::Group;
use super::done::{Done, Verb};
use super::fields::{HardwareAddress, LinkName, Number};
use super::link::find;
use super::namespace::Namespace;
use crate::base::error::{Error, Kind, Result};
use crate::model::{Between, Field, Table, Words, table};

table! {
    /// A group that a link has joined.
    pub struct Membership {
        Set dev: LinkName = header always, ip ["dev"], "the link";
        Set family: Layer = header always, ip [], "inet, inet6, or link for hardware addresses";
        Set group: Group = header always, ip [], "the group";
        Read users: Number = header always, ip [], "how many have joined it";
        Read by_hand as "static": bool = header always, ip [], "one of them is `maddr.add`";
    }
}

/// Of which layer a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    Link,
    Inet,
    Inet6,
}

impl Words for Layer {
    const WORDS: &'static [(&'static str, Self)] =
        &[("link", Layer::Link), ("inet", Layer::Inet), ("inet6", Layer::Inet6)];
    const RETURNED: &'static str = "\"link\"|\"inet\"|\"inet6\"";
}

/// `inet 224.0.0.1 dev eth0 users 2`
impl fmt::Display for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = self.group.as_ref().map_or_else(String::new, Field::word);
        let dev = self.dev.as_ref().map_or("", |dev| &dev.0);
        write!(f, "{} {group} dev {dev}", self.family.map_or("", Words::name))?;
        if let Some(users) = self.users.filter(|users| users.0 > 1) {
            write!(f, " users {}", users.0)?;
        }
        f.write_str(if self.by_hand == Some(true) { " static" } else { "" })
    }
}

/// The groups that all given options fit, as `ip maddress show`.
pub fn list(ns: &Namespace, filter: &Membership) -> Result<Vec<Membership>> {
    if let Some(dev) = &filter.dev {
        find::require_index(ns, &dev.0)?;
    }
    let (link, inet, inet6) = ns.within(|| Ok((read("dev_mcast")?, read("igmp")?, read("igmp6")?)))?;
    let mut found: Vec<Membership> = link.lines().filter_map(of_link).collect();
    found.extend(of_inet(&inet));
    found.extend(inet6.lines().filter_map(of_inet6));
    found.retain(|membership| filter.fits(membership));
    Ok(found)
}

/// A kernel without the protocol has no file.
fn read(name: &str) -> Result<String> {
    let path = format!("/proc/thread-self/net/{name}");
    match std::fs::read_to_string(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(String::new()),
        text => text.map_err(|e| Error::from(e).detail(format!("reading {path}"))),
    }
}

fn membership(dev: &str, family: Layer, group: Group, users: &str) -> Membership {
    Membership {
        dev: Some(LinkName(dev.to_owned())),
        family: Some(family),
        group: Some(group),
        users: users.parse().ok().map(Between),
        by_hand: Some(false),
    }
}

/// The bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// `2    eth0            1     0     333300000001`: index, name, users, of which by hand, address.
fn of_link(line: &str) -> Option<Membership> {
    let [_, dev, users, by_hand, address] = line.split_whitespace().collect::<Vec<_>>()[..] else {
        return None;
    };
    let group = Group::Mac(HardwareAddress(bytes(address)?));
    Some(Membership { by_hand: Some(by_hand != "0"), ..membership(dev, Layer::Link, group, users) })
}

/// A line for each link (`1 lo : 1 V3`), and behind it one for each of its groups (`010000E0 1 0:00000000 0`), in the machine's
/// byte order, with tabs in front.
fn of_inet(text: &str) -> Vec<Membership> {
    let (mut dev, mut found) = ("", Vec::new());
    for line in text.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (line.starts_with(char::is_whitespace), &words[..]) {
            (false, [_, name, ..]) => dev = name.trim_end_matches(':'),
            (true, [group, users, ..]) => {
                let group = u32::from_str_radix(group, 16).map(|word| Ipv4Addr::from(word.to_ne_bytes()));
                found.extend(group.ok().map(|ip| membership(dev, Layer::Inet, Group::Ip(ip.into()), users)));
            }
            _ => {}
        }
    }
    found
}

/// `2    eth0            ff020000000000000000000000000001     1 0000000C 0`
fn of_inet6(line: &str) -> Option<Membership> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, dev, group, users, ..] = words[..] else { return None };
    let octets: [u8; 16] = bytes(group)?.try_into().ok()?;
    Some(membership(dev, Layer::Inet6, Group::Ip(Ipv6Addr::from(octets).into()), users))
}

/// Has a link take the frames of a group, as `ip maddress add MAC dev DEV`.
pub fn add(ns: &Namespace, mac: [u8; 6], dev: &str) -> Result<()> {
    change(ns, mac, dev, Verb::Add)
}

/// Takes that back, as `ip maddress del`. Raises `not_found` if nobody has added it.
pub fn del(ns: &Namespace, mac: [u8; 6], dev: &str) -> Result<()> {
    change(ns, mac, dev, Verb::Del)
}

fn change(ns: &Namespace, mac: [u8; 6], dev: &str, verb: Verb) -> Result<()> {
    find::require_index(ns, dev)?;
    find::change_group(ns, dev, mac, verb == Verb::Add).map_err(|e| match e.raw() {
        Some(Errno::ENOENT) => e
            .with_kind(Kind::NotFound)
            .hint("maddr.del takes back what maddr.add did; a socket's group goes with it"),
        Some(Errno::EINVAL | Errno::EOPNOTSUPP) => e.hint("the link takes no such groups"),
        _ => e,
    })?;
    ns.report(Done::Maddr(verb, &HardwareAddress(mac.to_vec()), dev));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: impl IntoIterator<Item = Membership>) -> Vec<String> {
        all.into_iter().map(|one| one.to_string()).collect()
    }

    #[test]
    fn what_the_kernel_writes() {
        let link = "2    eth0            2     1     333300000001";
        assert_eq!(texts(of_link(link)), ["link 33:33:00:00:00:01 dev eth0 users 2 static"]);
        let inet6 = "2    eth0            ff020000000000000000000000000001     1 0000000C 0";
        assert_eq!(texts(of_inet6(inet6)), ["inet6 ff02::1 dev eth0"]);
        let group = u32::from_ne_bytes([224, 0, 0, 1]);
        let inet = format!(
            "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n\
             1\tlo        :     1      V3\n\t\t\t\t{group:08X}     1 0:00000000\t\t0\n\
             2\tlongername: 1      V3\n\t\t\t\t{group:08X}     3 0:00000000\t\t0\n"
        );
        assert_eq!(texts(of_inet(&inet)), ["inet 224.0.0.1 dev lo", "inet 224.0.0.1 dev longername users 3"]);
        for text in [link, inet6, inet.as_str()] {
            for length in 0..text.len() {
                let part = &text[..length];
                let _ = (of_link(part), of_inet(part), of_inet6(part));
            }
        }
    }
}
