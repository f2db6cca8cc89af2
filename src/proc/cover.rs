//! Files and directories of a process's own, over those of the lab.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::child::Bind;
use super::spec::c_string;
use crate::base::error::{Error, Kind, Result};

/// Where directories are copied that lack something which a process is to see there.
const SHADOWS: &str = "/run/nsh/shadow";

/// So many links are followed, as the kernel does.
const LINKS: usize = 40;

/// A file or directory that a process sees in the place of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cover {
    /// The path as the process sees it.
    pub at: PathBuf,
    /// Where it lies.
    pub from: PathBuf,
}

impl Bind {
    /// One that may be missing.
    pub fn optional(from: &Path, onto: &Path) -> Result<Bind> {
        let (from, onto) = (c_string(from.as_os_str())?, c_string(onto.as_os_str())?);
        Ok(Bind { from, onto, needed: false, tree: Cell::new(-1) })
    }

    fn needed(from: &Path, onto: &Path) -> Result<Bind> {
        Ok(Bind { needed: true, ..Bind::optional(from, onto)? })
    }
}

/// Raises `argument` unless `path` can be covered: absolute, without `..`, and not `/`.
pub fn check_path(path: &Path) -> Result<()> {
    let plain = path.components().all(|c| matches!(c, Component::RootDir | Component::Normal(_)));
    if path.is_absolute() && plain && path.parent().is_some() {
        return Ok(());
    }
    Err(Error::argument(format!("expected an absolute path such as \"/run/frr\", got {:?}", path.display())))
}

/// Where a path of the process lies in the lab.
pub fn outside(covers: &[Cover], path: &Path) -> PathBuf {
    let path = resolved(path);
    let inner = covers.iter().filter_map(|c| Some((c, path.strip_prefix(resolved(&c.at)).ok()?)));
    match inner.max_by_key(|(c, _)| c.at.components().count()) {
        Some((c, rest)) if rest.as_os_str().is_empty() => c.from.clone(),
        Some((c, rest)) => c.from.join(rest),
        None => path,
    }
}

/// The path without symbolic links, as far as it exists: `/var/run/frr` is `/run/frr`.
fn resolved(path: &Path) -> PathBuf {
    let (there, missing) = split(path);
    missing.iter().fold(there, |path, name| path.join(name))
}

/// The nearest of the path's ancestors that exists, and what is missing below it.
fn split(path: &Path) -> (PathBuf, Vec<OsString>) {
    let mut missing = Vec::new();
    let (mut at, mut links) = (path.to_owned(), 0);
    loop {
        if let Ok(there) = at.canonicalize() {
            missing.reverse();
            return (there, missing);
        }
        // A link to what isn't there, as /etc/resolv.conf where the machine's is in /run.
        if let (Ok(target), Some(parent), true) = (fs::read_link(&at), at.parent(), links < LINKS) {
            links += 1;
            at = parent.join(target);
            continue;
        }
        match (at.parent(), at.file_name()) {
            (Some(parent), Some(name)) => {
                missing.push(name.to_owned());
                at = parent.to_owned();
            }
            _ => return (PathBuf::from("/"), missing),
        }
    }
}

/// What the process has to mount. Where nothing is that could be covered, it is made in the lab's own places; in one
/// that is read-only the process sees a copy of the nearest directory that has it.
///
/// The first of the two lists is of those copies.
pub(super) fn binds(covers: &[Cover], on_host: bool) -> Result<(Vec<Bind>, Vec<Bind>)> {
    let mut shadows: BTreeMap<PathBuf, Vec<(PathBuf, bool)>> = BTreeMap::new();
    let mut binds = Vec::new();
    let mut sorted: Vec<Cover> =
        covers.iter().map(|c| Cover { at: resolved(&c.at), from: c.from.clone() }).collect();
    // An outer one before what stands in it.
    sorted.sort();
    for (i, Cover { at, from }) in sorted.iter().enumerate() {
        let directory = from.is_dir();
        if let Err(missing_in) = mount_point(&outside(&sorted[..i], at), directory, on_host)? {
            let rest = at.strip_prefix(&missing_in).unwrap_or(at).to_owned();
            shadows.entry(missing_in).or_default().push((rest, directory));
        }
        binds.push(Bind::needed(from, at)?);
    }
    // Outer ones first; what stands in them comes after.
    let mut copies = Vec::new();
    for (directory, missing) in shadows {
        copies.append(&mut shadow(&directory, &missing)?);
    }
    Ok((copies, binds))
}

