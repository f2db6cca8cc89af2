//! Which kernel parameters of a namespace are not as in a new one.

use std::collections::HashMap;
use std::ffi::CString;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::thread::Builder;

use nix::fcntl::{OFlag, openat};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;

use super::inherited::Inherited;
use super::namespace::Namespace;
use super::procsys::NET;
use crate::base::alone::{is_alone, own};
use crate::base::error::{Error, Kind, Result};

/// Where each link has a directory of its own.
const OF_LINKS: [&str; 4] = ["ipv4/conf", "ipv4/neigh", "ipv6/conf", "ipv6/neigh"];
/// What changes by itself, or follows from the link's own state.
const VOLATILE: [&str; 4] = ["nf_conntrack_count", "fib_multipath_hash_seed", "tcp_fastopen_key", "mtu"];

/// A parameter that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// As sysctl(8) writes it, with `/` for a dot in a link's name.
    pub name: String,
    pub value: String,
    /// Of a link, the namespace's own `default`; else what a new namespace has.
    pub default: String,
}

/// The readable parameters of one directory, with their values.
#[derive(Clone, Debug)]
struct Group {
    /// Below [`NET`]: `ipv4/conf/all`.
    directory: String,
    names: Vec<CString>,
    values: Vec<Option<Vec<u8>>>,
}

/// What a new namespace has.
type Fresh = Vec<Group>;

/// The parameters below `net` that differ from those of a new namespace (made for it, and gone again), for each of
/// the namespaces; in those in which nobody can have set any, none is read. A link's are compared with the namespace's own `default`, from which a link gets them when it is
/// made, those of `lo` also with a new namespace's `lo`; and a link's of `neigh`, which has no `default`, with those
/// of a new one's `lo`.
pub fn differing(namespaces: &[Rc<Namespace>]) -> Result<Vec<Vec<Difference>>> {
    let alone = is_alone();
    // A script can write files too, but only where it is itself.
    let suspect = |ns: &&Rc<Namespace>| !alone || ns.is_host() || ns.is_tuned();
    let suspects: Vec<_> = namespaces.iter().filter(suspect).collect();
    suspects.iter().for_each(|ns| ns.expect_bridges());
    let mut found = own(|| compare_all(&suspects))?.into_iter();
    let of_each = |ns: &Rc<Namespace>| suspect(&ns).then(|| found.next()).flatten().unwrap_or_default();
    Ok(namespaces.iter().map(of_each).collect())
}

fn compare_all(namespaces: &[&Rc<Namespace>]) -> Result<Vec<Vec<Difference>>> {
    let fresh = in_thread(|| {
        nix::sched::unshare(CloneFlags::CLONE_NEWNET)?;
        // As those of the lab began.
        let _ = Inherited::default().reset();
        Ok(fresh())
    })?;
    let fds: Vec<OwnedFd> = namespaces.iter().map(|ns| ns.descriptor()).collect::<Result<_>>()?;
    // A parameter costs 5 us, which with hundreds of namespaces is worth a second processor.
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let share = fds.len().div_ceil(threads).max(4);
    let mut out = Vec::with_capacity(fds.len());
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        for some in fds.chunks(share) {
            let fresh = &fresh;
            running.push(Builder::new().spawn_scoped(scope, move || {
                let mut found = Vec::with_capacity(some.len());
                for fd in some {
                    nix::sched::setns(fd, CloneFlags::CLONE_NEWNET)?;
                    found.push(compare(fresh));
                }
                Ok(found)
            })?);
        }
        for thread in running {
            out.extend(joined(thread.join())?);
        }
        Ok::<(), Error>(())
    })?;
    Ok(out)
}

/// Runs `f` in a thread of its own, which it may move to another namespace.
fn in_thread<T: Send>(f: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| joined(Builder::new().spawn_scoped(scope, f)?.join()))
}

fn joined<T>(result: std::thread::Result<Result<T>>) -> Result<T> {
    result.unwrap_or_else(|_| Err(Error::new(Kind::Io, "reading /proc/sys/net failed")))
}

fn fresh() -> Fresh {
    let mut out = Vec::new();
    walk(String::new(), &mut out);
    out
}

/// Adds the directory's parameters and those below it.
fn walk(directory: String, out: &mut Fresh) {
    let (mut names, mut below) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(format!("{NET}/{directory}")).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => below.push(name),
            Ok(_) if !VOLATILE.contains(&name.as_str()) => names.extend(CString::new(name)),
            _ => {}
        }
    }
    names.sort();
    below.sort();
    let values = Tree::new().read(&directory, &names);
    if !names.is_empty() {
        out.push(Group { directory: directory.clone(), names, values });
    }
    for name in below {
        walk(if directory.is_empty() { name } else { format!("{directory}/{name}") }, out);
    }
}

/// Directories below [`NET`] of the calling thread's namespace. Those next below it are opened once: to find one of them
/// the kernel compares with those of all namespaces that were looked at.
pub(super) struct Tree(HashMap<String, Option<OwnedFd>>);

impl Tree {
    pub fn new() -> Self {
        Tree(HashMap::new())
    }

