//! `capture`: what passes the links.

mod record;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ipnetwork::IpNetwork;
use mlua::{MultiValue, Value};

use crate::base::error::{Error, Kind};
use crate::base::wait::Deadline;
use crate::lua::modules::namespace::{self, Where};
use crate::lua::registry::Module;
use crate::lua::runtime::bind;
use crate::lua::schema::ty::No;
use crate::lua::schema::{
    Class, Cx, Failure, Function, Handle, MethodDoc, Shape, Type, Wrong, did_you_mean, options, opts, param,
    ret, shape, ty,
};
use crate::net::hosts;
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::probe::capture::{
    self, Capture, Destination, Expression, Filter, Packet, Place, Proto, Recording,
};
use record::{Seen, packet};

/// How long `wait` waits unless told otherwise.
const WAIT: Duration = Duration::from_secs(5);

#[derive(Default)]
struct StartOptions {
    recording: Recording,
    namespaces: Option<Where>,
    file: Option<PathBuf>,
    size: Option<u64>,
    files: Option<u64>,
}

options! {
    struct WaitOptions = "nsh.capture.WaitOptions" {
        timeout: Duration = WAIT, ty::seconds(), "how long to wait; default 5 seconds";
        count: usize = 1, ty::int(1..=usize::MAX >> 1), "how many; default 1";
        ..filter: Filter, filter("nsh.capture.Filter");
    }
}

options! {
    struct ExpectOptions = "nsh.capture.ExpectOptions" {
        timeout: Duration = WAIT, ty::seconds(), "how long to wait; default 5 seconds";
        ..filter: Filter, filter("nsh.capture.Filter");
    }
}

options! {
    struct StreamOptions = "nsh.capture.StreamOptions" {
        timeout: Option<Duration>, ty::seconds(), "seconds for all of it; default no limit";
        ..filter: Filter, filter("nsh.capture.Filter");
    }
}

fn proto() -> Type<Proto> {
    ty::parsed("a protocol such as \"icmp\"", |s| {
        Proto::from_name(s).ok_or_else(|| match did_you_mean(s, Proto::names()) {
            Some(near) => Wrong::new(format!("unknown protocol {s:?}; did you mean {near:?}?")),
            None => Wrong::new(format!("unknown protocol {s:?}"))
                .hint("such as arp, ip, ip6, icmp, icmp6, tcp, udp, stp, gre"),
        })
    })
}

fn kind() -> Type<String> {
    ty::parsed("a kind of message such as \"echo request\"", |s| {
        if capture::is_kind(s) {
            return Ok(s.to_owned());
        }
        Err(match did_you_mean(s, capture::kinds()) {
            Some(near) => Wrong::new(format!("unknown kind {s:?}; did you mean {near:?}?")),
            None => Wrong::new(format!("unknown kind {s:?}"))
                .hint("such as \"echo request\", \"destination unreachable\", \"neighbor solicitation\", \"request\" (of ARP), or TCP's flags such as \"S.\""),
        })
    })
}

/// An address, or a name: then any of its addresses.
fn host() -> Type<Vec<IpAddr>> {
    let expected = "an address or the name of a namespace";
    Type::new("string", expected, |cx, v| {
        let Value::String(s) = v else { return Err(No::Other) };
        let found = hosts::resolve(&cx.lab.namespaces, cx.ns, &s.to_string_lossy());
        found.map(|all| all.iter().map(|a| a.ip).collect()).map_err(|e| No::Wrong(e.into()))
    })
}

/// tcpdump's language; names in it are those of namespaces.
fn expression() -> Type<Expression> {
    Type::new("string", "an expression such as \"icmp or tcp port 80\"", |cx, v| {
        let Value::String(s) = v else { return Err(No::Other) };
        let resolve = |name: &str| {
            Ok(hosts::resolve(&cx.lab.namespaces, cx.ns, name)?.into_iter().map(|a| a.ip).collect())
        };
        Expression::parse(&s.to_string_lossy(), &resolve).map_err(|e| No::Wrong(e.into()))
    })
}

/// A prefix, or an address alone; bits behind the prefix don't matter.
fn net() -> Type<IpNetwork> {
    ty::prefix().called("an address or prefix such as \"10.0.0.0/24\"")
}

