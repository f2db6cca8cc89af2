//! Which places of the file system a lab may write to, decided before it is entered.

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Exit, shade};
use crate::base::error::{Error, Kind};
use crate::base::{file, status};

/// Covered with empty file systems of the lab's own.
pub const PRIVATE: &[&str] = &["/tmp", "/run", "/var/tmp"];

/// Never writable as a working directory, nor is anything below: the system's own.
#[rustfmt::skip]
const SYSTEM: &[&str] = &[
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/nix", "/proc", "/run",
    "/sbin", "/sys", "/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec",
    "/usr/local/bin", "/usr/local/etc", "/usr/local/lib", "/usr/local/sbin", "/usr/local/share",
    "/usr/sbin", "/usr/share", "/var/backups", "/var/cache", "/var/lib", "/var/log", "/var/mail",
    "/var/run", "/var/spool",
];

/// Not writable as a working directory, though what is below may be.
#[rustfmt::skip]
const PARENTS: &[&str] = &[
    "/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/usr", "/usr/local", "/var",
    "/var/tmp",
];

/// What the lab sees of the file system beyond the read-only rest.
#[derive(Debug, Default)]
pub struct Places {
    pub cwd: PathBuf,
    pub cwd_writable: bool,
    /// Canonical paths, an outer one before those inside it.
    pub writable: Vec<PathBuf>,
    /// Put back read-only, because they lie in a private place.
    pub readable: Vec<PathBuf>,
    pub script_dir: Option<PathBuf>,
    /// The machine's Unix sockets that are there now, each of which is covered: in the writable places nothing else
    /// can be done, and elsewhere overlays may not be had.
    pub sockets: Vec<PathBuf>,
    /// `/etc` is a copy that the lab can write to.
    pub own_etc: bool,
    /// What is written in the working directory goes with the lab.
    pub own_cwd: bool,
}

impl Places {
    pub fn of(write: &[PathBuf], script_dir: Option<&Path>) -> Result<Places> {
        let cwd = cwd();
        let writable = writable(write)?;
        let cwd_writable = writable.iter().any(|w| cwd.starts_with(w));
        let script_dir = script_dir.and_then(|d| d.canonicalize().ok());
        let mut readable = Vec::new();
        for dir in script_dir.iter().chain([&cwd]) {
            if needs_to_be_put_back(dir) && !writable.iter().any(|w| dir.starts_with(w)) {
                readable.push(dir.clone());
            }
        }
        readable.sort();
        readable.dedup();
        let sockets = machine_sockets(&writable);
        Ok(Places {
            cwd,
            cwd_writable,
            writable,
            readable,
            script_dir,
            sockets,
            own_etc: false,
            own_cwd: false,
        })
    }
}

fn cwd() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
}

/// What of the machine's file system the lab may write to, given what was asked for: canonical paths, an outer one
/// before those inside it.
pub fn writable(write: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut writable = write
        .iter()
        .map(|path| asked_for(path).with_context(|| format!("--write {path:?}")).context(Exit(status::USAGE)))
        .collect::<Result<Vec<_>>>()?;
    let cwd = cwd();
    if may_write_cwd(&cwd, &homes()) {
        writable.push(cwd);
    }
    writable.sort();
    writable.dedup();
    Ok(writable)
}

/// Whether the lab has its own, at first empty, directory there.
pub fn is_private(path: &Path) -> bool {
    PRIVATE.iter().chain(&["/dev", "/proc", "/sys"]).any(|p| path.starts_with(p))
}

/// Whether a directory lies in a private place, and is not of the kind that those are there to hide: the place
/// itself, or something in /run, where the machine's sockets are.
fn needs_to_be_put_back(dir: &Path) -> bool {
    PRIVATE.iter().any(|p| dir.starts_with(p) && dir != Path::new(p)) && !dir.starts_with("/run")
}

fn asked_for(path: &Path) -> Result<PathBuf> {
    let canonical = path.canonicalize()?;
    if canonical == Path::new("/") || ["/proc", "/sys", "/dev"].iter().any(|p| canonical.starts_with(p)) {
        let e = Error::new(Kind::Unsupported, "can't be made writable in a sandbox");
        return Err(e
            .hint("name the directories below that the script needs; --host runs it without a sandbox")
            .into());
    }
    Ok(canonical)
}

