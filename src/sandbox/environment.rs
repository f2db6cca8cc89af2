//! The environment of a lab: what programs need, and what `--env` names. The rest of the caller's, tokens and
//! passwords too, stays outside.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use anyhow::{Context, Result};

use super::Exit;
use crate::base::error::Error;
use crate::base::status;

/// Passed into a lab where they are set.
#[rustfmt::skip]
pub const PASSED: &[&str] = &[
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "TMPDIR", "TZ", "TERM", "TERMINFO",
    "TERMINFO_DIRS", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "LS_COLORS", "LANG", "LANGUAGE",
    "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME",
    "LOCPATH", "EDITOR", "VISUAL", "PAGER", "PS1", "LESS", "LD_LIBRARY_PATH", "LUA_PATH",
    "LUA_PATH_5_4", "INPUTRC", "NSH_EDITMODE", "NSH_LABS", "CI",
];

/// Names and values.
#[derive(Clone, Debug, Default)]
pub struct Environment(Vec<(OsString, OsString)>);

impl Environment {
    /// The part of this process's environment that a lab gets. `asked` are the words of `--env`: NAME or NAME=VALUE.
    pub fn passed(asked: &[OsString]) -> Result<Environment> {
        let mut all = Environment::default();
        // By name: what is not passed is not even copied.
        PASSED.iter().for_each(|name| all.inherit(name.as_ref()));
        for word in asked {
            let bytes = word.as_bytes();
            let at = bytes.iter().position(|b| *b == b'=');
            let name = OsStr::from_bytes(&bytes[..at.unwrap_or(bytes.len())]);
            if name.is_empty() {
                return Err(Error::argument("--env: expected NAME or NAME=VALUE"))
                    .context(Exit(status::USAGE));
            }
            match at {
                Some(at) => all.set(name, OsStr::from_bytes(&bytes[at + 1..])),
                None => all.inherit(name),
            }
        }
        Ok(all)
    }

    fn inherit(&mut self, name: &OsStr) {
        if let Some(value) = std::env::var_os(name) {
            self.set(name, &value);
        }
    }

    fn set(&mut self, name: &OsStr, value: &OsStr) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// Makes this all of the process's environment, and returns it as `/proc/PID/environ` shows one. Call it while this
    /// process has one thread.
    pub fn replace(&self) -> &'static [u8] {
        // SAFETY: nobody else reads or writes the environment.
        unsafe {
            libc::clearenv();
            self.0.iter().for_each(|(name, value)| std::env::set_var(name, value));
        }
        let variable =
            |(name, value): &(OsString, OsString)| [name.as_bytes(), b"=", value.as_bytes(), b"\0"].concat();
        self.0.iter().flat_map(variable).collect::<Vec<u8>>().leak()
    }
}

/// The names that `--env` asks for and that are not set here, so that a lab has them no more than we do.
pub fn unset(asked: &[OsString]) -> impl Iterator<Item = &OsString> {
    let names = asked.iter().filter(|word| !word.is_empty() && !word.as_bytes().contains(&b'='));
    names.filter(|name| std::env::var_os(name).is_none())
}

impl From<Vec<(OsString, OsString)>> for Environment {
    fn from(all: Vec<(OsString, OsString)>) -> Environment {
        Environment(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_added_and_nothing_else() {
        let asked = ["A=b=c", "CARGO_MANIFEST_DIR", "PATH=/x", "NOT_SET_ANYWHERE", "E="].map(OsString::from);
        let all = Environment::passed(&asked).unwrap();
        let get = |name: &str| all.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.to_string_lossy());
        assert_eq!(get("A").as_deref(), Some("b=c"));
        assert_eq!(get("E").as_deref(), Some(""));
        assert_eq!(get("PATH").as_deref(), Some("/x"));
        assert_eq!(get("CARGO_MANIFEST_DIR").as_deref(), Some(env!("CARGO_MANIFEST_DIR")));
        assert_eq!((get("NOT_SET_ANYWHERE"), get("CARGO_PKG_NAME")), (None, None));
        assert!(unset(&asked).eq(["NOT_SET_ANYWHERE"]));
        assert!(Environment::passed(&["=x".into()]).is_err());
    }
}
