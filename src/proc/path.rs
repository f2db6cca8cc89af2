//! Programs by their names.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;

/// Whether one of the directories of `path`, which is as `$PATH`, has a program of this name.
pub fn in_path(program: &OsStr, path: &OsStr) -> bool {
    std::env::split_paths(path).any(|directory| {
        let file = directory.join(program).metadata();
        file.is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    })
}

/// The first program of this name in our own `$PATH`.
fn first(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directory = std::env::split_paths(&path).find(|d| in_path(program.as_ref(), d.as_os_str()))?;
    Some(directory.join(program))
}

/// Whether the program is a command of BusyBox: it has the name, and few of the options.
pub fn is_busybox(program: &str) -> bool {
    let file = first(program).and_then(|path| path.canonicalize().ok());
    file.is_some_and(|file| {
        file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"busybox"))
    })
}

/// Whether there is such a program in our own `$PATH`.
pub fn installed(program: &str) -> bool {
    in_path(program.as_ref(), &std::env::var_os("PATH").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_a_file_that_can_be_run() {
        let place = std::env::temp_dir().join(format!("nsh-path-{}", std::process::id()));
        std::fs::create_dir_all(place.join("directory")).unwrap();
        std::fs::write(place.join("text"), "").unwrap();
        std::fs::write(place.join("program"), "").unwrap();
        std::fs::set_permissions(place.join("program"), PermissionsExt::from_mode(0o755)).unwrap();
        let found = |name: &str| in_path(name.as_ref(), place.as_os_str());
        assert_eq!(["program", "text", "directory", "none"].map(found), [true, false, false, false]);
        std::fs::remove_dir_all(place).unwrap();
        assert!(installed("sh") && !is_busybox("no-such-program"));
    }
}