    fn open(&mut self, directory: &str) -> Option<OwnedFd> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let (top, below) = directory.split_once('/').unwrap_or((directory, "."));
        let open = || nix::fcntl::open(format!("{NET}/{top}").as_str(), flags, Mode::empty()).ok();
        let top = self.0.entry(top.to_owned()).or_insert_with(open);
        openat(top.as_ref()?, below, flags, Mode::empty()).ok()
    }

    /// The values of parameters in one directory; `None` for what can't be read.
    pub fn read(&mut self, directory: &str, names: &[CString]) -> Vec<Option<Vec<u8>>> {
        let Some(directory) = self.open(directory) else { return vec![None; names.len()] };
        let mut buffer = [0; 4096];
        let mut one = |name: &CString| {
            let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
            let mut file = File::from(openat(&directory, name.as_c_str(), flags, Mode::empty()).ok()?);
            // The first read gives the whole, if there is room for it.
            let length = file.read(&mut buffer).ok()?;
            let mut value = buffer[..length].to_vec();
            if length == buffer.len() {
                file.read_to_end(&mut value).ok()?;
            }
            Some(value)
        };
        names.iter().map(&mut one).collect()
    }

    /// The names in a directory.
    fn names(&mut self, directory: &str) -> Vec<String> {
        let mut open = self.open(directory).and_then(|fd| nix::dir::Dir::from_fd(fd).ok());
        let entries = open.iter_mut().flat_map(|dir| dir.iter()).flatten();
        let names = entries.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned));
        names.filter(|name| name != "." && name != "..").collect()
    }
}

/// Compares the calling thread's namespace with a new one.
fn compare(fresh: &Fresh) -> Vec<Difference> {
    let mut out = Vec::new();
    let mut tree = Tree::new();
    let mut defaults: HashMap<&str, Vec<Option<Vec<u8>>>> = HashMap::new();
    for group in fresh {
        if group.directory.ends_with("/lo") && parent(&group.directory).is_some() {
            continue;
        }
        let values = tree.read(&group.directory, &group.names);
        for ((name, now), new) in group.names.iter().zip(&values).zip(&group.values) {
            differ(&group.directory, name, now, new, &mut out);
        }
        if group.directory.ends_with("/default")
            && let Some(parent) = parent(&group.directory)
        {
            defaults.insert(parent, values);
        }
    }
    for parent in OF_LINKS {
        let Some(lo) = fresh.iter().find(|g| g.directory == format!("{parent}/lo")) else { continue };
        // `neigh` has no default but in the machine's first namespace.
        let group = fresh.iter().find(|g| g.directory == format!("{parent}/default")).unwrap_or(lo);
        let default = defaults.get(parent).unwrap_or(&lo.values);
        for link in links(&mut tree, parent) {
            let directory = format!("{parent}/{link}");
            let values = tree.read(&directory, &group.names);
            for ((name, now), default) in group.names.iter().zip(&values).zip(default) {
                let as_new =
                    || lo.names.iter().position(|n| n == name).is_some_and(|at| lo.values[at] == *now);
                if link != "lo" || !as_new() {
                    differ(&directory, name, now, default, &mut out);
                }
            }
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

/// `ipv4/conf` of `ipv4/conf/all`.
fn parent(directory: &str) -> Option<&'static str> {
    let (parent, _) = directory.rsplit_once('/')?;
    OF_LINKS.into_iter().find(|p| *p == parent)
}

/// The links that have a directory there.
fn links(tree: &mut Tree, parent: &str) -> Vec<String> {
    let mut names = tree.names(parent);
    names.retain(|name| name != "all" && name != "default");
    names
}

fn differ(
    directory: &str,
    name: &CString,
    now: &Option<Vec<u8>>,
    default: &Option<Vec<u8>>,
    out: &mut Vec<Difference>,
) {
    // What a link hasn't got (the limits of `neigh`) is not a difference.
    let (Some(now), Some(default)) = (now, default) else { return };
    if now == default {
        return;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned();
    let parts = directory.split('/').filter(|part| !part.is_empty()).map(|part| part.replace('.', "/"));
    let mut whole: Vec<String> = std::iter::once("net".to_owned()).chain(parts).collect();
    whole.push(name.to_string_lossy().into_owned());
    out.push(Difference { name: whole.join("."), value: text(now), default: text(default) });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::link::{self, End, LinkSpec};
    use crate::net::sysctl;
    use crate::net::testing::lab;

    fn told(namespaces: &[Rc<Namespace>]) -> Vec<Vec<(String, String, String)>> {
        let all = differing(namespaces).unwrap();
        all.into_iter().map(|of| of.into_iter().map(|d| (d.name, d.value, d.default)).collect()).collect()
    }

    #[test]
    fn what_was_set_is_told_and_nothing_else() {
        lab(|all| {
            let (a, b): (Rc<Namespace>, Rc<Namespace>) = (all.add("a").unwrap(), all.add("b").unwrap());
            let spec = LinkSpec { near: End::up(true), ..LinkSpec::of("veth") };
            link::add(&a, "eth0.1", &spec).unwrap();
            let change = link::Change::from(End::up(true));
            link::set(&a, "lo", &change).unwrap();
            assert_eq!(told(&[all.host().clone(), a.clone(), b.clone()]), [vec![], vec![], vec![]]);
            sysctl::set(&a, "net.ipv4.conf.eth0/1.rp_filter", "2").unwrap();
            sysctl::set(&a, "net.ipv4.tcp_ecn", "1").unwrap();
            sysctl::set(&a, "net.ipv6.conf.lo.hop_limit", "3").unwrap();
            sysctl::set(&b, "net.ipv4.neigh.lo.gc_stale_time", "5").unwrap();
            let told = told(&[b, a]);
            let one = |name: &str, value: &str, default: &str| (name.into(), value.into(), default.into());
            assert_eq!(told[0], [one("net.ipv4.neigh.lo.gc_stale_time", "5", "60")]);
            assert_eq!(
                told[1],
                [
                    one("net.ipv4.conf.eth0/1.rp_filter", "2", "0"),
                    one("net.ipv4.tcp_ecn", "1", "2"),
                    one("net.ipv6.conf.lo.hop_limit", "3", "64"),
                ]
            );
        });
    }
}
