//! The house's rules: which floor may use which, and where outside libraries stand.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "house/crates.rs"]
mod crates;
#[path = "house/unsafety.rs"]
mod unsafety;

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from the ground up; one may use those below its own floor. A room within another (`lua::schema`) stands
/// on a floor of its own; what its house has besides (`lua`) stands above them all.
const FLOORS: &[&[&str]] = &[
    &["base"],
    &["model"],
    &["net"],
    &["io"],
    &["draw", "probe", "proc", "sandbox"],
    &["lua::lab"],
    &["lua::schema"],
    &["lua::registry"],
    &["lua::runtime"],
    &["lua::modules"],
    &["lua"],
    &["doc", "doctor", "shell"],
    &["repl", "scenario", "labs", "project"],
    &["cli", "main"],
];

/// Libraries that may be used only in these modules.
const HOMES: &[(&str, &[&str])] = &[
    ("anyhow", &["cli", "main", "sandbox", "labs", "doctor", "scenario", "project"]),
    ("mlua", &["lua", "doc", "repl", "scenario"]),
    ("netlink_packet_core", &["net"]),
    ("netlink_packet_netfilter", &["net"]),
    ("netlink_packet_route", &["net"]),
    ("netlink_proto", &["net"]),
    ("rtnetlink", &["net"]),
    ("netlink_sys", &["net"]),
    ("nftables", &["net"]),
    ("httpdate", &["io"]),
    ("hyper", &["io"]),
    ("tokio", &["io"]),
    ("simple_dns", &["probe"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("rustyline", &["repl"]),
];

fn sources(directory: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Each source file with its top module's name and its text without comments.
fn modules() -> Vec<(PathBuf, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files
        .into_iter()
        .map(|path| {
            let first = path.strip_prefix(&root).unwrap().components().next().unwrap();
            let module = first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect();
            (path, module, code.join("\n"))
        })
        .filter(|(_, module, _)| module != "lib")
        .collect()
}

/// The floor of the room that `path` (`lua::schema::ty`) leads into.
fn floor(path: &str) -> Option<usize> {
    let within = |room: &&str| path == *room || path.starts_with(&format!("{room}::"));
    let rooms =
        || FLOORS.iter().enumerate().flat_map(|(floor, rooms)| rooms.iter().map(move |room| (floor, room)));
    rooms().filter(|(_, room)| within(room)).max_by_key(|(_, room)| room.len()).map(|(floor, _)| floor)
}

/// The paths that follow each `prefix` in the text: `crate::net::link::add` gives `net::link::add` for `crate::`.
/// Braces are opened: `use crate::{net, base::wait}` gives both.
fn used(code: &str, prefix: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut out = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let path = rest.split(|c| !is_path(c)).next().unwrap_or_default();
        match rest[path.len()..].strip_prefix('{').filter(|_| path.is_empty() || path.ends_with("::")) {
            Some(inner) => out.extend(
                inner
                    .split('}')
                    .next()
                    .unwrap_or_default()
                    .split(',')
                    .map(|name| format!("{path}{}", name.trim())),
            ),
            None => out.push(path.to_owned()),
        }
    }
    out
}

#[test]
fn modules_use_only_lower_floors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (path, module, code) in modules() {
        let own = path.strip_prefix(&root).unwrap().with_extension("").to_string_lossy().replace('/', "::");
        let floor_of =
            |path: &str| floor(path).unwrap_or_else(|| panic!("{path} stands on no floor; see FLOORS"));
        let own_floor = floor_of(&own);
        let prefix = if module == "main" { "nsh::" } else { "crate::" };
        for name in used(&code, prefix) {
            let same = |floor: usize| {
                FLOORS[floor].iter().any(|room| {
                    let within = |path: &str| path == *room || path.starts_with(&format!("{room}::"));
                    within(&own) && within(&name)
                })
            };
            let Some(other) = floor(&name) else { continue };
            assert!(
                other < own_floor || own_floor == 0 || same(other),
                "{}: {own} uses {name}, which is not below it",
                path.display()
            );
        }
    }
}

#[test]
fn libraries_stand_where_they_belong() {
    for (path, module, code) in modules() {
        for (library, homes) in HOMES {
            let uses = code.contains(&format!("{library}::"));
            assert!(
                !uses || homes.contains(&module.as_str()),
                "{}: {library} is for {homes:?}",
                path.display()
            );
        }
    }
}

#[test]
fn files_are_small() {
    for (path, _, _) in modules().into_iter().filter(|(path, _, _)| !path.ends_with("tests.rs")) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 600, "{} has {lines} lines", path.display());
    }
}

#[test]
fn every_test_folder_has_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lua");
    for entry in fs::read_dir(&root).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.is_dir(), "{}: tests stand in a folder named after their module", path.display());
        let tests = fs::read_dir(&path)
            .unwrap()
            .filter(|e| e.as_ref().is_ok_and(|e| e.path().extension().is_some_and(|x| x == "lua")));
        assert!(tests.count() > 0, "{} has no tests", path.display());
    }
}

/// `#[ignore = "..."]` gives the reason; Lua's skips have one in any case.
#[test]
fn no_test_is_ignored_without_a_reason() {
    let mut files = Vec::new();
    for place in ["src", "tests"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(place), &mut files);
    }
    for path in files {
        let bare = fs::read_to_string(&path).unwrap().lines().any(|line| line.trim() == "#[ignore]");
        assert!(!bare, "{}: an ignored test says why", path.display());
    }
}

/// What stands between backticks.
fn ticked(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// `net/rule/table.rs` is meant below src, `tests/run` below the project.
#[test]
fn files_that_the_guides_name_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for guide in ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let text = fs::read_to_string(root.join(guide)).unwrap();
        let prose: String = text.split("```").step_by(2).collect();
        for word in ticked(&prose) {
            let path = word.trim_end_matches('/');
            let plain =
                path.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "/._-".contains(c));
            let is_path = plain && path.contains('/') && (path.ends_with(".rs") || !path.contains('.'));
            let found = [root.join(path), root.join("src").join(path), root.join(format!("src/{path}.rs"))];
            assert!(!is_path || found.iter().any(|p| p.exists()), "{guide}: there is no {path}");
        }
    }
}
