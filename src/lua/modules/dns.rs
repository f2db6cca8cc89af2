//! `dns`: queries, and servers that answer for the lab's names and for others.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use mlua::Value;

use super::server;
use super::traffic::{self, Names, Wait, ip, seconds, settled};
use crate::base::error::Error;
use crate::lua::registry::Module;
use crate::lua::schema::{
    Class, Cx, Failure, Function, Handle, MethodDoc, Record, Shape, Type, Wrong, options, opts, param,
    record, ret, shape, ty,
};
use crate::net::hosts;
use crate::net::prefix::Family;
use crate::probe::dns::{self, Answer, Asked, Entry, PORT, Server, Zone, rcode_name};
use crate::probe::endpoint::Endpoint;

options! {
    struct ServeOptions = "nsh.dns.ServeOptions" {
        address: Option<String>, ty::string(), "where to listen, by UDP and TCP; default \":53\", all addresses";
        records: Vec<(String, Vec<String>)>, ty::map(ty::one_or_list(record_text())),
            "records by name: addresses, or as zone files have them, such as \"MX 10 mail.example.org\". The name \
             \"*.example.org\" stands for all below that have none";
        zones: Option<Vec<String>>, ty::one_or_list(ty::string().called("a domain such as \"example.org\"")),
            "the domains that it answers for: what it doesn't know below one doesn't exist (NXDOMAIN), others are refused. \
             Default: all names, with `forward` only those that it knows";
        lab: bool = true, ty::boolean(),
            "answer with the addresses of the lab's namespaces, by their names and back; default true";
        domain: Option<String>, ty::string().called("a domain such as \"lab\""),
            "where the lab's names stand besides: ns1 as \"ns1.DOMAIN\", too";
        ttl: u32 = 60, ty::int(0..=i32::MAX as u32), "seconds that an answer may be kept; default 60";
        forward: Option<String>, ty::string().called("the address of a server"),
            "the server that is asked for other names, by UDP, such as \"10.0.0.53\" or \"ns2:5353\"";
        dev: Option<String>, ty::link_name(), "the link or VRF to bind to: what comes by another is not seen";
    }
}

fn record_text() -> Type<String> {
    ty::string().called("a record such as \"10.0.0.1\" or \"MX 10 mail.example.org\"")
}

options! {
    struct QueryOptions = "nsh.dns.QueryOptions" {
        server: Option<Endpoint>, asked(), "the server to ask: an address, a name or a namespace, with a port or without";
        kind as "type": Option<String>, ty::string().called("a type of record such as \"MX\""),
            "the type of records: A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT, ANY, ...; default A, and PTR for an address";
        family: Option<Family>, ty::family(), "ask by IPv4 (inet) or IPv6 (inet6), where the server's name has both";
        ..how: dns::QueryOptions, how();
    }
}

fn asked() -> Type<Endpoint> {
    let parse = |text: &str| Endpoint::parse_or(text, PORT);
    let text = ty::parsed("an address, a name or a namespace", parse);
    let expected = text.expected.clone();
    let namespace = Type::new("nsh.Namespace", "a namespace", |_, v| match v {
        Value::UserData(ud) => match super::namespace::of(ud) {
            Some(ns) => Endpoint::parse_or(ns.name(), PORT).map_err(|e| ty::No::Wrong(e.into())),
            None => Err(ty::No::Other),
        },
        _ => Err(ty::No::Other),
    });
    text.or(namespace).called(expected)
}

fn how() -> Shape<dns::QueryOptions> {
    shape!(dns::QueryOptions = "" => {
        tcp: ty::boolean(),
            "true: ask by TCP; false: by UDP alone; default by UDP, and again by TCP if the answer is truncated";
        recurse: ty::boolean(), "whether the server is to ask others; default true";
        bufsize: ty::int(512..=65_535u16), "bytes that an answer by UDP may have; default 1232";
        timeout: seconds(), "seconds to wait for the answer to each try; default 2";
        tries: ty::int(1..=100u32), "how often to ask by UDP until an answer comes; default 2";
        ..socket: traffic::socket_with_port();
    })
}

