//! Which processes have a socket open: what `/proc/PID/fd` shows.

use std::collections::HashMap;

/// A process that has a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its program's name, cut at 15 bytes by the kernel.
    pub name: String,
    pub pid: u32,
    pub fd: u32,
}

/// The owners of all sockets, by inode, as they were when it was made.
#[derive(Clone, Debug, Default)]
pub struct Owners(HashMap<u32, Vec<Owner>>);

impl Owners {
    /// Looks at all processes of the lab. What can't be read (processes of others) is left out.
    pub fn look() -> Self {
        let mut found: HashMap<u32, Vec<Owner>> = HashMap::new();
        for pid in numbers("/proc") {
            let mut name = None;
            for fd in numbers(&format!("/proc/{pid}/fd")) {
                let Ok(target) = std::fs::read_link(format!("/proc/{pid}/fd/{fd}")) else { continue };
                let Some(inode) = target.to_str().and_then(socket_inode) else { continue };
                let name = name.get_or_insert_with(|| {
                    std::fs::read_to_string(format!("/proc/{pid}/comm"))
                        .unwrap_or_default()
                        .trim_end()
                        .to_owned()
                });
                found.entry(inode).or_default().push(Owner { name: name.clone(), pid, fd });
            }
        }
        for owners in found.values_mut() {
            owners.sort_by_key(|o| (o.pid, o.fd));
        }
        Owners(found)
    }

    /// Of none: for when it isn't asked.
    pub fn nobody() -> Self {
        Owners::default()
    }

    pub(super) fn of(&self, inode: u32) -> Vec<Owner> {
        self.0.get(&inode).cloned().unwrap_or_default()
    }
}

/// The entries of a directory that are numbers.
fn numbers(directory: &str) -> Vec<u32> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// `socket:[123]`.
fn socket_inode(target: &str) -> Option<u32> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}
