//! The entries of this user's labs: finding, adding and removing them.
//!
//! Each has a directory, with the file `lock` in it that its supervisor holds locked as long as it lives. That lock
//! alone tells whether a lab is there; what is left of one that was killed is removed by whoever sees it. Entries
//! are made and removed under the lock of the directory of all labs.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::lock::{self, Holder};
use super::place;
use super::record::Record;
use crate::base::error::{Error, Kind};
use crate::net::names::similar;
use crate::sandbox::{self, Policy};

const LONGEST: usize = 64;

/// Raises `argument` for what can't name a lab.
pub fn check_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-+@".contains(c);
    let wrong = match name {
        "" => "must not be empty".to_owned(),
        _ if name.len() > LONGEST => format!("must not be longer than {LONGEST} bytes"),
        _ if name.starts_with(['.', '-']) => "must not begin with \".\" or \"-\"".to_owned(),
        _ if !name.chars().all(allowed) => "may have letters, digits and any of . _ - + @".to_owned(),
        _ => return Ok(()),
    };
    bail!(Error::argument(format!("a lab's name {wrong}, got {name:?}")))
}

/// The directory of this user's labs.
pub struct Labs(PathBuf);

/// A running lab, as other commands see it.
pub struct LiveLab {
    pub name: String,
    pub directory: PathBuf,
    /// A descriptor of the process that keeps it.
    pub supervisor: OwnedFd,
}

impl LiveLab {
    pub fn record(&self) -> Result<Record> {
        Record::read(&self.directory).map_err(|e| {
            let hint =
                format!("nsh down {} ends the lab; was it begun by another version of nsh?", self.name);
            Error::of(&*e).hint(hint).into()
        })
    }
}

impl Labs {
    pub fn open() -> Result<Labs> {
        Ok(Labs(place::labs()?))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.lab"))
    }

    /// Adds the entry of a lab that the calling process keeps.
    ///
    /// Raises `exists` if there is one of that name.
    pub fn enter(&self, name: &str, record: &Record) -> Result<Entry> {
        let _mutex = lock::mutex(&self.0)?;
        let directory = self.path(name);
        if directory.symlink_metadata().is_ok() {
            if !matches!(who(&directory)?, Holder::Nobody) {
                bail!(
                    Error::new(Kind::Exists, format!("a lab named {name:?} is there already"))
                        .hint(format!("nsh down {name} ends it; --name gives this one another name"))
                );
            }
            remove(&directory)?;
        }
        let at = || directory.display().to_string();
        DirBuilder::new().mode(0o700).create(&directory).with_context(at)?;
        let lock = lock::open(&directory.join("lock"), true).with_context(at)?;
        if !lock::take(&lock)? {
            bail!("{}: locked by another process", at());
        }
        record.write(&directory)?;
        Ok(Entry { labs: self.0.clone(), directory, lock })
    }

    /// Raises `not_found` for a lab that is not there, or has died.
    pub fn find(&self, name: &str) -> Result<LiveLab> {
        match self.look(name)? {
            Seen::Lives(lab) => Ok(lab),
            Seen::Elsewhere => bail!(elsewhere(name)),
            Seen::Died => {
                bail!(Error::new(Kind::NotFound, format!("the lab {name:?} has died")).hint(
                    "it was killed, with all that ran in it; what was left of its entry is removed now"
                ))
            }
            Seen::Missing => bail!(self.unknown(name)),
        }
    }

    /// Looks whether a lab is there. The entry of one that nobody keeps any more is removed.
    fn look(&self, name: &str) -> Result<Seen> {
        let directory = self.path(name);
        let there = || directory.symlink_metadata().is_ok();
        if check_name(name).is_err() || !there() {
            return Ok(Seen::Missing);
        }
        let mut holder = who(&directory)?;
        let mut mutex = None;
        if matches!(holder, Holder::Nobody) {
            // One that is just being entered or left looks the same, but not under the mutex.
            mutex = Some(lock::mutex(&self.0)?);
            if !there() {
                return Ok(Seen::Missing);
            }
            holder = who(&directory)?;
        }
        let seen = match holder {
            Holder::Process(supervisor) => {
                Seen::Lives(LiveLab { name: name.to_owned(), directory, supervisor })
            }
            Holder::Elsewhere => Seen::Elsewhere,
            Holder::Nobody => {
                remove(&directory)?;
                Seen::Died
            }
        };
        drop(mutex);
        Ok(seen)
    }

