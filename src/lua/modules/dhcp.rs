//! `dhcp`: a server that gives IPv4 addresses on a link, and a client.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use ipnetwork::IpNetwork;

use super::server;
use super::traffic::{Wait, seconds, settled};
use crate::base::error::{Error, Kind};
use crate::lua::registry::Module;
use crate::lua::schema::{
    Class, Cx, Failure, Function, Handle, MethodDoc, Record, Shape, Type, options, opts, param, record, ret,
    ty,
};
use crate::model::Between;
use crate::net::addr::{self, Addr, Lifetime};
use crate::net::fields::{LinkRef, Origin};
use crate::net::route::{self, Destination, Route};
use crate::probe::capture::Mac;
use crate::probe::dhcp::{self, Exchange, Held, Lease, PoolOptions, Server, Wish};

/// RTPROT_DHCP of linux/rtnetlink.h.
const DHCP: Origin = Origin(16);

options! {
    struct ServeOptions = "nsh.dhcp.ServeOptions" {
        range: Vec<Ipv4Addr>, range(), "the first and the last address to give";
        router: Vec<Ipv4Addr>, ty::one_or_list(ipv4()), "the routers that clients are told, the first one preferred; default none";
        dns: Vec<Ipv4Addr>, ty::one_or_list(ipv4()), "the DNS servers that clients are told; default none";
        domain: Option<String>, ty::string().called("a domain such as \"lab\""), "the domain that clients are told";
        mtu: Option<u16>, ty::int(68..=65_535u16), "the MTU that clients are told";
        lease: u32 = 3600, ty::int(1..=u32::MAX), "seconds that clients may keep their address; default 3600";
        hosts: Vec<(Mac, Ipv4Addr)>, hosts(),
            "addresses by hardware address, for clients that always get the same: outside of the range, too";
    }
}

fn ipv4() -> Type<Ipv4Addr> {
    ty::from_str("an IPv4 address such as \"10.0.0.1\"")
}

fn range() -> Type<Vec<Ipv4Addr>> {
    let two = |ips: Vec<Ipv4Addr>| match ips.len() {
        2 => Ok(ips),
        n => Err(format!("expected the first and the last address, got {n}")),
    };
    ty::list(ipv4()).try_map(two)
}

fn hosts() -> Type<Vec<(Mac, Ipv4Addr)>> {
    let mac = |(text, ip): (String, Ipv4Addr)| {
        let parts: Vec<u8> = text.split(':').map_while(|part| u8::from_str_radix(part, 16).ok()).collect();
        let mac = <[u8; 6]>::try_from(parts).map(Mac);
        mac.map(|mac| (mac, ip))
            .map_err(|_| format!("expected a hardware address such as \"02:00:00:00:00:01\", got {text:?}"))
    };
    ty::map(ipv4()).try_map(move |hosts| hosts.into_iter().map(mac).collect())
}

options! {
    struct RequestOptions = "nsh.dhcp.RequestOptions" {
        address: Option<Ipv4Addr>, ipv4(), "the address that it would like";
        hostname: Option<String>, ty::string(), "the name that it tells; default that of the namespace";
        apply: bool = true, ty::boolean(), "give the link the address, and add the default route; default true";
        metric: Option<u32>, ty::int(0..=u32::MAX), "the metric of the default route; default 0";
        timeout: f64 = 10.0, seconds(), "seconds to wait at most; default 10";
    }
}

options! {
    struct RenewOptions = "nsh.dhcp.RenewOptions" {
        timeout: f64 = 10.0, seconds(), "seconds to wait at most; default 10";
    }
}

fn texts(ips: &[Ipv4Addr]) -> Vec<String> {
    ips.iter().map(Ipv4Addr::to_string).collect()
}

fn lease() -> Record<Lease> {
    record!(Lease = "nsh.DhcpLease", "An address that a client was given." => {
        address: l => format!("{}/{}", l.ip, l.prefix), "the address with its prefix length";
        ip: l => l.ip.to_string(), "the address alone";
        dev: l => l.dev.clone(), "the link";
        router: l => l.routers.first().map(Ipv4Addr::to_string), "the router, if the server told one";
        routers: l => texts(&l.routers), "all routers";
        dns: l => texts(&l.dns), "the DNS servers";
        domain: l => l.domain.clone(), "the domain, if the server told one";
        mtu: l => l.mtu, "the MTU, if the server told one";
        lease: l => l.seconds, "seconds that the address may be kept";
        server: l => l.server.to_string(), "the server's address";
    })
    .shown(|l| {
        let router = l.routers.first().map(|ip| format!(" via {ip}")).unwrap_or_default();
        format!("{}/{} dev {}{router} lease {} s from {}", l.ip, l.prefix, l.dev, l.seconds, l.server)
    })
}

