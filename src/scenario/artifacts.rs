//! What is kept of failed files: `--artifacts DIR`, with a directory for each.

use std::cell::RefCell;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use super::find::File;
use super::kept::Kept;
use super::report::{Case, FileReport};
use super::words;
use crate::error::{Error, Result};
use crate::lua::test;

/// The directory of the run. What could not be kept is told at its end.
#[derive(Debug)]
pub struct Artifacts {
    directory: PathBuf,
    lost: Lost,
}

type Lost = Rc<RefCell<Option<Error>>>;

impl Artifacts {
    /// Makes the directory, and finds out whether it can be written: before the tests run.
    pub fn open(directory: &Path) -> Result<Artifacts> {
        let refused = |e: std::io::Error| {
            Error::from(e).detail("can't write there").op(format!("--artifacts {}", directory.display()))
        };
        fs::create_dir_all(directory).map_err(refused)?;
        let probe = directory.join(format!(".nsh-{}", std::process::id()));
        fs::write(&probe, "").map_err(refused)?;
        fs::remove_file(&probe).map_err(refused)?;
        Ok(Artifacts { directory: directory.to_owned(), lost: Lost::default() })
    }

    pub fn of_file(&self, name: &str, round: u32) -> OfFile {
        OfFile { directory: self.place(name, round), lost: self.lost.clone() }
    }

    fn place(&self, name: &str, round: u32) -> PathBuf {
        let round = if round > 1 { format!(".round{round}") } else { String::new() };
        self.directory.join(safe(&format!("{name}{round}")))
    }

    /// Adds the script and the report of a file that failed; of one that did not, nothing is kept.
    pub fn file_done(&self, file: &File, report: &FileReport) {
        let place = self.place(&report.name, report.round);
        if !report.failed() {
            // A link there is not of our making.
            if place.symlink_metadata().is_ok_and(|m| m.is_dir()) {
                let _ = fs::remove_dir_all(&place);
            }
            return;
        }
        let kept = fs::create_dir_all(&place).and_then(|()| {
            fs::copy(&file.path, place.join("script.lua"))?;
            fs::write(place.join("report.json"), serde_json::to_string_pretty(report).unwrap_or_default())?;
            // What its process could not keep itself: it was killed, or ended by os.exit.
            report.cases().filter(Case::failed).try_for_each(|case| {
                let directory = match case.path {
                    [] => place.clone(),
                    path => place.join(safe(&test::directory(path))),
                };
                let path = directory.join("failure.txt");
                if path.exists() {
                    return Ok(());
                }
                fs::create_dir_all(directory)?;
                fs::write(path, words::failures(case.outcome) + "\n")
            })
        });
        if let Err(e) = kept {
            lose(&self.lost, &place, e.into());
        }
    }

    /// The first thing that could not be kept.
    pub fn end(self) -> Option<Error> {
        self.lost.take()
    }
}

/// The directory of one file.
#[derive(Debug)]
pub struct OfFile {
    directory: PathBuf,
    lost: Lost,
}

impl OfFile {
    /// A new file in it. The name comes from the file's own process, and is made safe.
    pub fn create(&mut self, name: &str) -> Option<fs::File> {
        let path = self.directory.join(safe(name));
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::File::create(&path));
        made.map_err(|e| lose(&self.lost, &path, e.into())).ok()
    }

    pub fn lose(&mut self, e: Error) {
        lose(&self.lost, &self.directory, e);
    }

    /// What it printed, of several processes one behind the other.
    pub fn keep_output(&mut self, output: &Kept) {
        use std::io::Write;
        if output.is_empty() {
            return;
        }
        let path = self.directory.join("output.txt");
        let kept = fs::create_dir_all(&self.directory).and_then(|()| {
            fs::File::options().append(true).create(true).open(&path)?.write_all(output.text().as_bytes())
        });
        if let Err(e) = kept {
            lose(&self.lost, &path, e.into());
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