fn port() -> Type<(u16, u16)> {
    let range = ty::parsed("a range of ports such as \"8000-8010\"", |s: &str| {
        let parsed = match s.split_once('-') {
            Some((from, to)) => from.parse().ok().zip(to.parse().ok()),
            None => s.parse::<u16>().ok().map(|p| (p, p)),
        };
        parsed
            .filter(|(from, to)| from <= to)
            .ok_or_else(|| format!("expected a range of ports such as \"8000-8010\", got {s:?}"))
    });
    ty::int(0..=u16::MAX).map(|p| (p, p)).or(range)
}

/// The options that say which packets are meant.
fn filter(name: &'static str) -> Shape<Filter> {
    shape!(Filter = name => {
        protos as "proto": ty::one_or_list(proto()),
            "arp, ip (IPv4), ip6, icmp, icmp6, tcp, udp, stp, lldp, gre, ospf, dns, dhcp, bgp, vxlan, mpls, ...; or several of them";
        kind as "type": kind(),
            "the packet's kind: \"echo request\", \"time exceeded\", \"neighbor solicitation\", \"request\" (of ARP), \"query\" \
             (of DNS), \"offer\" (of DHCP), \"hello\" (of OSPF), or TCP's flags such as \"S.\"";
        hosts as "host": host(), "from or to this address, or any address of this namespace";
        net: net(), "from or to an address of this prefix";
        src: net(), "from this address or prefix";
        dst: net(), "to this address or prefix";
        port: port(), "from or to this TCP or UDP port, or range";
        sport: port(), "from this TCP or UDP port, or range";
        dport: port(), "to this TCP or UDP port, or range";
        id: ty::int(0..=u16::MAX), "the identifier of ICMP echo messages";
        inward as "direction": ty::one_of(&[("in", true), ("out", false)]),
            "received (in) or sent (out) by the link on which it is seen";
        link: ty::link(), "seen on this link";
        namespace: namespace::ty().map(|ns| ns.name().to_owned()), "seen in this namespace";
        expression as "filter": expression(),
            "in tcpdump's language (pcap-filter(7)), such as \"icmp or tcp port 80 and not host ns1\"";
    })
}

fn start_options() -> Shape<StartOptions> {
    let rest = shape!(StartOptions = "" => {
        namespaces: namespace::places(),
            "capture in these namespaces, or in \"all\" that there are now, instead of the one called on";
        recording.snaplen: ty::int(14..=262_144u32), "how many bytes of each packet to keep; default 262144, all";
        recording.promisc: ty::boolean(), "let the link receive what is for others too; default false";
        recording.max_packets: ty::int(1..=100_000_000usize),
            "how many packets to keep, later ones count as drops; default 100000";
        recording.max_bytes: ty::int(1..=1usize << 40), "how many bytes of packets to keep; default 256 MiB";
        file: ty::string().map(PathBuf::from),
            "a .pcapng file to write the packets to while they come; then the last ones are kept, and none counts as a drop";
        size: ty::int(1000..=1u64 << 40), "begin another file before one has more bytes: NAME-1.pcapng, NAME-2.pcapng, ...";
        files: ty::int(1..=1_000_000u64), "how many of those to keep, the last ones; default all";
    });
    Shape::<StartOptions>::new("nsh.capture.StartOptions")
        .include(filter("nsh.capture.Filter"), |o| &mut o.recording.filter)
        .include(rest, |o| o)
}

/// A link's name, or several.
fn links() -> Type<Vec<String>> {
    ty::one_or_list(ty::link_name())
}

fn start(cx: &Cx<'_>, links: Option<Vec<String>>, mut o: StartOptions) -> Result<Capture, Failure> {
    let links = links.unwrap_or_default();
    match (o.file, o.size, o.files) {
        (Some(path), size, files) if size.is_some() || files.is_none() => {
            o.recording.destination = Some(Destination { path, size, files });
            o.recording.last = true;
        }
        (Some(_), ..) => {
            return Err(Error::argument("files needs size, after which another file begins").into());
        }
        (None, None, None) => {}
        (None, ..) => return Err(Error::argument("size and files need file, the file's name").into()),
    }
    let namespaces = match o.namespaces {
        None => vec![cx.ns.clone()],
        Some(Where::These(these)) => these,
        Some(Where::All) => with_links(cx, &links)?,
    };
    let places: Vec<Place<'_>> =
        namespaces.iter().map(|namespace| Place { namespace, links: links.clone() }).collect();
    Ok(capture::start(&places, o.recording)?)
}