fn may_write_cwd(cwd: &Path, homes: &[PathBuf]) -> bool {
    !PARENTS.iter().any(|p| Path::new(p) == cwd)
        && !SYSTEM.iter().any(|p| cwd.starts_with(p))
        && cwd.parent() != Some(Path::new("/home"))
        && !homes.iter().any(|home| home.starts_with(cwd) || is_hidden(cwd, home))
}

/// Whether the path leads through a hidden directory of that home: `~/.ssh`, `~/.config/systemd`, ...
fn is_hidden(path: &Path, home: &Path) -> bool {
    let inside = path.strip_prefix(home).ok();
    inside.is_some_and(|inside| inside.as_os_str().as_encoded_bytes().starts_with(b"."))
}

/// The caller's home directories: by the environment, and by the accounts of this machine. `sudo` changes the first and
/// leaves us in the second.
fn homes() -> Vec<PathBuf> {
    let uid = nix::unistd::getuid().as_raw();
    let mut homes: Vec<PathBuf> = std::env::var_os("HOME").map(PathBuf::from).into_iter().collect();
    for line in file::text("/etc/passwd").unwrap_or_default().lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let (Some(id), Some(home)) = (fields.get(2).and_then(|f| f.parse::<u32>().ok()), fields.get(5))
        else {
            continue;
        };
        if id == uid || (1000..60000).contains(&id) {
            homes.push(PathBuf::from(home));
        }
    }
    homes.retain(|home| home.is_absolute() && home != Path::new("/"));
    homes.iter().flat_map(|home| [Some(home.clone()), home.canonicalize().ok()]).flatten().collect()
}

fn machine_sockets(writable: &[PathBuf]) -> Vec<PathBuf> {
    let seen = |path: &PathBuf| !is_private(path) || writable.iter().any(|w| path.starts_with(w));
    let listed = file::text("/proc/net/unix").unwrap_or_default();
    let mut sockets: Vec<PathBuf> = listed
        .lines()
        // Num RefCount Protocol Flags Type St Inode Path
        .filter_map(|line| line.find(" /").map(|at| PathBuf::from(&line[at + 1..])))
        .filter(seen)
        .filter_map(|path| path.canonicalize().ok())
        .filter(seen)
        .filter(|path| path.metadata().is_ok_and(|m| m.file_type().is_socket()))
        .collect();
    // The kernel lists the names that they were bound by: not those that are relative, nor what was renamed since.
    sockets.extend(writable.iter().flat_map(|place| shade::sockets_in(place)));
    sockets.sort();
    sockets.dedup();
    sockets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(cwd: &str) -> bool {
        may_write_cwd(Path::new(cwd), &[PathBuf::from("/data/people/ann")])
    }

    #[test]
    fn a_project_is_writable_a_home_is_not() {
        assert!(may("/data/people/ann/lab"));
        assert!(may("/home/ann/lab"));
        assert!(may("/tmp/lab"));
        assert!(may("/work"));
        assert!(!may("/data/people/ann"));
        assert!(!may("/data/people"));
        assert!(!may("/home/bob"));
        for cwd in
            ["/", "/home", "/root", "/tmp", "/etc", "/etc/nftables.d", "/run/user/1000", "/usr", "/usr/bin"]
        {
            assert!(!may(cwd), "{cwd}");
        }
        for cwd in [
            "/var/log",
            "/var/log/apt",
            "/var/spool/cron",
            "/usr/local/bin",
            "/usr/local/sbin",
            "/var/cache/apt",
        ] {
            assert!(!may(cwd), "{cwd}");
        }
        for cwd in [".ssh", ".config/systemd/user", ".local/bin"] {
            assert!(!may(&format!("/data/people/ann/{cwd}")), "{cwd}");
        }
        assert!(may("/data/people/ann/lab/.hidden"));
        assert!(may("/usr/local/src/lab"));
    }

    #[test]
    fn what_is_asked_for_must_be_there_and_sensible() {
        let refused = |path: &str| writable(&[path.into()]).unwrap_err();
        let e = refused("/nowhere/at/all");
        let (told, status) = (Error::of(&*e), e.downcast_ref::<Exit>().map(|e| e.0));
        assert_eq!((told.kind(), status), (Kind::NotFound, Some(status::USAGE)));
        assert_eq!(told.message(), "--write \"/nowhere/at/all\": no such file or directory (ENOENT)");
        assert_eq!(Error::of(&*refused("/")).kind(), Kind::Unsupported);
        assert_eq!(Error::of(&*refused("/proc/sys")).kind(), Kind::Unsupported);
    }
}
