//! The lab's own `/etc`, for shell scripts, which add to `rt_tables`, `sysctl.conf`, `hosts` and the files of daemons as
//! if the machine were theirs: a copy in memory of what the user can read.
//!
//! No overlay, for a copy of a file that is changed would belong to the file's owner, who has no id in an ordinary
//! user's lab.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::mount::MsFlags;

use super::view::{self, HOSTS, View};

const ETC: &str = "/etc";
const COPY: &str = "/run/nsh/etc";
/// A larger file is no setting (hardware databases).
const LARGEST: u64 = 1 << 20;
/// How deep directories are followed.
const DEEPEST: usize = 16;

/// Replaces `/etc` by a copy that the lab can write to. Where that can't be had, the machine's stays, read-only.
pub fn mount(view: &mut View) {
    if let Err(e) = replace() {
        view.lacks(&e, "/etc is the machine's, read-only");
    }
}

fn replace() -> Result<()> {
    let copy = Path::new(COPY);
    view::make_directory(copy)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    view::mount("tmpfs", copy, flags, "mode=755,size=64m,nr_inodes=64k")?;
    let umask = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    let copied = copy_directory(Path::new(ETC), copy, DEEPEST);
    nix::sys::stat::umask(umask);
    copied?;
    // Not a mount over it, as scripts that read /etc/hosts in a Lua lab see it: it can be renamed and replaced.
    fs::copy(HOSTS, copy.join("hosts"))?;
    fs::create_dir_all(copy.join("netns"))?;
    nix::mount::mount(Some(copy), ETC, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .context("mounting the copy of /etc")
}

/// Copies what can be read. What can't be, is left out; a full file system is an error.
fn copy_directory(from: &Path, to: &Path, depth: usize) -> Result<()> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    for entry in entries.flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_symlink() {
            let _ = fs::read_link(&from).and_then(|target| std::os::unix::fs::symlink(target, &to));
        } else if kind.is_dir() && depth > 0 {
            fs::DirBuilder::new().mode(0o755).create(&to).context("copying /etc")?;
            copy_directory(&from, &to, depth - 1)?;
        } else if kind.is_file() {
            copy_file(&from, &to)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    // Not blocking: what was a file may be a pipe by now.
    let Ok(mut file) = fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(from) else {
        return Ok(());
    };
    let Ok(metadata) = file.metadata() else { return Ok(()) };
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Ok(());
    }
    // Without the bits of set-id programs, which a lab can't give.
    let mode = (metadata.permissions().mode() & 0o777) | 0o600;
    let mut copy = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(to)?;
    match std::io::copy(&mut file, &mut copy) {
        Err(e) if e.raw_os_error() == Some(Errno::ENOSPC as i32) => Err(e).context("copying /etc"),
        _ => Ok(()),
    }
}
