//! `wg`.

use crate::base::command::Command;
use crate::model::Table;
use crate::net::namespace::Namespace;
use crate::net::wireguard::{Device, Peer};

/// What was set, as a file that `wg addconf` takes (keys don't stand on command lines), and a command for each peer that
/// went.
pub fn commands(ns: &Namespace, dev: &str, device: &Device) -> Vec<Command> {
    // The words of `wg set` are those of the file, in lower case and with hyphens.
    let lines = |given: Vec<String>| {
        let line = |given: &String| {
            let (word, value) = given.split_once(' ').unwrap_or((given, ""));
            let word: String = word.split('-').map(capitalized).collect();
            format!("{word} = {value}\n")
        };
        given.iter().map(line).collect::<String>()
    };
    let mut file = lines(device.given());
    if !file.is_empty() {
        file.insert_str(0, "[Interface]\n");
    }
    let (gone, there): (Vec<&Peer>, Vec<&Peer>) =
        device.peers.iter().partition(|peer| peer.remove == Some(true));
    for peer in there {
        let own = Peer { remove: None, ..peer.clone() };
        file += &format!("[Peer]\n{}", lines(own.given()).replacen("Peer = ", "PublicKey = ", 1));
    }
    let verb = if device.replace_peers == Some(true) { "syncconf" } else { "addconf" };
    let mut out = Vec::new();
    if !file.is_empty() {
        out.push(Command::new(&["wg", verb]).word(dev).word("/dev/stdin").reading(&file).within(ns));
    }
    for key in gone.iter().filter_map(|peer| peer.public_key) {
        out.push(
            Command::new(&["wg", "set"]).word(dev).words(&["peer"]).word(key).words(&["remove"]).within(ns),
        );
    }
    out
}

/// `listen` as `Listen`; `ips` and `fwmark` as wg(8) has them.
fn capitalized(word: &str) -> String {
    match word {
        "ips" => "IPs".to_owned(),
        "fwmark" => "FwMark".to_owned(),
        _ => word[..1].to_uppercase() + &word[1..],
    }
}
