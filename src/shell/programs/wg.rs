//! `wg`.

use crate::base::command::Command;
use crate::net::namespace::Namespace;
use crate::net::wireguard::{Device, Key, Peer};

/// `wg set DEV ...`: what is the link's own, and a command for each peer, since a key is read from a file and not given on
/// the command line.
pub fn commands(ns: &Namespace, dev: &str, device: &Device) -> Vec<Command> {
    let set = || Command::new(&["wg", "set"]).word(dev);
    let own = Device { private_key: None, ..device.clone() };
    let whole = with_key(set(), "private-key", device.private_key).rows(&own, &[]);
    let of_peer = |peer: &Peer| {
        let command = set().pair("peer", peer.public_key);
        if peer.remove == Some(true) {
            return command.flag(true, "remove");
        }
        with_key(command, "preshared-key", peer.preshared_key)
            .rows(peer, &["public_key", "preshared_key", "remove"])
    };
    let peers = device.peers.iter().map(of_peer);
    let given = whole != set();
    given.then_some(whole).into_iter().chain(peers).map(|command| command.within(ns)).collect()
}

fn with_key(command: Command, word: &str, key: Option<Key>) -> Command {
    match key {
        Some(key) => command.words(&[word, "/dev/stdin"]).reading(&format!("{key}\n")),
        None => command,
    }
}
