//! What a shell script finds first in PATH: programs that a lab answers for itself.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::base::error::Result;

const PROGRAMS: &str = "/run/nsh/programs";
/// Where an ordinary user's PATH often leads not: ip, sysctl and their like are there.
const FOR_ROOT: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin"];
/// Everyone is root in a lab.
const SUDO: &str = include_str!("programs/sudo");
/// A lab loads no modules.
const MODPROBE: &str = include_str!("programs/modprobe");
/// Ends by itself where nobody presses Ctrl-C. `@ping@` stands for the machine's.
const PING: &str = include_str!("programs/ping");
/// Services and packages of the machine.
const ABSENT: &str = include_str!("programs/absent");
#[rustfmt::skip]
const NOT_IN_A_LAB: &[&str] = &[
    "systemctl", "service", "journalctl", "apt", "apt-get", "yum", "dnf", "zypper", "pacman", "apk",
    "snap", "reboot", "shutdown", "poweroff",
];

/// The directories of `path`, and those with programs for root.
pub fn path(path: Option<OsString>) -> OsString {
    let mut path =
        path.filter(|path| !path.is_empty()).unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    for directory in FOR_ROOT {
        if !std::env::split_paths(&path).any(|there| there == Path::new(directory)) {
            path.push(":");
            path.push(directory);
        }
    }
    path
}

pub fn first_in(path: &OsStr) -> OsString {
    let mut all = OsString::from(PROGRAMS);
    all.push(":");
    all.push(path);
    all
}

pub fn find(name: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let runs =
        |file: &PathBuf| file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    std::env::split_paths(path).map(|directory| directory.join(name)).find(runs)
}

/// Puts them there.
pub fn install(path: &OsStr) -> Result<()> {
    fs::create_dir_all(PROGRAMS)?;
    program("sudo", SUDO)?;
    program("modprobe", MODPROBE)?;
    if let Some(ping) = find(OsStr::new("ping"), path) {
        program("ping", &PING.replace("@ping@", &quoted(&ping)))?;
    }
    let (first, others) = NOT_IN_A_LAB.split_first().unwrap_or((&"systemctl", &[]));
    program(first, ABSENT)?;
    others.iter().try_for_each(|name| symlink(first, Path::new(PROGRAMS).join(name)))?;
    Ok(())
}

fn quoted(path: &Path) -> String {
    crate::base::command::quoted(&path.to_string_lossy())
}

fn program(name: &str, text: &str) -> Result<()> {
    let file = Path::new(PROGRAMS).join(name);
    fs::write(&file, text)?;
    Ok(fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?)
}