    fn unknown(&self, name: &str) -> Error {
        let (all, elsewhere) = self.all().unwrap_or_default();
        let names: Vec<String> = all.into_iter().map(|lab| lab.name).chain(elsewhere).collect();
        let e = Error::new(Kind::NotFound, format!("there is no lab named {name:?}"));
        match similar(name, names.iter().map(String::as_str)) {
            Some(near) => e.hint(format!("did you mean {near:?}?")),
            None if names.is_empty() => {
                e.hint("there is none; nsh up SCRIPT makes one (each user, root too, has their own labs)")
            }
            None => e.hint(format!("the labs are {}", names.join(", "))),
        }
    }

    /// The labs that live, by name, and the names of those that are kept in another PID namespace. Entries of others
    /// are removed.
    pub fn all(&self) -> Result<(Vec<LiveLab>, Vec<String>)> {
        let (mut all, mut elsewhere) = (Vec::new(), Vec::new());
        for name in self.names()? {
            match self.look(&name)? {
                Seen::Lives(lab) => all.push(lab),
                Seen::Elsewhere => elsewhere.push(name),
                Seen::Died | Seen::Missing => {}
            }
        }
        Ok((all, elsewhere))
    }

    fn names(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.0).with_context(|| self.0.display().to_string())?;
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|e| Some(e.file_name().to_str()?.strip_suffix(".lab")?.to_owned()))
            .filter(|name| check_name(name).is_ok())
            .collect();
        names.sort();
        Ok(names)
    }

    /// Removes the entry of a lab that nobody keeps any more.
    pub fn sweep(&self, name: &str) -> Result<()> {
        self.look(name).map(drop)
    }

    /// Raises `unsupported` if a lab with these options could write to the directory of labs: by links there, it could make
    /// the process outside that keeps it overwrite the user's files.
    pub fn apart_from(&self, options: &Policy) -> Result<()> {
        let labs = self.0.canonicalize().with_context(|| self.0.display().to_string())?;
        let writable = sandbox::writable(&options.write)?;
        match writable.iter().find(|w| labs.starts_with(w) || w.starts_with(&labs)) {
            None => Ok(()),
            Some(writable) => bail!(
                Error::new(
                    Kind::Unsupported,
                    format!("could be written to from within the lab, which may write to {}", writable.display()),
                )
                .on(labs.display().to_string())
                .op("the directory of labs")
                .hint("set NSH_LABS to a directory elsewhere, or begin the lab in another directory or with another --write")
            ),
        }
    }
}

/// What was found under a name.
enum Seen {
    Lives(LiveLab),
    /// Kept in another PID namespace.
    Elsewhere,
    /// Its entry is removed now.
    Died,
    Missing,
}

pub fn elsewhere(name: &str) -> Error {
    Error::new(Kind::Unsupported, format!("the lab {name:?} is kept in another PID namespace"))
        .hint("enter the container or the lab that nsh up was run in")
}

/// Who keeps the lab with this entry. An entry without a lock was never finished.
fn who(directory: &Path) -> Result<Holder> {
    match lock::open(&directory.join("lock"), false) {
        Ok(file) => lock::holder(&file),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Holder::Nobody)
        }
        Err(e) => Err(e).with_context(|| directory.join("lock").display().to_string()),
    }
}

fn remove(directory: &Path) -> Result<()> {
    let removed = match directory.symlink_metadata() {
        Ok(m) if m.is_dir() => fs::remove_dir_all(directory),
        Ok(_) => fs::remove_file(directory),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(e).with_context(|| format!("removing {}", directory.display()))
        }
        _ => Ok(()),
    }
}

/// The entry of a lab that this process keeps.
pub struct Entry {
    labs: PathBuf,
    pub directory: PathBuf,
    lock: File,
}

impl Entry {
    pub fn raw_fd(&self) -> RawFd {
        self.lock.as_raw_fd()
    }

    /// Removes the entry. The name is free from here on.
    pub fn leave(self) -> Result<()> {
        let _mutex = lock::mutex(&self.labs)?;
        // Someone may have removed it, and begun another lab of that name.
        let ours = self.lock.metadata().map(|m| m.ino()).ok();
        let there = self.directory.join("lock").metadata().map(|m| m.ino()).ok();
        if ours == there { remove(&self.directory) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_labs() {
        for name in ["web", "a", "A1.b_c-d+e@f", &"x".repeat(64)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", ".x", "-x", "a/b", "a b", "é", "a\nb", "a\0", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
