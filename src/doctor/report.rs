//! The findings, for people and for programs.

use serde_json::json;

use super::{Check, Group, works};
use crate::base::text::hang;

/// How wide the last column may get.
const WIDTH: usize = 100;

/// One JSON object.
pub fn json(checks: &[Check]) -> String {
    let rows: Vec<_> = checks
        .iter()
        .map(|c| {
            json!({
                "group": c.group.name(),
                "name": c.name,
                "ok": c.ok,
                "detail": c.detail,
                "remedy": c.remedy,
            })
        })
        .collect();
    let report = json!({
        "nsh": env!("CARGO_PKG_VERSION"),
        "works": works(checks),
        "checks": rows,
    });
    format!("{report:#}\n")
}

/// A table: what works, then a line for each thing that doesn't, with what to do.
pub fn table(checks: &[Check]) -> String {
    let mut rows: Vec<[String; 3]> = vec![["".into(), "WORKS".into(), "".into()]];
    let mut groups: Vec<Group> = checks.iter().map(|c| c.group).collect();
    groups.dedup();
    for group in groups {
        let names: Vec<String> =
            checks.iter().filter(|c| c.group == group && c.ok).map(with_detail).collect();
        if !names.is_empty() {
            rows.push([group.name().to_owned(), names.join(", "), String::new()]);
        }
    }
    let mut missing: Vec<[String; 3]> = Vec::new();
    for check in checks.iter().filter(|c| !c.ok) {
        let name = format!("{} {}", check.group.name(), check.name);
        missing.push([name, check.detail.clone(), check.remedy.clone()]);
    }
    let mut out = String::new();
    let width = rows.iter().map(|r| r[0].len()).max().unwrap_or(0);
    for [group, names, _] in &rows {
        out.push_str(&line(group, width, names));
    }
    if !missing.is_empty() {
        let width = missing.iter().map(|r| r[0].len()).max().unwrap_or(0);
        out.push_str(&format!("\n{:width$}  WHAT TO DO\n", "DOES NOT WORK"));
        let width = width.max("DOES NOT WORK".len());
        let mut told: Option<(String, String)> = None;
        for [name, detail, remedy] in missing {
            // The kernel lacks ten kinds of links: said once, with the kinds' options.
            out.push_str(&line(&name, width, &said(&mut told, detail, remedy)));
        }
    }
    out.push_str(match works(checks) {
        true => "\nScripts can run here.\n",
        false => "\nScripts can't run here until what is needed works; --host needs root, but no sandbox.\n",
    });
    out
}

/// A row: the head, filled up to `width`, and the text, wrapped behind it.
fn line(head: &str, width: usize, text: &str) -> String {
    let text = hang(text, width + 2, WIDTH.max(width + 42));
    format!("{}\n", format!("{head:width$}  {text}").trim_end())
}

fn with_detail(check: &Check) -> String {
    match check.detail.as_str() {
        "" => check.name.to_owned(),
        detail => format!("{} ({detail})", check.name),
    }
}

/// Detail and remedy, shortened when the one above said nearly the same.
fn said(told: &mut Option<(String, String)>, detail: String, remedy: String) -> String {
    let (head, option) = match remedy.rsplit_once(" CONFIG_") {
        Some((head, option)) => (head.to_owned(), format!("CONFIG_{option}")),
        None => (remedy.clone(), String::new()),
    };
    let same = told.as_ref() == Some(&(detail.clone(), head.clone())) && !option.is_empty();
    let text = match (same, detail.is_empty(), remedy.is_empty()) {
        (true, ..) => format!("{detail}: the same, {option}"),
        (_, true, _) => remedy,
        (_, _, true) => detail.clone(),
        _ => format!("{detail}: {remedy}"),
    };
    *told = Some((detail, head));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks() -> Vec<Check> {
        vec![
            Check::new(Group::Needed, "kernel", true).detail("Linux 6.1"),
            Check::new(Group::Needed, "sandbox", false).detail("refused").remedy("ask for it"),
            Check::new(Group::Links, "veth", true),
            Check::new(Group::Links, "vlan", false).detail("no").remedy("use one with CONFIG_VLAN"),
            Check::new(Group::Links, "vrf", false).detail("no").remedy("use one with CONFIG_VRF"),
        ]
    }

    #[test]
    fn for_people() {
        let expected = "        WORKS
needed  kernel (Linux 6.1)
links   veth

DOES NOT WORK   WHAT TO DO
needed sandbox  refused: ask for it
links vlan      no: use one with CONFIG_VLAN
links vrf       no: the same, CONFIG_VRF

Scripts can't run here until what is needed works; --host needs root, but no sandbox.
";
        assert_eq!(table(&checks()), expected);
    }

    #[test]
    fn for_programs() {
        let report: serde_json::Value = serde_json::from_str(&json(&checks())).unwrap();
        assert_eq!(report["works"], false);
        assert_eq!(report["checks"][2]["name"], "veth");
        assert_eq!(report["checks"][2]["ok"], true);
    }
}