/// The namespaces that have all of the links.
fn with_links(cx: &Cx<'_>, links: &[String]) -> Result<Vec<Rc<Namespace>>, Failure> {
    let mut found = Vec::new();
    for ns in cx.lab.namespaces.all()? {
        let mut has_all = true;
        for link in links {
            has_all &= find::index(&ns, link)?.is_some();
        }
        if has_all {
            found.push(ns);
        }
    }
    if found.is_empty() {
        return Err(Error::new(Kind::NotFound, format!("no namespace has {}", links.join(" and "))).into());
    }
    Ok(found)
}

fn seen(this: &Capture, packets: Vec<Arc<Packet>>) -> Vec<Seen> {
    let several = this.several();
    packets.into_iter().map(|packet| Seen { packet, several }).collect()
}

fn read(path: &Path, filter: &Filter) -> Result<Vec<Seen>, Error> {
    let mut packets = capture::read(path).map_err(|e| e.on(path.display().to_string()))?;
    let several = packets.iter().any(|p| p.link != packets[0].link);
    packets.retain(|p| filter.matches(p));
    Ok(packets.into_iter().map(|packet| Seen { packet: Arc::new(packet), several }).collect())
}

/// An iterator function over the packets, those first that are there already.
fn stream(cx: &Cx<'_>, this: &Rc<Capture>, options: StreamOptions) -> Result<mlua::Function, Failure> {
    let deadline = options.timeout.map_or(Deadline::NEVER, Deadline::after);
    let (this, cursor) = (this.clone(), std::cell::Cell::new(0));
    let record = packet();
    Ok(bind::raising(cx.lua, move |lua, _: MultiValue| {
        let mut at = cursor.get();
        let next = this.next(&mut at, &options.filter, deadline);
        cursor.set(at);
        let next = next.map_err(|e| bind::named(e, "Capture:stream"))?;
        let value = match next {
            Some(packet) => Value::Table(record.table(lua, &Seen { packet, several: this.several() })?),
            None => Value::Nil,
        };
        Ok(MultiValue::from_iter([value]))
    })?)
}

