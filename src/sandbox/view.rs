//! The file system as a lab sees it: read-only, but for the working directory, what `--write` names, and private
//! places. Built by the lab's first process, in a mount namespace that its script's root has no power over.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::mount::MsFlags;

use super::dev::Device;
use super::places::{self, Places};
use super::sys::{self, Tree};
use super::{dev, etc, netns, procfs, shade, streams};
use crate::base::error::{Error, Kind};

const RUN: &str = "/run";
/// Where `ip netns` and nsh pin namespaces.
pub const PINS: &str = "/run/netns";
/// What `/etc/hosts` is in a lab.
pub const HOSTS: &str = "/run/nsh/hosts";
/// The lab's host name.
pub const HOSTNAME: &str = "nsh";

/// Covers a machine's socket.
const EMPTY: &str = "/run/nsh/empty";
/// Where changes to the working directory are kept that go with the lab.
const LAYER: &str = "/run/nsh/cwd";
/// A directory with nothing in it.
pub const NOTHING: &str = "/run/nsh/nothing";

/// What was built, for the script's process.
#[derive(Debug, Default)]
pub struct View {
    /// `/proc` shows the lab's processes alone.
    pub own_proc: bool,
    /// `/sys` shows the lab's links.
    pub own_sys: bool,
    pub cwd_writable: bool,
    /// What could not be had, and what that costs.
    pub notes: Vec<String>,
}

impl View {
    /// Notes what could not be had, and what that costs.
    pub fn lacks(&mut self, e: &anyhow::Error, cost: &str) {
        self.notes.push(format!("{}; {cost}", Error::of(&**e).message()));
    }
}

/// Mounts a new file system of type `kind`.
pub fn mount(kind: &str, target: &Path, flags: MsFlags, options: &str) -> Result<()> {
    nix::mount::mount(Some(kind), target, Some(kind), flags, Some(options))
        .with_context(|| format!("mounting {kind} on {}", target.display()))
}

/// Mounts a file system in memory. It can take only a part of the memory, so that a full one fails alone. Inodes take
/// memory, too, so their number is limited.
pub fn mount_memory(target: &Path, mode: &str) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount("tmpfs", target, flags, &format!("{mode},size=12%,nr_inodes=256k"))
}

/// The machine's devices that the lab needs.
pub struct Devices {
    /// Of the lab's `/dev`.
    nodes: Vec<Device>,
    /// Those that stdin, stdout and stderr lead to.
    terminals: Vec<Device>,
}

/// Begins the view: separates the mounts from the machine's, and seals what the lab inherits.
pub fn begin() -> Result<Devices> {
    // Nothing that is mounted here shows on the machine, nor the other way round.
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    nix::mount::mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .context("making the mounts private")?;
    let nodes = dev::take();
    let terminals = streams::seal(&nodes)?;
    Ok(Devices { nodes, terminals })
}

/// Builds all of the view but for `/sys`, which needs the lab's network. The script's process does not write to a file
/// meanwhile: the kernel makes no mount read-only that is being written to.
///
/// Returns the `/proc` on which the id maps of the script's user namespace can be written, too.
pub fn build(places: &Places, devices: Devices) -> Result<(View, procfs::Handle)> {
    let mut view = View { cwd_writable: places.cwd_writable, ..View::default() };
    let kept = keep(places, &mut view)?;
    let programs = links_to_programs();

    // Before it is covered.
    let in_a_lab = Path::new(HOSTS).exists();
    let proc = procfs::mount(&mut view)?;
    read_only()?;
    procfs::confine(&proc, in_a_lab, &mut view)?;

    if !Path::new(RUN).is_dir() {
        let lacks = Error::new(Kind::Unsupported, "this system has no directory /run");
        return Err(lacks.hint("make an empty one (in an image, too): the lab has its own there").into());
    }
    cover(Path::new(RUN))?;
    fill_run(&programs).context("preparing /run")?;
    // In a lab, they are there already, and can't be stacked higher.
    if !in_a_lab {
        shade::lay_all(&mut view);
    }
    for place in places::PRIVATE.iter().filter(|place| **place != RUN) {
        cover(Path::new(place))?;
    }
    // To go with the lab: a mount that hangs nowhere takes the kernel a while to close.
    for terminal in devices.terminals {
        let _ = terminal.tree.attach(&terminal.path);
    }
    dev::mount(devices.nodes)?;
    for (path, tree) in kept {
        put_back(path, tree).with_context(|| format!("putting {} back", path.display()))?;
        if places.readable.contains(path) {
            let _ = shade::lay(path);
        }
    }
    if places.own_cwd && view.cwd_writable {
        own_cwd(&places.cwd, &mut view);
    }
    if places.own_etc {
        etc::mount(&mut view);
    } else {
        netns::mount(&mut view);
        bind(Path::new(HOSTS), Path::new("/etc/hosts"));
    }
    for socket in &places.sockets {
        if fs::symlink_metadata(socket).is_ok_and(|m| m.file_type().is_socket()) {
            bind(Path::new(EMPTY), socket);
        }
    }
    Ok((view, proc))
}