/// Sees to it that there is something to be covered; else the read-only directory in which it is missing.
fn mount_point(at: &Path, directory: bool, on_host: bool) -> Result<std::result::Result<(), PathBuf>> {
    let (there, missing) = split(at);
    if missing.is_empty() {
        if there.is_dir() == directory {
            return Ok(Ok(()));
        }
        let (is, wanted) = if directory { ("a file", "a directory") } else { ("a directory", "a file") };
        return Err(Error::new(
            Kind::Invalid,
            format!("{} is {is}, and {wanted} was to stand there", at.display()),
        ));
    }
    if on_host {
        let e = Error::new(
            Kind::NotFound,
            format!("{} doesn't exist, and nothing is made outside of a sandbox", at.display()),
        );
        return Err(e.hint("make it first"));
    }
    if !there.is_dir() {
        return Err(Error::new(Kind::Invalid, format!("{} is no directory", there.display())));
    }
    match make(at, directory) {
        Ok(()) => Ok(Ok(())),
        Err(e) if matches!(e.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) => {
            Ok(Err(there))
        }
        Err(e) => Err(Error::from(e).detail(format!("making {}", at.display()))),
    }
}

fn make(at: &Path, directory: bool) -> std::io::Result<()> {
    if directory {
        return fs::create_dir_all(at);
    }
    if let Some(parent) = at.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::File::options().create(true).append(true).open(at).map(drop)
}

/// Makes the copy that a shadow is, in an empty directory.
fn fill(copy: &Path, directory: &Path, missing: &[(PathBuf, bool)]) -> std::io::Result<()> {
    fs::set_permissions(copy, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let at = copy.join(entry.file_name());
        match entry.file_type()? {
            t if t.is_symlink() => symlink(fs::read_link(entry.path())?, at)?,
            t => make(&at, t.is_dir())?,
        }
    }
    for (rest, is_directory) in missing {
        make(&copy.join(rest), *is_directory)?;
    }
    Ok(())
}

type Missing = (PathBuf, Vec<(PathBuf, bool)>);

/// What stands over `directory` so that it has what is missing: an empty copy of it, filled by mounting each of its
/// entries. Such copies are kept, since they are needed each time a process is started.
fn shadow(directory: &Path, missing: &[(PathBuf, bool)]) -> Result<Vec<Bind>> {
    static MADE: Mutex<Vec<(Missing, PathBuf)>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = (directory.to_owned(), missing.to_vec());
    let failed = |e: std::io::Error| Error::from(e).detail(format!("copying {}", directory.display()));
    let copy = match made.iter().find(|(m, _)| *m == wanted) {
        Some((_, copy)) => copy.clone(),
        None => {
            fs::create_dir_all(SHADOWS).map_err(failed)?;
            // Another process of the lab's (a prompt of `nsh attach`) makes its own.
            let copy =
                nix::unistd::mkdtemp(&Path::new(SHADOWS).join("XXXXXX")).map_err(|e| failed(e.into()))?;
            if let Err(e) = fill(&copy, directory, missing) {
                let _ = fs::remove_dir_all(&copy);
                return Err(failed(e));
            }
            made.push((wanted, copy.clone()));
            copy
        }
    };
    let mut binds = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)?.flatten() {
        if entry.file_type().is_ok_and(|t| !t.is_symlink()) {
            binds.push(Bind::optional(&entry.path(), &copy.join(entry.file_name()))?);
        }
    }
    binds.push(Bind::needed(&copy, directory)?);
    Ok(binds)
}
