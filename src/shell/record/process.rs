//! What `/proc` tells of a process that stands still.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::{At, Space};

/// The longest text that a command's input is kept of.
pub const LONGEST_INPUT: u64 = 1 << 20;
const LONGEST_PATH: usize = 4096;
/// Files of a command that are kept.
const LARGEST_FILE: u64 = 64 << 10;
const MOST_FILES: usize = 16;
const PINS: &str = "/run/netns";
const SYSCTLS: &str = "/proc/sys";

fn file(pid: i32, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{name}"))
}

pub fn words(pid: i32) -> Vec<String> {
    let text = fs::read(file(pid, "cmdline")).unwrap_or_default();
    let text = text.strip_suffix(b"\0").unwrap_or(&text);
    if text.is_empty() {
        return Vec::new();
    }
    text.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Whether it is the iptables whose rules nft doesn't know.
pub fn is_legacy(pid: i32) -> bool {
    fs::read_link(file(pid, "exe")).is_ok_and(|program| program.ends_with("xtables-legacy-multi"))
}

pub fn parent(pid: i32) -> Option<i32> {
    let told = fs::read_to_string(file(pid, "status")).ok()?;
    told.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// Where in the script bash was when it started the process.
pub fn at(pid: i32) -> Option<At> {
    let text = fs::read(file(pid, "environ")).ok()?;
    let found = text.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"NSH_AT="))?;
    place(&String::from_utf8_lossy(found))
}

/// `LINE:FILE`
pub fn place(text: &str) -> Option<At> {
    let (line, file) = text.split_once(':')?;
    Some(At { line: line.parse().ok()?, file: file.to_owned() })
}

/// What a descriptor leads to.
pub fn descriptor(pid: i32, number: i32) -> Option<PathBuf> {
    fs::read_link(file(pid, &format!("fd/{number}"))).ok()
}

/// The text of a file that is its stdin, from where it will read on. Of a pipe nothing: that can be read only once.
pub fn stdin(pid: i32) -> Option<String> {
    let path = file(pid, "fd/0");
    if !fs::metadata(&path).ok()?.is_file() {
        return None;
    }
    let told = fs::read_to_string(file(pid, "fdinfo/0")).ok()?;
    let position = told.lines().find_map(|line| line.strip_prefix("pos:"))?.trim().parse().ok()?;
    from(File::open(path).ok()?, position)
}

fn from(file: File, position: u64) -> Option<String> {
    let (mut text, mut at) = (Vec::new(), position);
    let mut buffer = [0; 1 << 16];
    while let Ok(count) = file.read_at(&mut buffer, at) {
        if count == 0 {
            return String::from_utf8(text).ok();
        }
        at += count as u64;
        text.extend_from_slice(&buffer[..count]);
        if text.len() as u64 > LONGEST_INPUT {
            break;
        }
    }
    None
}

/// The text of a file that is named as the process names it.
pub fn text_of(pid: i32, name: &str) -> Option<String> {
    // A pipe (`<(...)`) can be read only once, and a device has no end.
    let path = resolved(pid, name)?;
    if !fs::metadata(&path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path).ok()?.take(LONGEST_INPUT).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Files that a command names, that were written since then and are texts, with what is in them.
pub fn files(pid: i32, words: &[String], since: i64) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for word in words.iter().skip(1) {
        let name = word.split_once('=').map_or(word.as_str(), |(_, name)| name);
        let Some(path) = resolved(pid, name).filter(|path| path.is_absolute()) else { continue };
        // What the kernel tells there is told to each who asks, and looks as new as that.
        if ["/proc", "/sys", "/dev"].iter().any(|place| path.starts_with(place)) {
            continue;
        }
        // `ip netns exec` shows it another /etc.
        let seen = PathBuf::from(format!("/proc/{pid}/root{}", path.display()));
        let Ok(told) = fs::metadata(&seen) else { continue };
        let small = told.is_file() && told.len() <= LARGEST_FILE && told.ctime() >= since;
        if small
            && out.len() < MOST_FILES
            && let Ok(text) = crate::base::file::head(&seen, LARGEST_FILE)
            && let Ok(text) = String::from_utf8(text)
        {
            out.push((path.to_string_lossy().into_owned(), text));
        }
    }
    out
}

fn resolved(pid: i32, name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.is_absolute() {
        Some(path.to_owned())
    } else {
        Some(fs::read_link(file(pid, "cwd")).ok()?.join(path))
    }
}

/// The file below /proc/sys whose name stands at an address in the process's memory.
pub fn sysctl(pid: i32, address: u64) -> Option<String> {
    let memory = File::open(file(pid, "mem")).ok()?;
    let mut name = Vec::new();
    // Page by page: what follows the name need not be there.
    while name.len() < LONGEST_PATH {
        let at = address + name.len() as u64;
        let mut page = vec![0; 4096 - (at % 4096) as usize];
        let count = memory.read_at(&mut page, at).ok().filter(|count| *count > 0)?;
        page.truncate(count);
        if let Some(end) = page.iter().position(|byte| *byte == 0) {
            name.extend_from_slice(&page[..end]);
            break;
        }
        name.extend_from_slice(&page);
    }
    let path = resolved(pid, std::str::from_utf8(&name).ok()?)?;
    path.starts_with(SYSCTLS).then(|| path.to_string_lossy().into_owned())
}

/// A process's network namespace, open.
pub fn namespace(pid: i32) -> Option<File> {
    File::open(file(pid, "ns/net")).ok()
}

/// What a namespace is called.
pub fn space(inode: u64, host: u64) -> Space {
    if inode == host {
        return Space::Host;
    }
    let mut named: Vec<String> = fs::read_dir(PINS)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| fs::metadata(entry.path()).is_ok_and(|pin| pin.ino() == inode))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    named.sort();
    named.into_iter().next().map_or(Space::Unnamed(inode), Space::Named)
}

pub fn inode(namespace: &File) -> u64 {
    namespace.metadata().map_or(0, |metadata| metadata.ino())
}
