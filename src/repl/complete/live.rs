//! Names that are in use in the lab at this moment.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::lua::lab::Lab;
use crate::net::addr;
use crate::net::link;
use crate::net::namespace::{HOST, Namespace};

pub fn namespaces(lab: &Lab) -> Vec<String> {
    let mut names = lab.namespaces.names().unwrap_or_default();
    names.push(HOST.to_owned());
    names
}

/// The links of a namespace. Names may be negated (`!br0`), as address translation takes them.
pub fn links(ns: &Namespace, word: &str) -> Vec<String> {
    let names = link::find::all_names(ns).unwrap_or_default();
    match word.starts_with('!') {
        true => names.into_iter().map(|name| format!("!{name}")).collect(),
        false => names,
    }
}

/// All addresses in use in the lab; with their prefix lengths if asked. One request for each namespace, on the socket
/// that is open once something was done in it.
pub fn addresses(lab: &Lab, with_length: bool) -> Vec<String> {
    let mut out = Vec::new();
    for there in lab.namespaces.all().unwrap_or_default() {
        for prefix in addr::prefixes(&there).unwrap_or_default() {
            if !prefix.ip().is_loopback() {
                out.push(if with_length { prefix.to_string() } else { prefix.ip().to_string() });
            }
        }
    }
    out
}

/// Hardware addresses in use in the lab.
pub fn macs(lab: &Lab) -> Vec<String> {
    let all = lab.namespaces.all().unwrap_or_default();
    all.iter().flat_map(|there| link::find::all_macs(there).unwrap_or_default()).collect()
}

/// Hosts as a connection names them: addresses, of IPv6 in brackets, and namespaces.
pub fn hosts(lab: &Lab) -> Vec<String> {
    let bracketed = |a: String| if a.contains(':') { format!("[{a}]") } else { a };
    let addresses = addresses(lab, false).into_iter().map(bracketed);
    addresses.chain(namespaces(lab)).collect()
}

/// The programs of `$PATH` that begin so.
pub fn programs(word: &str) -> Vec<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut out = Vec::new();
    for directory in std::env::split_paths(&path) {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let runs = |m: fs::Metadata| m.is_file() && m.permissions().mode() & 0o111 != 0;
            if name.starts_with(word) && fs::metadata(entry.path()).is_ok_and(runs) {
                out.push(name);
            }
        }
    }
    out
}

/// The sysctls that a name can be completed to, one step further: `net.ipv4.` lists what is below.
pub fn sysctls(ns: &Namespace, word: &str) -> Vec<String> {
    let (parent, _) = word.rsplit_once('.').unwrap_or_default();
    let directory = Path::new("/proc/sys").join(parent.replace('.', "/"));
    let entries = ns.within(|| Ok(fs::read_dir(directory)?.flatten().collect::<Vec<_>>()));
    let mut out = Vec::new();
    for entry in entries.unwrap_or_default() {
        // A link's name may hold a dot, which stands for a slash then.
        let name = entry.file_name().to_string_lossy().replace('.', "/");
        let path = if parent.is_empty() { name } else { format!("{parent}.{name}") };
        let more = entry.file_type().is_ok_and(|t| t.is_dir());
        out.push(if more { format!("{path}.") } else { path });
    }
    out
}

/// The files that a path can be completed to, and directories, which end in a slash.
pub fn files(word: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let (parent, _) = match word.rfind('/') {
        Some(at) => word.split_at(at + 1),
        None => ("", word),
    };
    let directory = if parent.is_empty() { "." } else { parent };
    let mut out = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_directory = fs::metadata(entry.path()).is_ok_and(|m| m.is_dir());
        if is_directory {
            out.push(format!("{parent}{name}/"));
        } else if wanted(&name) {
            out.push(format!("{parent}{name}"));
        }
    }
    out
}
