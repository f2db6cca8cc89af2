//! Which files are tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::base::error::{self, Error, Kind};
use crate::base::file;

/// Directories of what tests use, by name.
const HELPERS: &[&str] = &["lib", "helpers"];

/// The rule, for error messages and the help.
pub const RULE: &str = "in a directory, a test is each *.lua below it whose name, like that of the directories on \
                        the way, doesn't begin with _ or a dot, and that is in no directory named lib or helpers";

/// A file to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Without links, as it was found.
    pub path: PathBuf,
    /// Its name in reports and for `--shard`: relative to the working directory if it lies there, however it was named.
    pub name: String,
}

impl File {
    /// Reads the file that was found, and not through a link that a test has put in its place since.
    pub fn read(&self) -> error::Result<Vec<u8>> {
        file::read_itself(&self.path, file::LONGEST_SCRIPT).map_err(|e| e.op(self.name.clone()))
    }
}

/// The tests that the paths name, sorted by name. A file named here runs whatever its name, shell scripts and Markdown too; a directory is searched
/// by [`RULE`]. No path at all means `tests`, if there is such a directory, else the working directory.
pub fn find(paths: &[PathBuf]) -> Result<Vec<File>> {
    let fallback = [PathBuf::from(if Path::new("tests").is_dir() { "tests" } else { "." })];
    let mut search = Search { cwd: std::env::current_dir()?.canonicalize()?, ..Search::default() };
    for path in if paths.is_empty() { &fallback } else { paths } {
        let kind = fs::metadata(path).with_context(|| path.display().to_string())?;
        let before = search.met;
        if kind.is_dir() {
            search.directory(path)?;
        } else {
            search.file(path)?;
        }
        if search.met == before {
            bail!(Error::new(Kind::NotFound, format!("no test in {}", path.display())).hint(RULE));
        }
    }
    search.files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(search.files)
}

#[derive(Default)]
struct Search {
    cwd: PathBuf,
    files: Vec<File>,
    /// Canonical: one file runs once, however often it is named.
    seen: BTreeSet<PathBuf>,
    /// How many tests were met, those seen before included.
    met: usize,
}

impl Search {
    fn directory(&mut self, directory: &Path) -> Result<()> {
        let on = || directory.display().to_string();
        for entry in fs::read_dir(directory).with_context(on)? {
            let entry = entry.with_context(on)?;
            let path = entry.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with(['_', '.']) {
                continue;
            }
            // A link to a directory may lead to one above; a link to a file, or to nowhere, does no harm.
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                if !HELPERS.contains(&name.as_str()) {
                    self.directory(&path)?;
                }
            } else if name.ends_with(".lua") && path.exists() && !is_meta(&path) {
                self.file(&path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        let canonical = path.canonicalize().with_context(|| path.display().to_string())?;
        self.met += 1;
        if self.seen.insert(canonical.clone()) {
            let name = self.name(path, &canonical);
            self.files.push(File { path: canonical, name });
        }
        Ok(())
    }

    /// The path as it was named, from the working directory if it lies below it.
    fn name(&self, path: &Path, canonical: &Path) -> String {
        let plain = path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        let name = match canonical.strip_prefix(&self.cwd) {
            Ok(below) if !plain => below.to_owned(),
            _ => path.components().filter(|c| *c != Component::CurDir).collect(),
        };
        name.to_string_lossy().into_owned()
    }
}

/// Types for editors: no script.
fn is_meta(path: &Path) -> bool {
    file::head(path, 8).is_ok_and(|head| head == b"---@meta")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_are_no_tests_and_a_named_file_always_is_one() {
        let place = std::env::temp_dir().join(format!("nsh-find-{}", std::process::id()));
        for file in [
            "b.lua",
            "a/x.lua",
            "a/_helper.lua",
            "a/.hidden.lua",
            "a/lib/y.lua",
            "_data/z.lua",
            "helpers/h.lua",
            "a/notes.txt",
            "library/w.lua",
        ] {
            let file = place.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        fs::write(place.join("types.lua"), "---@meta nsh\n").unwrap();
        fs::create_dir_all(place.join("empty")).unwrap();
        std::os::unix::fs::symlink("..", place.join("a/up")).unwrap();
        std::os::unix::fs::symlink("nowhere", place.join("a/gone.lua")).unwrap();
        let names = |paths: &[&str]| -> Result<Vec<String>> {
            let paths: Vec<PathBuf> = paths.iter().map(|p| place.join(p)).collect();
            let prefix = format!("{}/", place.display());
            Ok(find(&paths)?.into_iter().map(|f| f.name.replace(&prefix, "")).collect())
        };
        assert_eq!(names(&["."]).unwrap(), ["a/x.lua", "b.lua", "library/w.lua"]);
        assert_eq!(names(&["a", "a/x.lua", "a"]).unwrap(), ["a/x.lua"]);
        assert_eq!(names(&["a/_helper.lua", "a/notes.txt"]).unwrap(), ["a/_helper.lua", "a/notes.txt"]);
        assert!(names(&["empty"]).unwrap_err().root_cause().to_string().starts_with("no test in "));
        assert!(
            Error::of(&*names(&["a", "gone"]).unwrap_err())
                .message()
                .contains("gone: no such file or directory")
        );
        fs::remove_dir_all(&place).unwrap();
    }
}
