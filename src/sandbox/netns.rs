//! The lab's own `/etc/netns`, empty at first. What is put into `/etc/netns/NAME` stands over `/etc` for the processes
//! of the namespace NAME, as `ip-netns(8)` has it. The machine's own says nothing in a lab.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::mount::MsFlags;

use super::sys::Tree;
use super::view::{self, View};
use crate::base::file;

const ETC: &str = "/etc";
const PLACE: &str = "/etc/netns";
/// What `/etc` has besides the machine's, where that has no `/etc/netns`.
const LAYER: &str = "/run/nsh/etc";

pub fn mount(view: &mut View) {
    let there = if Path::new(PLACE).is_dir() { Ok(()) } else { overlay() };
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    if let Err(e) = there.and_then(|()| view::mount("tmpfs", Path::new(PLACE), flags, "mode=755,size=16m")) {
        view.lacks(&e, "there is no /etc/netns for files of one namespace");
    }
}

/// Shows the machine's `/etc` with a directory more: as read-only as before.
fn overlay() -> Result<()> {
    view::make_directory(&Path::new(LAYER).join("netns"))?;
    // Mounts in it would not be seen.
    let mounts = mounts_in_etc()?;
    let trees = mounts.iter().map(|path| Tree::copy(path)).collect::<Result<Vec<_>>>()?;
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NODEV;
    view::mount("overlay", Path::new(ETC), flags, &format!("lowerdir={LAYER}:{ETC}"))?;
    mounts.iter().zip(trees).try_for_each(|(path, tree)| tree.attach(path))
}

/// The outermost of the mounts below `/etc`.
fn mounts_in_etc() -> Result<Vec<PathBuf>> {
    let text = file::text("/proc/self/mountinfo").context("reading /proc/self/mountinfo")?;
    Ok(outermost(&text))
}

fn outermost(mountinfo: &str) -> Vec<PathBuf> {
    // 36 35 98:0 /root /mount/point options ...
    let mut all: Vec<PathBuf> = mountinfo
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(|path| PathBuf::from(unescaped(path)))
        .filter(|path| path.starts_with(ETC) && path != Path::new(ETC))
        .collect();
    all.sort();
    all.dedup_by(|inner, outer| inner.starts_with(outer));
    all
}

/// The kernel writes blanks and the like as three octal digits.
fn unescaped(path: &str) -> String {
    ["\\040", "\\011", "\\012", "\\134"]
        .iter()
        .zip([" ", "\t", "\n", "\\"])
        .fold(path.to_owned(), |path, (escape, plain)| path.replace(escape, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_mounts_in_each_other_the_outer_one_counts() {
        let text = "1 0 8:1 / / rw - ext4 a rw\n2 1 8:1 /x /etc/a\\040b rw - ext4 a rw\n3 2 8:1 / /etc/a\\040b/c rw\n\
                    4 1 8:1 / /etc rw\n5 1 8:1 / /etc/hosts rw\n6 1 8:1 / /etcetera rw\n";
        assert_eq!(outermost(text), [PathBuf::from("/etc/a b"), PathBuf::from("/etc/hosts")]);
    }
}