fn entry() -> Record<Entry> {
    record!(Entry = "nsh.DnsRecord", "A record. Prints as a line of a zone file." => {
        name: e => e.name.clone(), "whose it is, without the dot at the end";
        ttl: e => e.ttl, "seconds that it may be kept";
        data: e => e.data.clone(), "such as \"10.0.0.1\" or \"10 mail.example.org\"";
    })
    .field("type", "A, MX, ...", |e| e.kind.clone())
    .shown(|e| format!("{} {} {} {}", e.name, e.ttl, e.kind, e.data))
}

fn answer() -> Record<Answer> {
    record!(Answer = "nsh.DnsAnswer", "A server's answer. Prints as `dig` shows it, shorter." => {
        rcode: a => rcode_name(a.rcode), "NOERROR, NXDOMAIN, SERVFAIL, REFUSED, ...";
        addresses: a => a.addresses.iter().map(ToString::to_string).collect::<Vec<String>>(),
            "the addresses among the answers";
        flags: a => a.flags.iter().map(|f| (*f).to_owned()).collect::<Vec<String>>(),
            "those that are set, in this order: qr, aa, tc, rd, ra, ad, cd";
        server: a => a.server.to_string(), "who answered, address and port";
        tcp: a => a.tcp, "whether it came by TCP";
        size: a => a.size, "bytes of the message";
        time: a => a.time, "seconds until the answer came";
    })
    .list("answers", entry(), "the records that were asked for, and the aliases that lead to them", |a| {
        &a.answers
    })
    .list("authority", entry(), "whose names they are: of what doesn't exist, the domain's SOA", |a| {
        &a.authority
    })
    .list("additional", entry(), "what may be wanted next", |a| &a.additional)
    .shown(|a| {
        let by = if a.tcp { ", by TCP" } else { "" };
        let mut out = format!(
            "{} {}: {}, {}, from {}{by}",
            a.name,
            a.kind,
            rcode_name(a.rcode),
            a.flags.join(" "),
            a.server
        );
        for e in a.answers.iter().chain(&a.authority).chain(&a.additional) {
            out.push_str(&format!("\n{} {} {} {}", e.name, e.ttl, e.kind, e.data));
        }
        out
    })
}

fn query_record() -> Record<Asked> {
    record!(Asked = "nsh.DnsQuery", "A query that a server answered. Prints as a line of its log." => {
        name: a => a.name.clone(), "the name; empty if what came was malformed";
        peer: a => a.peer.to_string(), "the client's address and port";
        peer_ip: a => ip(a.peer), "the client's address alone";
        tcp: a => a.tcp, "whether it came by TCP";
        rcode: a => rcode_name(a.rcode), "what was answered: NOERROR, NXDOMAIN, ...";
        answers: a => a.answers, "how many records answered it";
        forwarded: a => a.forwarded, "whether the server of `forward` answered";
        time: a => a.time, "when, in seconds since 1970";
    })
    .field("type", "the type of records: A, MX, ...", |a| a.kind.clone())
    .shown(|a| {
        let by = if a.tcp { " by TCP" } else { "" };
        format!("{} {} {}{by}: {}, {} answers", a.peer, a.name, a.kind, rcode_name(a.rcode), a.answers)
    })
}

impl Handle for Server {
    fn class() -> Class<Self> {
        let class = Class::new("nsh.DnsServer", "A DNS server that runs beside the script.", |s: &Self| {
            format!("dns server on {}", s.as_ref().address())
        });
        let listed = MethodDoc(
            "queries",
            "The queries so far; of more than 65536, or of 64 MiB of all servers together, the last ones.",
        );
        let waits = (
            Wait::shape("nsh.dns.WaitOptions", "queries", "so many queries in all; default 1"),
            "Waits until so many queries came in all.\n\nRaises `timeout`.",
        );
        server::methods(class, listed, query_record, waits, |s, wait| server::count(s, &wait, "queries"))
    }
}

/// The servers that answer for the lab's names, each with the name of its namespace.
#[derive(Default)]
struct Serving(RefCell<Vec<(Weak<Zone>, String)>>);

