//! Network namespaces: making, pinning, entering, finding by name, and the sockets that nsh keeps in each.

mod attach;
mod nsid;
mod sockets;
mod together;
mod unsettled;

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::time::Instant;

use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags};
use nix::sched::CloneFlags;
use nix::sys::statfs::{FsType, statfs};

use super::done::{Done, Reports, Verb};
use super::inherited::{self, Inherited};
use super::mroute::Routers;
use super::netlink::{Answer, Idle, Route, Socket};
use super::remains::{self, Keeper, Remains};
use crate::base::alone;
use crate::base::error::{Error, Kind, Result};
use crate::base::text::listed;
pub use attach::Whose;
use nsid::Notes;
pub(super) use nsid::{Note, RTM_DELNSID, RTM_NEWNSID, nsid_of};
use sockets::{Pool, Sockets};
use together::Together;

/// The name of the namespace in which a lab begins.
pub const HOST: &str = "host";

thread_local! {
    /// Namespaces whose bridges, which they haven't got yet, would hand packets to IP's rules, by their inodes.
    static BRIDGELESS: RefCell<BTreeMap<u64, Weak<Namespace>>> = const { RefCell::new(BTreeMap::new()) };
    /// The namespace that the (main) thread lives in, and returns to. Of the thread, so that tests can have a lab
    /// each.
    static HOME: OnceCell<OwnedFd> = const { OnceCell::new() };
}

/// One network namespace, with nsh's sockets in it. Not shared between threads: a thread that works beside the
/// script takes [`Namespace::descriptor`] and stays in it.
pub struct Namespace {
    name: String,
    /// `None` once it was deleted.
    fd: RefCell<Option<Rc<OwnedFd>>>,
    /// `/proc/self/ns/net`'s inode, which tells namespaces apart.
    inode: u64,
    home: bool,
    sockets: Rc<Sockets>,
    /// When links were last added or set, so that carrier and operstate may not have settled; see [`super::settle`].
    unsettled: Cell<Option<Instant>>,
    /// The links that were changed since.
    changed: RefCell<Vec<u32>>,
    /// Kernel parameters were set.
    tuned: Cell<bool>,
    /// Somebody else made it, and it has only its name from nsh.
    attached: Cell<bool>,
    together: Together,
    mroute: Routers,
    shared: Rc<Shared>,
}

/// What all namespaces of a lab share.
#[derive(Default)]
struct Shared {
    reports: Rc<Reports>,
    remains: Remains,
    pool: Pool,
}

