//! Which crates nsh is made of: each is used and allowed, and ARCHITECTURE.md says how many there are and what for.
//!
//! `cargo deny check` tells the same of `deny.toml`, and asks a database of advisories besides; this needs no network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const PLATFORM: &str = "x86_64-unknown-linux-gnu";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--locked", "--format-version", "1", "--filter-platform", PLATFORM]);
    let told = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    serde_json::from_slice(&told.stdout).unwrap()
}

fn array<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The strings of a list in deny.toml.
fn listed(key: &str) -> BTreeSet<String> {
    let file = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml")).unwrap();
    let (_, list) = file.split_once(&format!("\n{key} = [")).unwrap();
    let (list, _) = list.split_once(']').unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether one of the licences of an SPDX expression is allowed, and all that it joins by AND.
fn allowed(expression: &str, allow: &BTreeSet<String>) -> bool {
    let one = |license: &str| allow.contains(license.trim_matches(['(', ')', ' ']));
    expression.replace('/', " OR ").split(" AND ").all(|joined| joined.split(" OR ").any(one))
}

fn guide() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap()
}

/// The rows of the table below a heading of ARCHITECTURE.md, as their cells.
pub fn table(heading: &str) -> Vec<Vec<String>> {
    let guide = guide();
    let (_, section) = guide.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split(" | ").map(str::to_owned).collect());
    rows.skip(2).collect()
}

#[test]
fn licences_and_sources_are_allowed() {
    let allow = listed("allow");
    for package in array(&metadata(), "packages").filter(|p| text(p, "name") != "nsh") {
        let (name, license) = (text(package, "name"), text(package, "license"));
        assert!(allowed(license, &allow), "{name}: deny.toml doesn't allow {license:?}");
        assert_eq!(text(package, "source"), CRATES_IO, "{name}");
    }
}

/// `1.88` as numbers.
fn version(text: &str) -> Vec<u32> {
    text.split('.').map(|part| part.parse().unwrap_or(0)).chain([0; 3]).take(3).collect()
}

#[test]
fn no_crate_needs_a_newer_rust() {
    let all = metadata();
    let oldest = version(env!("CARGO_PKG_RUST_VERSION"));
    for package in array(&all, "packages") {
        let needs = text(package, "rust_version");
        assert!(version(needs) <= oldest, "{} needs Rust {needs}", text(package, "name"));
    }
}

#[test]
fn there_is_one_version_of_each() {
    let (all, skip) = (metadata(), listed("skip"));
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let used: BTreeSet<&str> = array(&all["resolve"], "nodes").map(|n| text(n, "id")).collect();
    for package in array(&all, "packages").filter(|p| used.contains(text(p, "id"))) {
        versions.entry(text(package, "name")).or_default().insert(text(package, "version"));
    }
    let twice: Vec<_> = versions.iter().filter(|(n, v)| v.len() > 1 && !skip.contains(**n)).collect();
    assert!(twice.is_empty(), "{twice:?}; deny.toml says which may");
}

/// The crates that nsh names in `[dependencies]`, or else in `[dev-dependencies]`.
fn direct(metadata: &Value, kind: Option<&str>) -> BTreeSet<String> {
    let nsh = array(metadata, "packages").find(|p| text(p, "name") == "nsh").unwrap();
    let of = array(nsh, "dependencies").filter(|d| d["kind"].as_str() == kind);
    of.map(|d| text(d, "name").to_owned()).collect()
}

#[test]
fn no_dependency_is_unused() {
    let all = metadata();
    let code: String = super::modules().into_iter().map(|(_, _, code)| code).collect();
    for name in direct(&all, None) {
        let word = name.replace('-', "_");
        let uses = ["::", "!(", "]"].iter().any(|after| code.contains(&format!("{word}{after}")));
        assert!(uses, "nothing in src uses {name}");
    }
    let mut files = Vec::new();
    super::sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), &mut files);
    super::sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let tests: String = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for name in direct(&all, Some("dev")) {
        assert!(tests.contains(&format!("{}::", name.replace('-', "_"))), "no test uses {name}");
    }
}

#[test]
fn the_guide_says_what_each_is_for() {
    let all = metadata();
    let told: BTreeSet<String> =
        table("Dependencies").into_iter().flat_map(|row| super::ticked(&row[0])).collect();
    assert_eq!(told, direct(&all, None));
}

#[test]
fn the_guide_counts_them() {
    let all = metadata();
    let nodes: BTreeMap<&str, &Value> =
        array(&all["resolve"], "nodes").map(|node| (text(node, "id"), node)).collect();
    let (mut seen, mut left) = (BTreeSet::new(), vec![text(&all["resolve"], "root")]);
    while let Some(id) = left.pop() {
        if seen.insert(id) {
            let normal = |dep: &&Value| array(dep, "dep_kinds").any(|kind| kind["kind"].is_null());
            left.extend(array(nodes[id], "deps").filter(normal).map(|dep| text(dep, "pkg")));
        }
    }
    let told = format!("{} crates", seen.len() - 1);
    assert!(guide().contains(&told), "ARCHITECTURE.md, Dependencies: it is {told}");
}
