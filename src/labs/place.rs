//! Where the labs of a user are written down: a directory that is theirs alone.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

use crate::base::error::{Error, Kind};

/// The directory with an entry for each lab; made if it isn't there.
///
/// `$NSH_LABS` if that is set, else `$XDG_RUNTIME_DIR/nsh`, else `/run/user/UID/nsh`, else `/tmp/nsh-UID`; for root
/// `/run/nsh-labs`, however root came to be it (`sudo` may leave the user's environment behind). Nobody else can
/// write there, nor put something in its place.
pub fn labs() -> Result<PathBuf> {
    let uid = nix::unistd::geteuid();
    if let Some(own) = std::env::var_os("NSH_LABS").filter(|v| !v.is_empty()) {
        return given_by_user(Path::new(&own), uid).context("NSH_LABS");
    }
    let given = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    choose(uid, given, Path::new("/run"), Path::new("/tmp"))
}

fn given_by_user(path: &Path, uid: Uid) -> Result<PathBuf> {
    if !path.is_absolute() {
        bail!("expected an absolute path, got {:?}", path.display());
    }
    private(path, uid)
}

fn choose(uid: Uid, given: Option<PathBuf>, run: &Path, tmp: &Path) -> Result<PathBuf> {
    if uid.is_root() {
        return private(&run.join("nsh-labs"), uid).context("the directory of labs");
    }
    let runtime = [given, Some(run.join("user").join(uid.to_string()))];
    // What is no runtime directory of this user's, such as that of the user before `su`, is passed over.
    let own = runtime.into_iter().flatten().find(|d| d.is_absolute() && is_own(d, uid));
    match own {
        Some(directory) => private(&directory.join("nsh"), uid),
        None => private(&tmp.join(format!("nsh-{uid}")), uid),
    }
    .context("the directory of labs")
}

/// A directory, and no link to one, of this user's, into which nobody else can write.
fn is_own(path: &Path, uid: Uid) -> bool {
    path.symlink_metadata().is_ok_and(|m| m.is_dir() && m.uid() == uid.as_raw() && m.mode() & 0o022 == 0)
}

const HINT: &str =
    "set NSH_LABS to the path of a directory that you alone may use; it is made if it isn't there";

/// Makes the directory, or checks the one that is there.
fn private(path: &Path, uid: Uid) -> Result<PathBuf> {
    let refused = |e: Error| e.hint(HINT);
    let made = match DirBuilder::new().mode(0o700).create(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => path.symlink_metadata(),
        made => made.and_then(|()| path.symlink_metadata()),
    };
    let there = made.map_err(|e| refused(e.into())).with_context(|| format!("{path:?}"))?;
    match wrong(&there, uid) {
        None => Ok(path.to_owned()),
        Some(wrong) => Err(refused(Error::new(Kind::Permission, wrong))).with_context(|| format!("{path:?}")),
    }
}

fn wrong(there: &Metadata, uid: Uid) -> Option<String> {
    if !there.is_dir() {
        return Some("is no directory".to_owned());
    }
    if there.uid() != uid.as_raw() {
        return Some(format!("belongs to another user ({})", there.uid()));
    }
    (there.mode() & 0o077 != 0).then(|| format!("others may use it (mode {:o})", there.mode() & 0o777))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let path = std::env::temp_dir().join(format!("nsh-labs-place-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Scratch(path)
        }

        fn directory(&self, name: &str, mode: u32) -> PathBuf {
            let path = self.0.join(name);
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn me() -> Uid {
        nix::unistd::geteuid()
    }

    #[test]
    fn a_foreign_or_open_runtime_directory_is_passed_over() {
        let scratch = Scratch::new("choose");
        // Whose uid is in the names; who owns the files are we.
        let user = if me().is_root() { Uid::from_raw(4242) } else { me() };
        let (run, tmp) = (scratch.directory("run", 0o755), scratch.directory("tmp", 0o1777));
        let open = scratch.directory("open", 0o777);
        assert!(!is_own(&open, me()));
        assert!(is_own(&scratch.directory("own", 0o700), me()));
        assert!(!is_own(&scratch.directory("own", 0o700), Uid::from_raw(4243)));
        symlink(scratch.0.join("own"), scratch.0.join("link")).unwrap();
        assert!(!is_own(&scratch.0.join("link"), me()));
        if user == me() {
            let at = |given: &Path| choose(user, Some(given.to_owned()), &run, &tmp).unwrap();
            assert_eq!(at(&scratch.0.join("own")), scratch.0.join("own/nsh"));
            assert_eq!(at(&open), tmp.join(format!("nsh-{user}")));
            assert_eq!(at(Path::new("own")), tmp.join(format!("nsh-{user}")));
        }
    }

    #[test]
    fn what_others_put_there_is_not_used() {
        let scratch = Scratch::new("private");
        let refused = |path: &Path, uid: Uid| Error::of(&*private(path, uid).unwrap_err()).to_string();
        let own = scratch.directory("own", 0o700);
        assert_eq!(private(&own, me()).unwrap(), own);
        assert!(refused(&own, Uid::from_raw(4243)).contains("belongs to another user"));
        assert!(refused(&scratch.directory("open", 0o750), me()).contains("others may use it (mode 750)"));
        symlink(&own, scratch.0.join("link")).unwrap();
        assert!(refused(&scratch.0.join("link"), me()).contains("is no directory"));
        let e = refused(&scratch.0.join("missing/nsh"), me());
        assert!(e.contains("no such file") && e.contains("set NSH_LABS"), "{e}");
        assert!(refused(Path::new("/tmp"), me()).contains("set NSH_LABS"));
        let e = given_by_user(Path::new("labs"), me()).unwrap_err().to_string();
        assert!(e.contains("expected an absolute path, got \"labs\""), "{e}");
        let made = private(&scratch.0.join("made"), me()).unwrap();
        assert_eq!(made.metadata().unwrap().mode() & 0o777, 0o700);
    }
}
