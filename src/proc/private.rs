//! Directories that a namespace's processes have for themselves, for all processes of nsh in the lab to know: in
//! `/run/nsh/own/INODE/NAME` of the namespace there is each of them, and beside it a link `.at` to where it is seen.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::cover::{self, Cover};
use crate::base::error::{Error, Result};
use crate::net::namespace::Namespace;

/// Where the lab keeps them. Nothing of it is left when the lab ends.
pub const PLACE: &str = "/run/nsh/own";
const AT: &str = "at";

fn of(ns: &Namespace) -> PathBuf {
    Path::new(PLACE).join(ns.inode().to_string()).join(ns.name())
}

/// A new directory, that no other process of the lab's has made, too.
pub fn new_place(directory: &Path) -> Result<PathBuf> {
    let failed = |e: std::io::Error| Error::from(e).detail(format!("making {}", directory.display()));
    fs::create_dir_all(directory).map_err(failed)?;
    nix::unistd::mkdtemp(&directory.join("XXXXXX")).map_err(|e| failed(e.into()))
}

/// All that the namespace has, in a sandbox.
pub fn of_namespace(ns: &Namespace) -> Vec<Cover> {
    let cover = |entry: fs::DirEntry| {
        let link = entry.path();
        let is_link = link.extension().is_some_and(|e| e == AT);
        let at = is_link.then(|| fs::read_link(&link).ok()).flatten()?;
        Some(Cover { at, from: link.with_extension("") })
    };
    fs::read_dir(of(ns)).into_iter().flatten().flatten().filter_map(cover).collect()
}

/// Gives the namespace a directory of its own at `path`, unless it has one; returns where it lies.
pub fn add(ns: &Namespace, path: &Path) -> Result<PathBuf> {
    cover::check_path(path)?;
    if let Some(cover) = of_namespace(ns).into_iter().find(|c| c.at == path) {
        return Ok(cover.from);
    }
    let from = new_place(&of(ns))?;
    // Like /tmp: daemons make their files as whatever user they become.
    fs::set_permissions(&from, fs::Permissions::from_mode(0o1777))
        .and_then(|()| symlink(path, from.with_extension(AT)))
        .map_err(|e| Error::from(e).detail(format!("making {}", from.display())))?;
    Ok(from)
}

/// The namespace is new, and has the number and the name of one that was deleted, perhaps.
pub fn forget(ns: &Namespace) {
    for entry in fs::read_dir(of(ns)).into_iter().flatten().flatten() {
        let _ = fs::remove_file(entry.path());
    }
}
