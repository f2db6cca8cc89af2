//! What a shell script finds first in PATH: programs that a lab answers for itself.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::base::error::Result;

const PROGRAMS: &str = "/run/nsh/programs";
const SHELL: &str = "/run/nsh/shell";
const PROFILES: &str = "/etc/profile.d";
/// Where an ordinary user's PATH often leads not: ip, sysctl and their like are there.
const FOR_ROOT: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin"];
/// Everyone is root in a lab.
const SUDO: &str = include_str!("programs/sudo");
/// A lab loads no modules.
const MODPROBE: &str = include_str!("programs/modprobe");
/// Ends by itself where nobody presses Ctrl-C. `@path@` stands for where the machine's is, `@pings@` for how many requests it sends.
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
pub fn install(path: &OsStr, pings: u32) -> Result<()> {
    fs::create_dir_all(PROGRAMS)?;
    program("sudo", SUDO)?;
    program("modprobe", MODPROBE)?;
    if find(OsStr::new("ping"), path).is_some() {
        let text = PING.replace("@path@", &crate::base::command::quoted(&path.to_string_lossy()));
        program("ping", &text.replace("@pings@", &pings.to_string()))?;
    }
    let (first, others) = NOT_IN_A_LAB.split_first().unwrap_or((&"systemctl", &[]));
    program(first, ABSENT)?;
    for name in others {
        match symlink(first, Path::new(PROGRAMS).join(name)) {
            // They were put there for another script.
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            done => done?,
        }
    }
    // For login shells, which begin with a PATH of their own.
    let profiles = Path::new(PROFILES);
    if profiles.is_dir() {
        let _ = fs::write(profiles.join("zz-nsh.sh"), format!("PATH={PROGRAMS}:$PATH\n"));
    }
    Ok(())
}

/// Puts a shell there that reads none of the files that sessions begin with.
pub fn session(shell: &Path) -> Result<PathBuf> {
    fs::create_dir_all(SHELL)?;
    let name = shell.file_name().unwrap_or(OsStr::new("sh"));
    let options = if name == "bash" { " --norc --noprofile -O expand_aliases" } else { "" };
    let file = Path::new(SHELL).join(name);
    write(&file, &format!("#!/bin/sh\nexec {}{options} \"$@\"\n", quoted(shell)))?;
    Ok(file)
}

fn quoted(path: &Path) -> String {
    crate::base::command::quoted(&path.to_string_lossy())
}

fn program(name: &str, text: &str) -> Result<()> {
    write(&Path::new(PROGRAMS).join(name), text)
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text)?;
    Ok(fs::set_permissions(file, fs::Permissions::from_mode(0o755))?)
}