/// Takes the places that are put back, an outer one before those inside it, while they are writable and reachable: /tmp
/// and its like are covered afterwards.
fn keep<'a>(places: &'a Places, view: &mut View) -> Result<Vec<(&'a PathBuf, Tree)>> {
    let mut kept = Vec::new();
    for path in &places.writable {
        let tree = Tree::copy(path).and_then(|t| t.set(libc::MOUNT_ATTR_NODEV, 0).map(|()| t));
        match tree.with_context(|| format!("keeping {} writable", path.display())) {
            Ok(tree) => kept.push((path, tree)),
            // Nobody asked for it: a directory that this user can't even enter, say.
            Err(e) if *path == places.cwd => {
                view.cwd_writable = false;
                view.lacks(&e, "the working directory is read-only");
            }
            Err(e) => return Err(e),
        }
    }
    for path in &places.readable {
        let tree = Tree::copy(path)
            .and_then(|t| t.set(libc::MOUNT_ATTR_NODEV | libc::MOUNT_ATTR_RDONLY, 0).map(|()| t));
        kept.push((path, tree.with_context(|| format!("keeping {}", path.display()))?));
    }
    kept.sort_by_key(|(path, _)| path.components().count());
    Ok(kept)
}

/// Everything that is mounted becomes read-only, and no device on it can be opened.
pub fn read_only() -> Result<()> {
    let done = sys::set_mount(Path::new("/"), true, libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NODEV, 0);
    done.context("making the file system read-only").map_err(|e| match sys::kernel_version() < (5, 12) {
        true => Error::of(&*e).hint("a sandbox needs Linux 5.12 or newer").into(),
        false => e,
    })
}

/// Mounts an empty file system of the lab's own over a directory, if the machine has it.
fn cover(place: &Path) -> Result<()> {
    // A link (/var/tmp to /tmp) leads to a place that is covered by itself, or that is read-only.
    if !fs::symlink_metadata(place).is_ok_and(|m| m.is_dir()) {
        return Ok(());
    }
    let mode = if place == Path::new(RUN) { "mode=755" } else { "mode=1777" };
    mount_memory(place, mode)
}

/// Some systems keep their programs behind links in /run (/run/current-system); they lead out of it, so they are
/// made again.
fn links_to_programs() -> Vec<(PathBuf, PathBuf)> {
    let Ok(entries) = fs::read_dir("/run") else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|t| t.is_symlink()))
        .filter_map(|entry| Some((entry.path(), fs::read_link(entry.path()).ok()?)))
        .filter(|(_, target)| target.is_absolute() && !places::is_private(target))
        .collect()
}

fn fill_run(programs: &[(PathBuf, PathBuf)]) -> Result<()> {
    make_directory(Path::new(PINS))?;
    make_directory(Path::new("/run/nsh"))?;
    make_directory(Path::new("/run/lock"))?;
    make_directory(Path::new(NOTHING))?;
    fs::write(HOSTS, format!("127.0.0.1 localhost {HOSTNAME}\n::1 localhost ip6-localhost ip6-loopback\n"))?;
    fs::write(EMPTY, "")?;
    for (link, target) in programs {
        std::os::unix::fs::symlink(target, link)?;
    }
    Ok(())
}

/// As `mkdir -p`, with the usual mode whatever the umask.
pub fn make_directory(path: &Path) -> Result<()> {
    let umask = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(path);
    nix::sys::stat::umask(umask);
    Ok(made?)
}

/// Lays an overlay over the working directory, so that what is written there stays in the lab's memory. Where the kernel
/// mounts none, it can only be read.
fn own_cwd(cwd: &Path, view: &mut View) {
    if let Err(e) = lay_over(cwd) {
        view.cwd_writable = false;
        view.lacks(&e, "the working directory is read-only");
        let _ = sys::set_mount(cwd, true, libc::MOUNT_ATTR_RDONLY, 0);
    }
}

fn lay_over(cwd: &Path) -> Result<()> {
    let layer = Path::new(LAYER);
    make_directory(layer)?;
    mount_memory(layer, "mode=755")?;
    for part in ["upper", "work"] {
        make_directory(&layer.join(part))?;
    }
    nix::unistd::chdir(cwd)?;
    let layers = format!("lowerdir=.,upperdir={LAYER}/upper,workdir={LAYER}/work,userxattr");
    mount("overlay", cwd, MsFlags::MS_NODEV, &layers)
}

/// Attaches a tree to its place again, which is made anew if a private place covers it.
fn put_back(path: &Path, tree: Tree) -> Result<()> {
    if fs::symlink_metadata(path).is_err() {
        let is_dir = nix::sys::stat::fstat(tree.fd())?.st_mode & libc::S_IFMT == libc::S_IFDIR;
        match path.parent() {
            Some(parent) if !is_dir => {
                make_directory(parent)?;
                fs::write(path, "")?;
            }
            _ => make_directory(path)?,
        }
    }
    tree.attach(path)
}

/// Binds a file of the lab's own over one of the machine's. That one may be missing, or not ours to cover.
fn bind(from: &Path, over: &Path) {
    let _ = nix::mount::mount(Some(from), over, None::<&str>, MsFlags::MS_BIND, None::<&str>);
}

/// Enters the working directory by its path: the old one may be covered by now. If it is in a private place and was not
/// put back, an empty one takes its place.
pub fn enter_cwd(cwd: &Path) -> Result<()> {
    if places::is_private(cwd) && fs::symlink_metadata(cwd).is_err() {
        let _ = make_directory(cwd);
    }
    nix::unistd::chdir(cwd).or_else(|_| nix::unistd::chdir("/")).context("entering the working directory")
}

/// Mounts `/sys` for the network namespace that the caller is in. Read-only: `ip netns exec`, which mounts its
/// own, sees that and does alike.
pub fn mount_sys(view: &mut View) {
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    match mount("sysfs", Path::new("/sys"), flags, "") {
        Ok(()) => view.own_sys = true,
        Err(e) => view.lacks(
            &e,
            "/sys is the machine's, so /sys/class/net shows the machine's links, and `ip netns exec` fails in the \
             lab (namespace.exec works)",
        ),
    }
}