impl Handle for Capture {
    fn class() -> Class<Self> {
        let chosen = || opts(filter("nsh.capture.Filter"));
        Class::new(
            "nsh.Capture",
            "A running capture. What it shows is complete up to the moment of the call.",
            |this: &Self| {
                let state = if this.running() { "running" } else { "stopped" };
                format!("capture, {state}, {} packets", this.count(&Filter::default()))
            },
        )
        .close(Capture::stop)
        .runs(Capture::running)
        .method(
            MethodDoc("packets", "The packets captured so far, or those that all given options fit."),
            (chosen(),),
            ret::list(packet(), "the packets, in the order of their times"),
            |_, this, (filter,)| Ok(seen(this, this.packets(&filter))),
        )
        .method(
            MethodDoc("count", "How many packets were captured so far, or of those that all given options fit."),
            (chosen(),),
            ret::value("integer", "how many"),
            |_, this, (filter,)| Ok(this.count(&filter)),
        )
        .method(
            MethodDoc(
                "wait",
                "Waits until `count` packets that all given options fit were captured; those from before the call \
                 count too. \n\nRaises `timeout` if there are fewer by then, or the capture was stopped.",
            ),
            (opts(WaitOptions::shape()),),
            ret::list(packet(), "all that fit, which may be more than `count`"),
            |_, this, (o,)| {
                Ok(seen(this, this.wait(&o.filter, o.count, Deadline::after(o.timeout))?))
            },
        )
        .method(
            MethodDoc(
                "expect",
                "Waits for a packet that all given options fit, and returns it. The next call looks behind it, so that \
                 several say in which order packets come.\n\nRaises `timeout`, with what came instead.",
            ),
            (opts(ExpectOptions::shape()),),
            ret::record(packet(), "the packet"),
            |_, this, (o,)| {
                let packet = this.expect(&o.filter, Deadline::after(o.timeout))?;
                Ok(Seen { packet, several: this.several() })
            },
        )
        .method(
            MethodDoc(
                "stream",
                "Iterates over the packets as they come, beginning with those that are there. Ends at the deadline, \
                 or when the capture is stopped.",
            ),
            (opts(StreamOptions::shape()),),
            ret::values("fun(): nsh.capture.Packet?", "an iterator: `for p in capture:stream() do`"),
            |cx, this, (options,)| stream(cx, this, options),
        )
        .method(
            MethodDoc(
                "save",
                "Writes the packets captured so far, or those that all given options fit, to a file that tcpdump and \
                 wireshark open. Its ending tells the format: .pcap, or .pcapng, which also holds the links' names, \
                 the directions, and links of different link layers.\n\nRaises `argument` for another ending, and for \
                 a .pcap of links with different link layers; `read_only` where the sandbox lets nothing be written.",
            ),
            (param("path", ty::string().map(PathBuf::from), "the file; overwritten if it is there"), chosen()),
            ret::value("integer", "how many packets it holds"),
            |_, this, (path, filter)| {
                Ok(this.save(&path, &filter).map_err(|e| e.on(path.display().to_string()))?)
            },
        )
        .method(
            MethodDoc(
                "comment",
                "Writes a comment to the last packet that all given options fit; `save` writes it to a .pcapng file, where \
                 wireshark shows it.\n\nRaises `not_found` if there is no such packet.",
            ),
            (param("text", ty::string(), "the comment"), chosen()),
            ret::record(packet(), "the packet"),
            |_, this, (text, filter)| {
                let none = || Error::new(Kind::NotFound, "there is no such packet to comment on");
                let packet = this.comment(text, &filter).ok_or_else(none)?;
                Ok(Seen { packet, several: this.several() })
            },
        )
        .method(
            MethodDoc(
                "files",
                "The files that a capture with `file` has written, complete up to this moment, the oldest first.\n\n\
                 Raises what kept it from writing them, such as a full disk.",
            ),
            (),
            ret::value("string[]", "their paths"),
            |_, this, ()| {
                let files = this.files()?;
                Ok(files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>())
            },
        )
        .method(
            MethodDoc(
                "drops",
                "How many packets were lost so far: the kernel had no room for them, or `max_packets` or `max_bytes` \
                 were reached.",
            ),
            (),
            ret::value("integer", "how many"),
            |_, this, ()| {
                let drops = this.drops();
                Ok(drops.kernel + drops.limit)
            },
        )
        .method(
            MethodDoc("clear", "Forgets the packets captured so far, and goes on."),
            (),
            ret::nothing(),
            |_, this, ()| {
                this.clear();
                Ok(())
            },
        )
        .method(MethodDoc("stop", "Ends the capture; its packets stay."), (), ret::nothing(), |_, this, ()| {
            this.stop();
            Ok(())
        })
    }
}

pub fn module() -> Module {
    Module::new(
        "capture",
        "Captures packets on links, and decodes them.\n\n\
         A capture runs beside the script, from `capture.start` until `:stop()`, the end of its block (`<close>`) or \
         of the script."
    )
    .function(
        Function::new(
            "capture.start",
            (
                param("link", links(), "a link's name, or an array of such; left out, all links are captured, those \
                       too that are added later").optional(),
                opts(start_options()),
            ),
            ret::handle("the running capture"),
            |cx, (links, options)| start(cx, links, options),
        )
        .doc(
            "Starts a capture; no packet after the call is missed. The options say which packets to keep, where else \
             to capture, and how much.\n\n\
             Raises `not_found` if a link isn't there.",
        )
        .command("tcpdump -n -i LINK"),
    )
    .function(
        Function::new(
            "capture.read",
            (
                param("path", ty::string().map(PathBuf::from), "a pcap or pcapng file"),
                opts(filter("nsh.capture.Filter")),
            ),
            ret::list(packet(), "the packets, in the order of the file"),
            |_, (path, filter)| Ok(read(&path, &filter)?),
        )
        .doc(
            "Reads the packets of a capture file, or those that all given options fit: pcap and pcapng, of nsh, tcpdump, \
             wireshark. Of a file that is cut at its end, the whole packets are read. Links have names where the file has \
             them; where it doesn't tell the direction, it is `in`.\n\n\
             Raises `not_found` if there is no such file, `argument` if it is no capture file, or damaged.",
        )
        .command("tcpdump -n -r PATH"),
    )
}
