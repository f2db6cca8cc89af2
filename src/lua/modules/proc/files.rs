//! Files and directories that a namespace's processes have for themselves.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Kind, Result};
use crate::lua::schema::Cx;
use crate::proc::{self, Cover, private};

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
            if outside.starts_with(private::PLACE) {
                overwrite(&outside, text).map_err(failed)?;
                continue;
            }
            check_sandboxed(cx)?;
            let own = private::new_place(private::PLACE.as_ref())?.join("file");
            out.own.push(own.clone());
            overwrite(&own, text).map_err(failed)?;
            out.covers.push(Cover { at: path.clone(), from: own });
        }
        Ok(out)
    }
}

fn covers(cx: &Cx<'_>) -> Vec<Cover> {
    if cx.lab.place.sandboxed { private::of_namespace(cx.ns) } else { Vec::new() }
}

fn check_sandboxed(cx: &Cx<'_>) -> Result<()> {
    if cx.lab.place.sandboxed {
        return Ok(());
    }
    let e = Error::new(Kind::Unsupported, "processes have files of their own in a sandbox alone");
    Err(e.hint("with --host, what lies in /etc/netns/NAME stands over /etc for processes of NAME"))
}

/// Gives the namespace a directory of its own at `path`, unless it has one; returns where it lies.
pub(super) fn private(cx: &Cx<'_>, path: &Path) -> Result<PathBuf> {
    check_sandboxed(cx)?;
    private::add(cx.ns, path)
}

/// What programs and scripts begin with.
const EXECUTABLE: &[&[u8]] = &[b"#!", b"\x7fELF"];

/// Writes into the same file, since other processes may have it mounted.
pub(super) fn overwrite(path: &Path, text: &[u8]) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = fs::File::options().create(true).write(true).truncate(false).open(path)?;
    file.write_all(text)?;
    file.set_len(text.len() as u64)?;
    if EXECUTABLE.iter().any(|begin| text.starts_with(begin)) {
        file.set_permissions(fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
