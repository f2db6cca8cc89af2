//! A place to attack, and the witness of what an attack did to it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::stage::{self, finish};

/// A directory with nsh, a project that the attacker's script lies and runs in, and a home that it must not touch.
pub struct Stage {
    place: stage::Stage,
    /// Everything in the directory but the project, as it was before.
    before: RefCell<Files>,
}

impl Deref for Stage {
    type Target = stage::Stage;

    fn deref(&self) -> &stage::Stage {
        &self.place
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(out: Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { status: out.status.code(), stdout: text(&out.stdout), stderr: text(&out.stderr) }
    }
}

/// Runs `test` as each user that we can be.
pub fn each(test: impl Fn(&Stage)) {
    as_each(stage::users(), test);
}

/// As an ordinary user alone.
pub fn as_ordinary(test: impl Fn(&Stage)) {
    as_each(&[stage::User::Ordinary], test);
}

fn as_each(users: &[stage::User], test: impl Fn(&Stage)) {
    for user in users {
        let stage = Stage { place: stage::Stage::new(*user), before: RefCell::default() };
        stage.prepared();
        test(&stage);
    }
}

impl Stage {
    /// Runs a script in the project.
    pub fn attack(&self, script: &str) -> Ran {
        fs::write(self.project.join("attack.lua"), script).unwrap();
        self.run(&mut self.command(&["attack.lua"]))
    }

    /// Runs what was made by [`stage::Stage::command`] or `program`.
    pub fn run(&self, command: &mut Command) -> Ran {
        finish(command.spawn().unwrap()).into()
    }

    /// Asserts that nothing changed outside of the project: not nsh itself, nor the home, nor what lies beside them.
    pub fn unharmed(&self) {
        let (before, now) = (self.before.borrow(), self.outside());
        let changed: Vec<_> =
            before.keys().chain(now.keys()).filter(|p| before.get(*p) != now.get(*p)).collect();
        assert!(changed.is_empty(), "{:?}: {changed:#?}\nbefore {before:#?}\nnow {now:#?}", self.user);
    }

    /// Takes what is there now, prepared by the test itself, for what must not change.
    pub fn prepared(&self) {
        self.before.replace(self.outside());
    }

    fn outside(&self) -> Files {
        let mut files = Files::new();
        collect(&self.directory, &self.project, &mut files);
        files
    }
}

type Files = BTreeMap<PathBuf, File>;

/// A file, a directory or a link, as an attack could change it.
#[derive(Debug, PartialEq, Eq)]
struct File {
    mode: u32,
    owner: (u32, u32),
    size: u64,
    modified: (i64, i64),
    /// What a link points to, or a small file holds.
    content: Vec<u8>,
}

fn collect(path: &Path, but: &Path, files: &mut Files) {
    if path == but {
        return;
    }
    let meta = fs::symlink_metadata(path).unwrap();
    let content = match meta.file_type() {
        kind if kind.is_symlink() => fs::read_link(path).unwrap().into_os_string().into_vec(),
        kind if kind.is_file() && meta.size() < 65536 => fs::read(path).unwrap_or_default(),
        _ => Vec::new(),
    };
    if meta.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| collect(&entry.unwrap().path(), but, files));
    }
    let (owner, modified) = ((meta.uid(), meta.gid()), (meta.mtime(), meta.mtime_nsec()));
    files.insert(path.to_owned(), File { mode: meta.mode(), owner, size: meta.size(), modified, content });
}