impl Namespace {
    fn open(name: &str, path: &Path, home: bool, shared: &Rc<Shared>) -> Result<Self> {
        let file = File::open(path)?;
        let inode = nix::sys::stat::fstat(&file)?.st_ino;
        Ok(Namespace {
            name: name.to_owned(),
            fd: RefCell::new(Some(Rc::new(file.into()))),
            inode,
            home,
            sockets: Rc::default(),
            unsettled: Cell::new(None),
            changed: RefCell::default(),
            tuned: Cell::new(false),
            attached: Cell::new(false),
            together: Together::default(),
            mroute: Routers::default(),
            shared: shared.clone(),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Identifies the namespace on this machine, as `ls -l /proc/PID/ns/net` shows it.
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// Whether it is the namespace in which the lab began.
    pub fn is_host(&self) -> bool {
        self.home
    }

    /// The descriptor to give to `setns`, `IFLA_NET_NS_FD` and `NETNSA_FD`.
    ///
    /// Raises `not_found` once the namespace was deleted.
    pub fn fd(&self) -> Result<Rc<OwnedFd>> {
        self.fd
            .borrow()
            .clone()
            .ok_or_else(|| Error::new(Kind::NotFound, format!("the namespace {} was deleted", self.name)))
    }

    /// A descriptor of its own, for a thread or process that will live in the namespace.
    pub fn descriptor(&self) -> Result<OwnedFd> {
        Ok(self.fd()?.try_clone()?)
    }

    /// Runs `f` with the calling (main) thread inside the namespace: sockets that it opens stay there.
    pub fn within<T>(&self, f: impl FnOnce() -> Result<T>) -> Result<T> {
        let _inside = self.enter()?;
        f()
    }

    fn enter(&self) -> Result<Inside> {
        if !self.home {
            nix::sched::setns(self.fd()?, CloneFlags::CLONE_NEWNET)
                .map_err(|e| Error::from(e).detail(format!("entering namespace {}", self.name)))?;
        }
        Ok(Inside { away: !self.home })
    }

    /// The rtnetlink socket of this namespace.
    pub fn route(&self) -> Result<RefMut<'_, Idle>> {
        self.fd()?;
        self.sockets.route(&self.shared.pool, &|open| self.within(open))
    }

    /// Sends one rtnetlink request, as [`Route::raw`]. The socket is given back before it returns, so that what
    /// handles its error can ask again.
    pub fn rtnl(
        &self,
        message_type: u16,
        flags: u16,
        body: &[u8],
        mut each: impl FnMut(Option<Answer<'_>>) -> Result<()>,
    ) -> Result<()> {
        if self.together.takes(message_type, flags, body) {
            return Ok(());
        }
        let mut socket = self.route()?;
        let raw = |route: &mut Route| route.raw(message_type, flags, body, &mut each);
        if self.shared.pool.connected(&mut socket, raw)? {
            return Ok(());
        }
        drop(socket);
        let mut socket = self.sockets.raw_route(&self.shared.pool, &|open| self.within(open))?;
        socket.raw(message_type, flags, body, &mut each)
    }

    /// All that a dump answers, as `read` makes it of each message's body.
    pub fn dump<T, I: IntoIterator<Item = T>>(
        &self,
        message_type: u16,
        body: &[u8],
        mut read: impl FnMut(&[u8]) -> I,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.rtnl(message_type, NLM_F_DUMP, body, |answer| {
            match answer {
                // It begins, perhaps anew.
                None => found.clear(),
                Some(answer) => found.extend(read(answer.payload)),
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The netfilter socket of this namespace. Closing one just after a delete waits for RCU, about 15 ms.
    pub fn netfilter(&self) -> Result<RefMut<'_, Socket>> {
        self.fd()?;
        self.sockets.netfilter(&self.shared.pool, &|open| self.within(open))
    }

    /// The sockets by which it routes multicast.
    pub(super) fn mroute(&self) -> &Routers {
        &self.mroute
    }

    /// Tells what was just done here, if somebody listens.
    pub fn report(&self, done: Done<'_>) {
        if !self.together.is_silent() {
            self.shared.reports.tell(self, done);
        }
    }

    /// The process that keeps a deleted namespace alive, by the number under which it is known here.
    pub(super) fn keeper(&self, nsid: i32) -> Option<Keeper> {
        self.shared.remains.keeper(self, nsid)
    }

    /// Has bridges of this namespace work as in a new one, whatever the machine has loaded. To be called before the first
    /// one is made, and before somebody looks at the parameters.
    pub fn expect_bridges(&self) {
        if BRIDGELESS.with_borrow_mut(|all| all.remove(&self.inode)).is_some() {
            // As with the other parameters: the sandbox has said so where they can't be set.
            let _ = self.within(inherited::reset_bridges);
        }
    }

    /// Says that kernel parameters were set.
    pub fn tune(&self) {
        self.tuned.set(true);
    }

    /// Whether [`Namespace::tune`] said so, ever.
    pub fn is_tuned(&self) -> bool {
        self.tuned.get()
    }

    /// Lets go of all that would keep the namespace alive after its deletion; a script may hold on to its handle.
    fn let_go(&self) {
        BRIDGELESS.with_borrow_mut(|all| all.remove(&self.inode));
        self.sockets.close();
        self.mroute.close();
        self.fd.take();
    }
}

/// Calls [`Namespace::expect_bridges`] of all namespaces: to be called before a program starts, which can make bridges
/// wherever it likes. Among thousands of namespaces, a directory of /proc/sys/net is slow to find for the first time, so that
/// it is left until somebody needs it.
pub fn expect_bridges() {
    let all = BRIDGELESS.with_borrow(|all| all.values().filter_map(Weak::upgrade).collect::<Vec<_>>());
    all.iter().for_each(|ns| ns.expect_bridges());
}

/// Returns the thread to the host's namespace when dropped, whatever the way out.
struct Inside {
    away: bool,
}

impl Drop for Inside {
    fn drop(&mut self) {
        if !self.away {
            return;
        }
        let back = HOME.with(|slot| slot.get().map(|home| nix::sched::setns(home, CloneFlags::CLONE_NEWNET)));
        if !matches!(back, Some(Ok(()))) {
            // To go on in the wrong namespace would be worse than any end.
            eprintln!("nsh: cannot return to the host's namespace: {back:?}");
            std::process::abort();
        }
    }
}

/// The namespaces of a lab: `host` and the named ones, pinned in a directory as `ip netns` does.
pub struct Namespaces {
    /// Who is told what was done.
    pub reports: Rc<Reports>,
    host: Rc<Namespace>,
    directory: PathBuf,
    known: RefCell<HashMap<String, Rc<Namespace>>>,
    /// What [`Namespaces::by_nsid`] found: (inode of the viewer, nsid) to name.
    nsids: RefCell<HashMap<(u64, i32), String>>,
    /// The name that it found last by asking for all.
    last_by_nsid: RefCell<String>,
    /// Names of addresses besides the namespaces' own; see [`super::hosts`].
    names_of_addresses: RefCell<BTreeMap<String, Vec<IpAddr>>>,
    notes: RefCell<Notes>,
    /// What new namespaces would have of the machine's settings.
    inherited: RefCell<Inherited>,
    shared: Rc<Shared>,
}

impl Namespaces {
    /// Takes the calling thread's namespace as `host`, and `directory` (`/run/netns`) for the named ones.
    pub fn new(directory: impl Into<PathBuf>) -> Result<Self> {
        let shared = Rc::<Shared>::default();
        let host = Namespace::open(HOST, Path::new("/proc/thread-self/ns/net"), true, &shared)?;
        let home = host.descriptor()?;
        let _ = HOME.with(|slot| slot.set(home));
        Ok(Namespaces {
            reports: shared.reports.clone(),
            host: Rc::new(host),
            directory: directory.into(),
            known: RefCell::default(),
            nsids: RefCell::default(),
            last_by_nsid: RefCell::default(),
            names_of_addresses: RefCell::default(),
            notes: RefCell::default(),
            inherited: RefCell::default(),
            shared,
        })
    }

    pub fn host(&self) -> &Rc<Namespace> {
        &self.host
    }

    /// The file that pins the namespace `name`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Makes and pins a namespace, as `ip netns add NAME`. All its links, `lo` too, are down.
    ///
    /// Raises `exists` if the name is taken, `argument` if it can't be a file's name.
    pub fn add(&self, name: &str) -> Result<Rc<Namespace>> {
        self.shared.pool.or_spare(self.add_once(name), || self.add_once(name))
    }

    fn add_once(&self, name: &str) -> Result<Rc<Namespace>> {
        let path = self.claim(name)?;
        let alone = alone::is_alone();
        let made = self.make(&path, alone).and_then(|()| self.open(name));
        match made {
            Ok(ns) => {
                let ns = Rc::new(ns);
                if alone {
                    BRIDGELESS.with_borrow_mut(|all| all.insert(ns.inode, Rc::downgrade(&ns)));
                }
                self.shared.remains.forget(ns.inode);
                self.known.borrow_mut().insert(name.to_owned(), ns.clone());
                self.note(&ns);
                self.host.report(Done::Namespace(Verb::Add, name));
                Ok(ns)
            }
            Err(e) => Err(unpinned(&path, e)),
        }
    }

    /// Makes the file that is to pin the namespace `name`.
    fn claim(&self, name: &str) -> Result<PathBuf> {
        check_name(name)?;
        self.prepare_directory()?;
        let path = self.path(name);
        // O_EXCL makes two nsh under --host, or nsh and ip netns, agree on who made it.
        File::options().write(true).create_new(true).open(&path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => Error::errno(Errno::EEXIST).hint(format!(
                "namespace.get({name:?}) returns the one that is there; namespace.del removes it"
            )),
            _ => Error::from(e).detail(format!("creating {}", path.display())),
        })?;
        Ok(path)
    }

    fn open(&self, name: &str) -> Result<Namespace> {
        Namespace::open(name, &self.path(name), false, &self.shared)
    }

    /// Steps into a new namespace just long enough to pin it: a fifth of the time that a fork takes.
    fn make(&self, path: &Path, alone: bool) -> Result<()> {
        nix::sched::unshare(CloneFlags::CLONE_NEWNET).map_err(|e| {
            let error = Error::from(e).detail("making a network namespace");
            match e {
                Errno::ENOSPC => error.hint("the limit is in /proc/sys/user/max_net_namespaces"),
                _ => error,
            }
        })?;
        let inside = Inside { away: true };
        // Where it can't be, the sandbox has said so of `host` already.
        let _ = self.inherited.borrow_mut().reset_conf();
        if !alone {
            let _ = inherited::reset_bridges();
        }
        let pinned = pin(Path::new("/proc/thread-self/ns/net"), path);
        drop(inside);
        pinned
    }

    /// The namespace `name`, or `None`. `host` is always there. Those that `ip netns` made are found too.
    pub fn get(&self, name: &str) -> Result<Option<Rc<Namespace>>> {
        if name == HOST {
            return Ok(Some(self.host.clone()));
        }
        if check_name(name).is_err() {
            return Ok(None);
        }
        let path = self.path(name);
        let Ok(stat) = nix::sys::stat::stat(&path) else {
            self.known.borrow_mut().remove(name);
            return Ok(None);
        };
        if let Some(ns) = self.known.borrow().get(name).filter(|ns| ns.inode == stat.st_ino) {
            return Ok(Some(ns.clone()));
        }
        if !is_namespace(&path) {
            return Ok(None);
        }
        let ns = Rc::new(self.open(name)?);
        self.known.borrow_mut().insert(name.to_owned(), ns.clone());
        self.note(&ns);
        Ok(Some(ns))
    }

    /// As [`Namespaces::get`], but a missing one is an error that lists those that are there.
    pub fn require(&self, name: &str) -> Result<Rc<Namespace>> {
        self.get(name)?.ok_or_else(|| {
            let names = self.names().unwrap_or_default();
            let there = if names.is_empty() { "none but host".to_owned() } else { listed(names) };
            Error::new(Kind::NotFound, format!("no namespace named {name:?} (there is {there})"))
        })
    }

    /// The names of the pinned namespaces, sorted; `host` is not among them.
    pub fn names(&self) -> Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.directory) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| self.known.borrow().contains_key(name) || is_namespace(&self.path(name)))
            .collect();
        names.sort();
        Ok(names)
    }

    /// Every namespace of the lab, `host` first.
    pub fn all(&self) -> Result<Vec<Rc<Namespace>>> {
        let mut all = vec![self.host.clone()];
        for name in self.names()? {
            all.extend(self.get(&name)?);
        }
        Ok(all)
    }

    /// Deletes the namespace, as `ip netns del NAME`. Its links have gone when it returns, and names are free again; where
    /// a process is still in it, the namespace only loses its name, and goes with that process.
    pub fn del(&self, name: &str) -> Result<()> {
        if name == HOST {
            return Err(Error::argument("the host's namespace can't be deleted"));
        }
        check_name(name)?;
        let path = self.path(name);
        let ns = self.get(name).ok().flatten();
        self.known.borrow_mut().remove(name);
        if let Some(ns) = ns {
            // Its inode, and the numbers by which others know it, will be those of another one.
            self.nsids.borrow_mut().retain(|(viewer, _), there| *viewer != ns.inode && there != name);
            self.leave(&ns);
        }
        match nix::mount::umount2(&path, MntFlags::MNT_DETACH) {
            // EINVAL: a plain file, left by a crash between creating and mounting.
            Ok(()) | Err(Errno::EINVAL) => {}
            Err(Errno::ENOENT) => {
                return Err(Error::new(Kind::NotFound, format!("no namespace named {name:?}")));
            }
            Err(e) => return Err(Error::from(e).detail(format!("unmounting {}", path.display()))),
        }
        std::fs::remove_file(&path)
            .map_err(|e| Error::from(e).detail(format!("removing {}", path.display())))?;
        self.host.report(Done::Namespace(Verb::Del, name));
        Ok(())
    }

    /// Empties the namespace, unless a process is in it, and lets go of it.
    fn leave(&self, ns: &Rc<Namespace>) {
        if ns.attached.get() {
            // It is somebody else's, with all that is in it.
        } else if remains::occupied(ns.inode) {
            self.shared.remains.remember(ns.inode, &ns.name);
        } else {
            // What can't be deleted (a link of hardware) goes with the namespace.
            let _ = remains::empty(ns);
        }
        ns.let_go();
        self.note(ns);
    }

    /// Gives addresses a name of their own besides the namespaces' names; an empty list takes it away.
    pub fn name_addresses(&self, name: &str, addresses: Vec<IpAddr>) {
        let mut names = self.names_of_addresses.borrow_mut();
        if addresses.is_empty() {
            names.remove(name);
        } else {
            names.insert(name.to_owned(), addresses);
        }
    }

    /// The names that [`Namespaces::name_addresses`] gave.
    pub fn named_addresses(&self) -> BTreeMap<String, Vec<IpAddr>> {
        self.names_of_addresses.borrow().clone()
    }

    /// Makes the directory a shared mount of its own, as `ip netns` does, so that namespaces pinned here are seen
    /// in other mount namespaces, and unpinning frees them there too.
    fn prepare_directory(&self) -> Result<()> {
        if !self.known.borrow().is_empty() {
            return Ok(());
        }
        let failed = |e: Error| e.detail(format!("preparing {}", self.directory.display()));
        std::fs::create_dir_all(&self.directory).map_err(|e| failed(e.into()))?;
        let shared = || {
            nix::mount::mount(
                None::<&str>,
                &self.directory,
                None::<&str>,
                MsFlags::MS_SHARED | MsFlags::MS_REC,
                None::<&str>,
            )
        };
        match shared() {
            // EINVAL: not a mount point yet.
            Err(Errno::EINVAL) => {
                nix::mount::mount(
                    Some(&self.directory),
                    &self.directory,
                    None::<&str>,
                    MsFlags::MS_BIND | MsFlags::MS_REC,
                    None::<&str>,
                )
                .map_err(|e| failed(e.into()))?;
                shared().map_err(|e| failed(e.into()))
            }
            result => result.map_err(|e| failed(e.into())),
        }
    }
}

/// Binds the namespace onto a file.
fn pin(namespace: &Path, path: &Path) -> Result<()> {
    nix::mount::mount(Some(namespace), path, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .map_err(|e| Error::from(e).detail(format!("pinning the namespace at {}", path.display())))
}

/// Takes away the file that was to pin a namespace, where that failed.
fn unpinned(path: &Path, e: Error) -> Error {
    let _ = nix::mount::umount2(path, MntFlags::MNT_DETACH);
    let _ = std::fs::remove_file(path);
    e
}

/// A namespace's name is a file's name in `/run/netns`; `host` is the lab's own.
fn check_name(name: &str) -> Result<()> {
    let wrong = match name {
        "" => "must not be empty",
        "." | ".." => "can't be \".\" or \"..\"",
        HOST => "\"host\" is the namespace in which the lab begins",
        _ if name.contains(['/', '\0']) => "must not contain \"/\" or a NUL byte",
        _ if name.len() > 255 => "must not be longer than 255 bytes",
        _ if name.chars().any(|c| c.is_whitespace() || c.is_control()) => "must not contain white space",
        _ => return Ok(()),
    };
    Err(Error::argument(format!("the namespace's name {wrong}, got {name:?}")))
}

/// Whether `path` is a pinned network namespace (on nsfs) and not a plain file.
fn is_namespace(path: &Path) -> bool {
    const NSFS_MAGIC: FsType = FsType(0x6e73_6673);
    statfs(path).is_ok_and(|s| s.filesystem_type() == NSFS_MAGIC)
}
