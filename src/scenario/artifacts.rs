//! What is kept of failed files: `--artifacts DIR`, with a directory for each.

use std::cell::RefCell;
use std::fs;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result};

use super::find::File;
use super::printed::Printed;
use super::report::{Case, FileReport};
use super::words;
use crate::base::error::{Error, Kind};
use crate::base::file::{Directory, Target};
use crate::lua::modules::test;

/// The directory of the run. What could not be kept is told at its end.
#[derive(Debug)]
pub struct Artifacts {
    name: PathBuf,
    target: Target,
    directory: Rc<Directory>,
    lost: Lost,
}

type Lost = Rc<RefCell<Option<Error>>>;

impl Artifacts {
    /// Makes the directory, and finds out whether it can be written: before the tests run. `writable` is what tests
    /// may write to besides the working directory.
    pub fn open(name: &Path, writable: &[PathBuf]) -> Result<Artifacts> {
        let refused = || format!("--artifacts {}: can't write there", name.display());
        let target = Target::of(name, writable).with_context(refused)?;
        let directory = target.directory().with_context(refused)?;
        let probe = PathBuf::from(format!(".nsh-{}", std::process::id()));
        directory.create(&probe).and_then(|_| directory.remove(&probe)).with_context(refused)?;
        Ok(Artifacts { name: name.to_owned(), target, directory: Rc::new(directory), lost: Lost::default() })
    }

    pub fn of_file(&self, name: &str, round: u32) -> OfFile {
        OfFile {
            root: self.directory.clone(),
            place: place(name, round),
            lost: self.lost.clone(),
            room: MOST_OF_A_FILE,
            names: MOST_NAMES,
        }
    }

    /// Keeps the script and the report of a file that failed, and nothing of one that did not.
    pub fn file_done(&self, file: &File, report: &FileReport) {
        let place = place(&report.name, report.round);
        let kept = match report.failed() {
            true => self.keep(&place, file, report),
            false => self.directory.remove(&place).map_err(Into::into),
        };
        if let Err(e) = kept {
            lose(&self.lost, &place, Error::of(&*e));
        }
    }

    fn keep(&self, place: &Path, file: &File, report: &FileReport) -> Result<()> {
        let write = |name: &Path, bytes: &[u8]| -> Result<()> {
            Ok(self.directory.create(&place.join(name))?.write_all(bytes)?)
        };
        write(Path::new("report.json"), &serde_json::to_vec_pretty(report).unwrap_or_default())?;
        // What its process could not keep itself: it was killed, or ended by os.exit.
        report.cases().filter(Case::failed).try_for_each(|case| {
            let name = match case.path {
                [] => PathBuf::from("failure.txt"),
                path => safe(&test::directory(path)).join("failure.txt"),
            };
            match self.directory.has(&place.join(&name)) {
                true => Ok(()),
                false => write(&name, (words::failures(&case.outcome) + "\n").as_bytes()),
            }
        })?;
        write(Path::new("script.lua"), &file.read()?)
    }

    /// The first thing that could not be kept.
    pub fn end(self) -> Option<Error> {
        if !self.target.is_still(&self.directory) {
            let e = Error::new(Kind::Io, "the directory was moved or replaced while the tests ran");
            lose(&self.lost, &self.name, e);
        }
        self.lost.take()
    }
}

/// Where a file's artifacts are, from the run's directory.
fn place(name: &str, round: u32) -> PathBuf {
    let round = if round > 1 { format!(".round{round}") } else { String::new() };
    safe(&format!("{name}{round}"))
}

/// The most that is kept of one test file, in bytes and in files: its process may write without end.
const MOST_OF_A_FILE: u64 = 256 << 20;
const MOST_NAMES: u32 = 10_000;

/// The directory of one file.
#[derive(Debug)]
pub struct OfFile {
    root: Rc<Directory>,
    place: PathBuf,
    lost: Lost,
    /// How much more, and how many more files, may be kept.
    room: u64,
    names: u32,
}

impl OfFile {
    /// A new file in it. The name comes from the file's own process, and is made safe.
    pub fn create(&mut self, name: &str, size: u64) -> Option<fs::File> {
        let path = self.place.join(safe(name));
        let made = match (self.room.checked_sub(size), self.names.checked_sub(1)) {
            (Some(room), Some(names)) => {
                (self.room, self.names) = (room, names);
                self.root.create(&path)
            }
            _ => Err(Error::new(
                Kind::Limit,
                format!("more than {MOST_NAMES} files, or {} MiB", MOST_OF_A_FILE >> 20),
            )),
        };
        made.map_err(|e| lose(&self.lost, &path, e)).ok()
    }

    pub fn lose(&mut self, e: Error) {
        lose(&self.lost, &self.place, e);
    }

    /// Keeps what it printed, the output of several processes one after the other.
    pub fn keep_output(&mut self, output: &Printed) {
        if output.is_empty() {
            return;
        }
        let path = self.place.join("output.txt");
        let kept = self.root.append(&path).and_then(|mut f| Ok(f.write_all(output.text().as_bytes())?));
        if let Err(e) = kept {
            lose(&self.lost, &path, e);
        }
    }
}

fn lose(lost: &Lost, path: &Path, e: Error) {
    lost.borrow_mut().get_or_insert_with(|| e.op(format!("--artifacts: {}", path.display())));
}

/// A relative path that stays below where it is put, of names that can be files everywhere.
fn safe(name: &str) -> PathBuf {
    /// The kernel's limit is 255 bytes.
    const LONGEST: usize = 200;
    let part = |s: &str| -> String {
        let clean: String = s.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
        let mut end = clean.len().min(LONGEST);
        while !clean.is_char_boundary(end) {
            end -= 1;
        }
        clean[..end].to_owned()
    };
    let mut out: PathBuf = Path::new(name)
        .components()
        .filter_map(|c| match c {
            Component::Normal(s) => Some(part(&s.to_string_lossy())),
            Component::ParentDir => Some("_".to_owned()),
            _ => None,
        })
        .take(20)
        .collect();
    if out.as_os_str().is_empty() {
        out.push("_");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_their_directory() {
        for (name, expected) in [
            ("a/b.json", "a/b.json"),
            ("/etc/passwd", "etc/passwd"),
            ("../../x", "_/_/x"),
            ("a/./b//c", "a/b/c"),
            ("", "_"),
            ("..", "_"),
            ("a\nb\0c", "a_b_c"),
        ] {
            assert_eq!(safe(name), Path::new(expected), "{name:?}");
        }
        assert_eq!(safe(&"ä".repeat(500)).as_os_str().len(), 200);
    }
}