fn held() -> Record<Held> {
    record!(Held = "nsh.DhcpHeld", "An address that a server has given." => {
        ip: h => h.ip.to_string(), "the address";
        mac: h => h.mac.to_string(), "the client's hardware address";
        hostname: h => h.hostname.clone(), "the name that the client told";
        left: h => h.until.saturating_duration_since(Instant::now()).as_secs_f64(), "seconds until the lease ends";
    })
    .shown(|h| format!("{} {} {}", h.ip, h.mac, h.hostname.as_deref().unwrap_or("-")))
}

fn exchange() -> Record<Exchange> {
    record!(Exchange = "nsh.DhcpMessage", "A message of a client, and its answer. Prints as a line of the server's log." => {
        kind: e => e.kind.name().to_owned(), "discover, request, release, decline or inform";
        mac: e => e.mac.to_string(), "the client's hardware address";
        ip: e => e.ip.map(|ip| ip.to_string()), "the address that was given, or that it is about";
        hostname: e => e.hostname.clone(), "the name that the client told";
        answer: e => e.answer.map(|kind| kind.name().to_owned()), "offer, ack or nak; nil for none";
        time: e => e.time, "when, in seconds since 1970";
    })
    .shown(|e| {
        let (ip, answer) = (e.ip.map(|ip| format!(" {ip}")).unwrap_or_default(), e.answer.map_or("no answer", |a| a.name()));
        format!("{} {}{ip}: {answer}", e.mac, e.kind.name())
    })
}

impl Handle for Server {
    fn class() -> Class<Self> {
        let class = Class::new("nsh.DhcpServer", "A DHCP server that runs beside the script.", |s: &Self| {
            format!("dhcp server on {}", s.dev())
        });
        let listed = MethodDoc(
            "messages",
            "What clients sent so far; of more than 65536, or of 64 MiB of all servers together, the last ones.",
        );
        let waits = (
            Wait::shape("nsh.dhcp.WaitOptions", "messages", "so many messages in all; default 1"),
            "Waits until so many messages came in all.\n\nRaises `timeout`.",
        );
        server::methods(class, listed, exchange, waits, |s, wait| server::count(s, &wait, "messages")).method(
            MethodDoc("leases", "The addresses that clients have now."),
            (),
            ret::list(held(), "the leases, by address"),
            |_, s, ()| Ok(s.leases()),
        )
    }
}

/// A lease, whether it was applied, and the metric of its route.
type Kept = (Lease, bool, Option<u32>);

/// The leases that the script's clients have, by namespace and link.
#[derive(Default)]
struct Leases(RefCell<HashMap<(u64, String), Kept>>);

fn key(cx: &Cx<'_>, dev: &str) -> (u64, String) {
    (cx.ns.inode(), dev.to_owned())
}

fn prefix(lease: &Lease) -> Result<IpNetwork, Error> {
    let prefix = IpNetwork::new(IpAddr::V4(lease.ip), lease.prefix);
    prefix.map_err(|e| Error::new(Kind::Protocol, format!("what {} gave is no address: {e}", lease.server)))
}

fn apply(cx: &Cx<'_>, lease: &Lease, metric: Option<u32>) -> Result<(), Error> {
    let lifetime = Some(Lifetime(lease.seconds));
    let spec = Addr { valid_lft: lifetime, preferred_lft: lifetime, ..Addr::on(&lease.dev) };
    addr::replace(cx.ns, prefix(lease)?, &spec)?;
    default_route(lease, metric).map_or(Ok(()), |route| route::replace(cx.ns, &route))
}

fn default_route(lease: &Lease, metric: Option<u32>) -> Option<Route> {
    let router = lease.routers.first()?;
    Some(Route {
        dst: Some(Destination(None)),
        via: Some(IpAddr::V4(*router)),
        dev: Some(LinkRef::of(&lease.dev)),
        proto: Some(DHCP),
        metric: metric.map(Between),
        ..Route::default()
    })
}

fn request(cx: &Cx<'_>, dev: &str, o: RequestOptions) -> Result<Lease, Failure> {
    settled(cx)?;
    let wish =
        Wish { address: o.address, hostname: Some(o.hostname.unwrap_or_else(|| cx.ns.name().to_owned())) };
    let lease = dhcp::request(cx.ns, dev, &wish, o.timeout)?;
    if o.apply {
        apply(cx, &lease, o.metric)?;
    }
    cx.lab.part::<Leases>().0.borrow_mut().insert(key(cx, dev), (lease.clone(), o.apply, o.metric));
    Ok(lease)
}