/// Brings the lab's names up to date that the servers know, as `/etc/hosts` is.
pub fn refresh(cx: &Cx<'_>) -> crate::base::error::Result<()> {
    let serving = cx.lab.part::<Serving>();
    let mut serving = serving.0.borrow_mut();
    serving.retain(|(zone, _)| zone.strong_count() > 0);
    for (zone, at) in serving.iter() {
        if let (Some(zone), Some(viewer)) = (zone.upgrade(), cx.lab.namespaces.get(at)?) {
            zone.learn(&hosts::everyone(&cx.lab.namespaces, &viewer)?);
        }
    }
    Ok(())
}

fn serve(cx: &Cx<'_>, o: ServeOptions) -> Result<Server, Failure> {
    let wrong =
        |option: &'static str| move |e: Error| Failure::from(Wrong::from(e).within(option).within("opts"));
    let address = o.address.unwrap_or_default();
    let at = Endpoint { dev: o.dev, ..Endpoint::parse_or(&address, PORT).map_err(wrong("address"))? };
    let upstream = match &o.forward {
        Some(server) => {
            let server = Endpoint::parse_or(server, PORT).map_err(wrong("forward"))?;
            server.targets(cx.ns, &Names(cx), None).map_err(wrong("forward"))?.first().copied()
        }
        None => None,
    };
    let zone = Zone::new(&o.records, o.zones, o.domain, o.ttl, upstream.is_some())?;
    let server = dns::serve(cx.ns, &at, &Names(cx), zone, upstream)?;
    if o.lab {
        let serving = cx.lab.part::<Serving>();
        serving.0.borrow_mut().push((Arc::downgrade(server.zone()), cx.ns.name().to_owned()));
        refresh(cx)?;
    }
    Ok(server)
}

fn query(cx: &Cx<'_>, name: &str, o: QueryOptions) -> Result<Answer, Failure> {
    refresh(cx)?;
    settled(cx)?;
    let (name, usual) = match name.parse() {
        Ok(ip) => (dns::reverse(ip), "PTR"),
        Err(_) => (name.to_owned(), "A"),
    };
    let kind = dns::kind(o.kind.as_deref().unwrap_or(usual))
        .map_err(|e| Wrong::from(e).within("type").within("opts"))?;
    let server = o.server.ok_or_else(|| Wrong::new("expected a server"))?;
    let family = o.how.socket.family(&server.host, o.family);
    let found = server.targets(cx.ns, &Names(cx), family)?;
    let server = found.first().copied().ok_or_else(|| Error::argument("no address"))?;
    Ok(dns::query(cx.ns, server, &name, kind, &o.how)?)
}

pub fn module() -> Module {
    Module::new("dns", "DNS: queries, and servers that answer for the lab's names and for others.")
        .function(
            Function::new(
                "dns.query",
                (
                    param("name", ty::string(), "the name to ask for; of an address, the name is asked for"),
                    opts(QueryOptions::shape().requiring("server")),
                ),
                ret::record(answer(), "the answer"),
                |cx, (name, o)| query(cx, &name, o),
            )
            .doc(
                "Asks a DNS server. Any answer is one, also that there is no such name (`rcode` is NXDOMAIN).\n\n\
                 Raises `timeout` if none came, `connection_refused` if nothing listens there, `protocol` if what came is \
                 no answer, and what udp.request raises.",
            )
            .command("dig @SERVER NAME TYPE"),
        )
        .function(
            Function::new(
                "dns.serve",
                (opts(ServeOptions::shape()),),
                ret::handle::<Server>("the server"),
                |cx, (o,)| serve(cx, o),
            )
            .doc(
                "Starts a DNS server that runs beside the script and records its queries, by UDP and TCP. It answers \
                 for the namespaces of the lab and for `records`; aliases (CNAME) are followed. The lab's addresses are read \
                 anew whenever a script starts a process or calls dns.query. Answers that are too large for UDP are \
                 truncated, so that clients ask again by TCP.\n\n\
                 Processes ask it if /etc/netns/NAME/resolv.conf names it.\n\n\
                 Raises `address_in_use` if the port is taken, `address_not_available` if the namespace doesn't have the \
                 address, `argument` for a malformed record.",
            )
            .command("dnsmasq --no-daemon --no-resolv"),
        )
}
