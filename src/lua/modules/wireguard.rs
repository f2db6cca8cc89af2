//! `wireguard`: keys and peers of WireGuard links.

use crate::lua::registry::Module;
use crate::lua::schema::{Builder, Function, Record, Shape, object, opts, param, ret, ty};
use crate::net::wireguard::{self, Device, Peer};

fn options() -> Shape<Device> {
    let peers = ty::list(Shape::<Peer>::rows("nsh.wireguard.PeerOptions").requiring("public_key").into());
    Shape::<Device>::rows("nsh.wireguard.SetOptions").field(
        "peers",
        peers,
        "peers to add, change or remove; others stay",
        |device, peers| device.peers = peers,
    )
}

pub fn record() -> Record<Device> {
    let peer = Builder::<Peer>::rows_where("nsh.WireguardPeer", "A peer of a WireGuard link.", |name| {
        name != "remove"
    });
    Builder::<Device>::rows_where(
        "nsh.Wireguard",
        "A WireGuard link, with its peers. Prints as `wg show` does.",
        |name| name != "replace_peers",
    )
    .list("peers", peer.plain(), "its peers", |device| &device.peers)
    .show(|table| {
        let mut device: Device = object(table);
        let peers = table.raw_get::<Vec<mlua::Table>>("peers").unwrap_or_default();
        device.peers = peers.iter().map(object).collect();
        Ok(device.to_string())
    })
}

pub fn module() -> Module {
    let dev = || param("dev", ty::link(), "the WireGuard link");
    Module::new(
        "wireguard",
        "Keys and peers of WireGuard links (`link.add(NAME, { kind = \"wireguard\" })`), without the program `wg`."
    )
    .function(
        Function::new("wireguard.genkey", (), ret::value::<String>("string", "the key, in base64"), |_, ()| {
            Ok(wireguard::genkey()?.to_string())
        })
        .doc(
            "Makes a private key. The public one that belongs to it is `wireguard.get(DEV).public_key`, once a link has \
             the private one.",
        )
        .command("wg genkey"),
    )
    .function(
        Function::new("wireguard.genpsk", (), ret::value::<String>("string", "the key, in base64"), |_, ()| {
            Ok(wireguard::genpsk()?.to_string())
        })
        .doc("Makes a key for two peers to share.")
        .command("wg genpsk"),
    )
    .function(
        Function::new("wireguard.set", (dev(), opts(options())), ret::nothing(), |cx, (dev, device)| {
            Ok(wireguard::set(cx.ns, &dev, &device)?)
        })
        .doc(
            "Sets a link's key and port, and adds, changes or removes peers. Peers that are not named stay as they are; of one \
             that is named stays what is not given. `replace_peers` takes all peers away first.\n\nRaises `not_found` if \
             there is no such link, `argument` if it is of another kind or a key is wrong, `address_in_use` if the port \
             is taken.",
        )
        .command("wg set DEV private-key FILE listen-port PORT peer KEY allowed-ips PREFIXES endpoint IP:PORT"),
    )
    .function(
        Function::new(
            "wireguard.get",
            (dev(),),
            ret::record(record(), "its keys, port and peers"),
            |cx, (dev,)| Ok(wireguard::get(cx.ns, &dev)?),
        )
        .doc("Reads a link's keys, port and peers, with what passed.\n\nRaises as `wireguard.set`.")
        .command("wg show DEV"),
    )
    .function(
        Function::new(
            "wireguard.list",
            (),
            ret::list(record(), "the links"),
            |cx, ()| Ok(wireguard::list(cx.ns)?),
        )
        .doc("Lists the WireGuard links of the namespace, with their peers.")
        .command("wg show"),
    )
}
