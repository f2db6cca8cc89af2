//! The machine's Unix sockets. Neither a read-only mount nor a network namespace keeps one from connecting to a socket by
//! its path. An overlay does: a socket is found by its inode, and through an overlay each file has another one. So the
//! directories in which services and people have their sockets are seen through read-only overlays, whenever and however
//! a socket is made there.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use nix::mount::MsFlags;

use super::places;
use super::view::{NOTHING, View};
use crate::base::file;

/// In the root: replaced by the lab's own, or the system's programs and settings, where no sockets belong.
const LEFT: &[&str] = &[
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/nix", "/proc", "/sbin", "/sys",
    "/usr",
];
/// The most overlays, and their depth below the root. Each costs some microseconds, and a directory with mounts in it
/// needs one for each of its entries.
const MOST: usize = 64;
const DEEPEST: usize = 8;
/// How many directories of a writable place are searched for sockets; takes a tenth of a millisecond.
const LOOKED_AT: usize = 16;

/// Lays an overlay over each directory in the root, but for those that the lab has its own of.
pub fn lay_all(view: &mut View) {
    let mounts = mount_points();
    let mut left: VecDeque<PathBuf> = directories(Path::new("/"))
        .filter(|path| !LEFT.iter().any(|left| path == Path::new(left)) && !places::is_private(path))
        .collect();
    let (mut laid, mut failed) = (0, Vec::new());
    while let Some(path) = left.pop_front() {
        // The kernel refuses it where something is mounted below, which it would uncover, and takes its time for that.
        let below = mounts.iter().any(|mount| *mount != path && mount.starts_with(&path));
        if below && path.components().count() <= DEEPEST {
            left.extend(directories(&path).filter(|path| !places::is_private(path)));
        } else if laid < MOST && (nix::unistd::chdir(&path).is_err() || lay(&path).is_ok()) {
            laid += 1;
        } else {
            failed.push(path.display().to_string());
        }
    }
    if !failed.is_empty() {
        view.notes.push(format!(
            "no overlay can be mounted on {}: Unix sockets that the machine makes there meanwhile can be reached",
            failed.join(", ")
        ));
    }
}

/// Lays one over a directory, which becomes the working directory for it: a path could hold what options mean otherwise.
pub fn lay(path: &Path) -> nix::Result<()> {
    nix::unistd::chdir(path)?;
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NODEV;
    let layers = format!("lowerdir={NOTHING}:.");
    nix::mount::mount(Some("nsh"), path, Some("overlay"), flags, Some(layers.as_str()))
}

fn directories(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path())
}

/// As `/proc/self/mountinfo` has them; escaped names are no matter here.
fn mount_points() -> Vec<PathBuf> {
    let lines = file::text("/proc/self/mountinfo").unwrap_or_default();
    lines.lines().filter_map(|line| line.split(' ').nth(4)).map(PathBuf::from).collect()
}

/// The sockets in a directory that the lab sees as it is, and below, as far as that takes no time.
pub fn sockets_in(place: &Path) -> Vec<PathBuf> {
    let (mut left, mut found) = (VecDeque::from([place.to_owned()]), Vec::new());
    for _ in 0..LOOKED_AT {
        let Some(directory) = left.pop_front() else { break };
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => left.push_back(entry.path()),
                Ok(kind) if kind.is_socket() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found
}
