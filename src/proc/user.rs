//! The user that a process runs as.

use std::ffi::CString;
use std::path::PathBuf;

use crate::base::error::{Error, Kind, Result};

/// A user of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    pub home: PathBuf,
}

impl User {
    /// The user of this name, with the groups that `/etc/group` gives it.
    ///
    /// Raises `not_found` if there is none.
    pub fn named(name: &str) -> Result<User> {
        let missing = || {
            Error::new(Kind::NotFound, format!("no user named {name:?}"))
                .hint("`getent passwd` lists the users")
        };
        let c_name = CString::new(name).map_err(|_| missing())?;
        let user = nix::unistd::User::from_name(name)
            .map_err(|e| Error::from(e).detail(format!("looking for the user {name:?}")))?
            .ok_or_else(missing)?;
        let groups = nix::unistd::getgrouplist(&c_name, user.gid)
            .map_err(|e| Error::from(e).detail(format!("looking for the groups of {name:?}")))?;
        Ok(User {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            groups: groups.into_iter().map(|g| g.as_raw()).collect(),
            home: user.dir,
        })
    }
}
