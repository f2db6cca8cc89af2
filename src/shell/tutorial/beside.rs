//! The processes of a command that doesn't end: what they wait for, and how they are ended.

use std::collections::{HashMap, HashSet};
use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::base::wait;

/// What a program that goes on by itself does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// It waits for connections.
    Listens,
    /// It waits for datagrams, or sees packets of others.
    Receives,
}

/// All that were started by this process, and by those.
pub fn descendants(of: i32) -> HashSet<i32> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
        if let Some(stat) = wait::stat(pid).filter(|stat| stat.state != 'Z') {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let (mut found, mut open) = (HashSet::new(), vec![of]);
    while let Some(pid) = open.pop() {
        for child in children.remove(&pid).unwrap_or_default() {
            found.insert(child);
            open.push(child);
        }
    }
    found
}

/// The program among these that goes on by itself, if there is one, and what it does.
pub fn service(pids: &HashSet<i32>) -> Option<(String, Service)> {
    let of = |pid: &i32| {
        let sockets = sockets(*pid);
        let kind = (!sockets.is_empty()).then(|| kind(*pid, &sockets)).flatten()?;
        Some((kind, wait::stat(*pid)?.name))
    };
    pids.iter().filter_map(of).min().map(|(kind, name)| (name, kind))
}

/// The numbers of a process's sockets.
fn sockets(pid: i32) -> HashSet<String> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let targets = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    let number = |target: std::path::PathBuf| {
        Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
    };
    targets.filter_map(number).collect()
}

fn kind(pid: i32, sockets: &HashSet<String>) -> Option<Service> {
    // The column of the socket's number, and what tells those that wait; see proc(5).
    let has = |table: &str, column: usize, waits: &dyn Fn(&[&str]) -> bool| {
        let text = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        text.lines().skip(1).any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.get(column).is_some_and(|inode| sockets.contains(*inode)) && waits(&words)
        })
    };
    let listens = |words: &[&str]| words.get(3) == Some(&"0A");
    let unconnected = |words: &[&str]| words.get(2).is_some_and(|far| far.ends_with(":0000"));
    if ["tcp", "tcp6"].iter().any(|table| has(table, 9, &listens)) {
        return Some(Service::Listens);
    }
    let receives =
        has("packet", 8, &|_| true) || ["udp", "udp6"].iter().any(|table| has(table, 9, &unconnected));
    receives.then_some(Service::Receives)
}

/// Sends a signal to those of these that have started no other; whether there are any.
pub fn signal_last(pids: &HashSet<i32>, signal: Signal) -> bool {
    let parents: HashSet<i32> = pids.iter().filter_map(|pid| Some(wait::stat(*pid)?.parent)).collect();
    let last: Vec<&i32> = pids.iter().filter(|pid| !parents.contains(pid)).collect();
    for pid in &last {
        let _ = kill(Pid::from_raw(**pid), signal);
    }
    !last.is_empty()
}