fn known(cx: &Cx<'_>, dev: &str) -> Result<(Lease, bool, Option<u32>), Error> {
    let leases = cx.lab.part::<Leases>();
    let known = leases.0.borrow().get(&key(cx, dev)).cloned();
    known.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("{dev} has no lease"))
            .hint("dhcp.request gets one; those of other programs aren't known")
    })
}

fn renew(cx: &Cx<'_>, dev: &str, o: &RenewOptions) -> Result<Lease, Failure> {
    let (lease, applied, metric) = known(cx, dev)?;
    settled(cx)?;
    let lease = dhcp::renew(cx.ns, &lease, o.timeout)?;
    if applied {
        apply(cx, &lease, metric)?;
    }
    cx.lab.part::<Leases>().0.borrow_mut().insert(key(cx, dev), (lease.clone(), applied, metric));
    Ok(lease)
}

fn release(cx: &Cx<'_>, dev: &str) -> Result<(), Failure> {
    let (lease, applied, metric) = known(cx, dev)?;
    dhcp::release(cx.ns, &lease)?;
    cx.lab.part::<Leases>().0.borrow_mut().remove(&key(cx, dev));
    if applied {
        default_route(&lease, metric).map_or(Ok(()), |route| gone(route::del(cx.ns, &route)))?;
        gone(addr::del(cx.ns, prefix(&lease)?, Some(dev)))?;
    }
    Ok(())
}

/// What has gone before, by itself or by the script, is gone.
fn gone(deleted: Result<(), Error>) -> Result<(), Error> {
    match deleted {
        Err(e) if matches!(e.kind(), Kind::AddressNotAvailable | Kind::NotFound) => Ok(()),
        deleted => deleted,
    }
}

pub fn module() -> Module {
    let dev = || param("dev", ty::link(), "the link");
    let serve: Shape<ServeOptions> = ServeOptions::shape().requiring("range");
    Module::new("dhcp", "DHCP for IPv4: a server that gives addresses on a link, and a client. Messages go as broadcasts.")
        .function(
            Function::new("dhcp.serve", (dev(), opts(serve)), ret::handle::<Server>("the server"), |cx, (dev, o)| {
                let ServeOptions { range, router: routers, dns, domain, mtu, lease, hosts } = o;
                let (Some(first), Some(last)) = (range.first(), range.last()) else {
                    return Err(Error::argument("a range has two addresses").into());
                };
                let options = PoolOptions { range: (*first, *last), hosts, routers, dns, domain, mtu, lease };
                Ok(dhcp::serve(cx.ns, &dev, options)?)
            })
            .doc(
                "Starts a DHCP server that runs beside the script, on a link that is up and has an address. It gives addresses \
                 of that address's subnet, one to each client, and records what clients send.\n\n\
                 Raises `address_not_available` if the link has no IPv4 address, `argument` for addresses of another subnet, \
                 `address_in_use` if there is a server on this link already.",
            )
            .command("dnsmasq --no-daemon --port=0 --interface=DEV --dhcp-range=FIRST,LAST"),
        )
        .function(
            Function::new(
                "dhcp.request",
                (dev(), opts(RequestOptions::shape())),
                ret::record(lease(), "what the link was given"),
                |cx, (dev, o)| request(cx, &dev, o),
            )
            .doc(
                "Gets an address for a link from a DHCP server, gives it to the link and adds the default route. The address \
                 goes when the lease ends, unless dhcp.renew is called before; nothing renews it by itself. The DNS servers are \
                 told, and nothing is written for them.\n\n\
                 Raises `timeout` if no server answers, `address_not_available` if it refuses, `address_in_use` if another DHCP \
                 client runs on the link, `network_down` if the link is down.",
            )
            .command("udhcpc -n -q -i DEV"),
        )
        .function(
            Function::new(
                "dhcp.renew",
                (dev(), opts(RenewOptions::shape())),
                ret::record(lease(), "the lease, which begins again"),
                |cx, (dev, o)| renew(cx, &dev, &o),
            )
            .doc(
                "Has the lease that dhcp.request got begin again, by asking the server that gave it.\n\n\
                 Raises `not_found` if there is no lease, `timeout` if the server doesn't answer, `address_not_available` if it \
                 refuses.",
            ),
        )
        .function(
            Function::new("dhcp.release", (dev(),), ret::nothing(), |cx, (dev,)| release(cx, &dev))
                .doc(
                    "Gives the address that dhcp.request got back to the server, and takes it and the default route from the link.\n\n\
                     Raises `not_found` if there is no lease.",
                ),
        )
}
