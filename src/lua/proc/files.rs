//! Files and directories that a namespace's processes have for themselves.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::lua::schema::Cx;
use crate::proc::{self, Cover};

/// Where the lab keeps them. Nothing of it is left when the lab ends.
const PLACE: &str = "/run/nsh/own";

thread_local! {
    /// The directories of each namespace, by its name and inode.
    static PRIVATE: RefCell<HashMap<(String, u64), Vec<Cover>>> = RefCell::default();
}

/// What a process sees in the place of something else; the files made for it alone are removed when this is
/// dropped, which they outlive where they are mounted.
#[derive(Default)]
pub(super) struct Files {
    pub covers: Vec<Cover>,
    own: Vec<PathBuf>,
}

impl Drop for Files {
    fn drop(&mut self) {
        for path in &self.own {
            let _ = fs::remove_file(path);
            let _ = path.parent().map(fs::remove_dir);
        }
    }
}

impl Files {
    /// Writes `files` for the next process of the namespace.
    pub fn write(cx: &Cx<'_>, files: &[(PathBuf, Vec<u8>)]) -> Result<Files> {
        let mut out = Files { covers: covers(cx), own: Vec::new() };
        for (path, text) in files {
            let failed = |e: std::io::Error| Error::from(e).detail(format!("writing {}", path.display()));
            let outside = proc::outside(&out.covers, path);
            if outside.starts_with(PLACE) {
                overwrite(&outside, text).map_err(failed)?;
                continue;
            }
            let own = new_place(cx)?.join("file");
            out.own.push(own.clone());
            overwrite(&own, text).map_err(failed)?;
            out.covers.push(Cover { at: path.clone(), from: own });
        }
        Ok(out)
    }
}

fn key(cx: &Cx<'_>) -> (String, u64) {
    (cx.ns.name().to_owned(), cx.ns.inode())
}

fn covers(cx: &Cx<'_>) -> Vec<Cover> {
    PRIVATE.with_borrow(|all| all.get(&key(cx)).cloned().unwrap_or_default())
}

/// A new directory, that no other process of the lab's (a prompt of `nsh attach`) has made, too.
fn new_place(cx: &Cx<'_>) -> Result<PathBuf> {
    if !cx.lab.place.sandboxed {
        let e = Error::new(Kind::Unsupported, "processes have files of their own in a sandbox alone");
        return Err(
            e.hint("with --host, what lies in /etc/netns/NAME stands over /etc for processes of NAME")
        );
    }
    let failed = |e: std::io::Error| Error::from(e).detail(format!("making {PLACE}"));
    fs::create_dir_all(PLACE).map_err(failed)?;
    nix::unistd::mkdtemp(&Path::new(PLACE).join("XXXXXX")).map_err(|e| failed(e.into()))
}

/// Gives the namespace a directory of its own at `path`, unless it has one; returns where it lies.
pub(super) fn private(cx: &Cx<'_>, path: &Path) -> Result<PathBuf> {
    proc::check_path(path)?;
    if let Some(cover) = covers(cx).into_iter().find(|c| c.at == path) {
        return Ok(cover.from);
    }
    let from = new_place(cx)?;
    let failed = |e: std::io::Error| Error::from(e).detail(format!("making {}", from.display()));
    // Like /tmp: daemons make their files as whatever user they become.
    fs::set_permissions(&from, fs::Permissions::from_mode(0o1777)).map_err(failed)?;
    let cover = Cover { at: path.to_owned(), from: from.clone() };
    PRIVATE.with_borrow_mut(|all| all.entry(key(cx)).or_default().push(cover));
    Ok(from)
}

/// Writes into the same file, since other processes may have it mounted.
pub(super) fn overwrite(path: &Path, text: &[u8]) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = fs::File::options().create(true).write(true).truncate(false).open(path)?;
    file.write_all(text)?;
    file.set_len(text.len() as u64)
}
