//! `nsh init`: a directory with a lab, tests of it, and what an editor and CI need.
//!
//! What is there already stays as it is, but for the types: those of this nsh take the place of another's.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::base::error::{Error, Kind};
use crate::base::text::harmless;
use crate::doc;

/// Where the types stand in a project. Hidden, so that `nsh test .` finds no tests there.
const TYPES: &str = ".nsh/types";

const FILES: &[(&str, &str)] = &[
    ("lab.lua", include_str!("template/lab.lua")),
    ("tests/lib/network.lua", include_str!("template/tests/lib/network.lua")),
    ("tests/network.lua", include_str!("template/tests/network.lua")),
    (".emmyrc.json", include_str!("template/emmyrc.json")),
    (".luarc.json", include_str!("template/luarc.json")),
    (".gitignore", include_str!("template/gitignore")),
    (".github/workflows/labs.yml", include_str!("template/labs.yml")),
];

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Made,
    Updated,
    Kept,
}

/// Makes the project; returns what to tell of it.
pub fn init(directory: &Path) -> Result<String> {
    if directory.exists() && !directory.is_dir() {
        bail!(Error::new(Kind::Exists, format!("{} is no directory", directory.display())).op("init"));
    }
    let mut told = String::new();
    for (name, text) in FILES {
        let path = directory.join(name);
        let outcome = make(&path, text).with_context(|| path.display().to_string()).context("init")?;
        told += &line(outcome, name, &hint(outcome, name, &path));
    }
    let outcome = write_types(&directory.join(TYPES)).context("init")?;
    let was = if outcome == Outcome::Updated { ": they were another nsh's" } else { "" };
    told += &line(outcome, TYPES, was);
    let place = harmless(&directory.display().to_string());
    told += &format!("\nin {place}: nsh lab.lua runs the lab, nsh test its tests\n");
    Ok(told)
}

/// `nsh types DIRECTORY`: the types, and the library as editors read it.
pub fn types(directory: &Path) -> Result<()> {
    write_types(directory).map(drop)
}

fn line(outcome: Outcome, name: &str, more: &str) -> String {
    let word = match outcome {
        Outcome::Made => "made",
        Outcome::Updated => "updated",
        Outcome::Kept => "kept",
    };
    format!("{word:<9}{name}{more}\n")
}

/// For an editor's file that was there, and that doesn't name the types.
fn hint(outcome: Outcome, name: &str, path: &Path) -> String {
    let names_types = || fs::read_to_string(path).is_ok_and(|text| text.contains(TYPES));
    if outcome != Outcome::Kept || !name.ends_with("rc.json") || names_types() {
        return String::new();
    }
    format!(": add {TYPES:?} to its workspace.library, for the editor to know nsh's functions")
}

/// Writes a file that isn't there.
fn make(path: &Path, text: &str) -> io::Result<Outcome> {
    if path.symlink_metadata().is_ok() {
        return Ok(Outcome::Kept);
    }
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    File::create_new(path)?.write_all(text.as_bytes())?;
    Ok(Outcome::Made)
}

fn write_types(directory: &Path) -> Result<Outcome> {
    let mut all = Outcome::Kept;
    let known = directory.exists();
    for (name, text) in doc::type_files() {
        let path = directory.join(name);
        if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            continue;
        }
        replace(&path, &text).with_context(|| path.display().to_string())?;
        all = if known { Outcome::Updated } else { Outcome::Made };
    }
    Ok(all)
}

/// A link in its place is replaced, and not followed.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    make(path, text).map(drop)
}
