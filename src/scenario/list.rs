//! `nsh test --list`: the names of all tests, none of which is run.

use serde_json::json;

use super::destination::Format;
use crate::base::text::harmless;
use crate::lua::modules::test::event::Id;

/// A test, or a file without tests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    pub file: String,
    /// Where it stands among its file's tests.
    pub place: usize,
    pub test: Option<Id>,
    pub own_lab: bool,
    /// Why it would not run here.
    pub skipped: Option<String>,
}

impl Listed {
    fn matches(&self, words: &[String]) -> bool {
        let test = self.test.as_ref().map(Id::name).unwrap_or_default();
        words.is_empty() || words.iter().any(|w| self.file.contains(w.as_str()) || test.contains(w.as_str()))
    }
}

/// A line for each, as `--filter` finds them; or JSON.
pub fn text(mut listed: Vec<Listed>, filter: &[String], format: Format) -> Option<String> {
    listed.retain(|l| l.matches(filter));
    listed.sort();
    if listed.is_empty() {
        return None;
    }
    if format == Format::Json {
        let tests: Vec<_> = listed
            .iter()
            .map(|l| {
                let (path, at) = l.test.as_ref().map(|t| (t.path.clone(), t.at.clone())).unwrap_or_default();
                json!({ "file": l.file, "path": path, "at": at, "own_lab": l.own_lab, "skipped": l.skipped })
            })
            .collect();
        let list = json!({ "format": "nsh test list", "version": 1, "tests": tests });
        return Some(format!("{list:#}\n"));
    }
    let line = |l: &Listed| {
        let test = l.test.as_ref().map(|t| format!(" > {}", t.name())).unwrap_or_default();
        let skipped = l.skipped.as_ref().map(|reason| format!(" (skipped: {reason})")).unwrap_or_default();
        harmless(&format!("{}{test}{skipped}\n", l.file))
    };
    Some(listed.iter().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_in_the_order_of_the_file() {
        let one = |file: &str, place, test: Option<&str>| Listed {
            file: file.to_owned(),
            place,
            test: test.map(|t| Id { path: vec!["g".into(), t.into()], at: None }),
            own_lab: false,
            skipped: (file == "c.lua").then(|| "no vrf".to_owned()),
        };
        let all = vec![
            one("c.lua", 0, None),
            one("b.lua", 1, Some("a")),
            one("b.lua", 0, Some("z")),
            one("a.lua", 0, None),
        ];
        let lines = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
            text(all.clone(), &words, Format::Pretty)
        };
        assert_eq!(lines(&[]).unwrap(), "a.lua\nb.lua > g > z\nb.lua > g > a\nc.lua (skipped: no vrf)\n");
        assert_eq!(lines(&["g > a", "c."]).unwrap(), "b.lua > g > a\nc.lua (skipped: no vrf)\n");
        assert_eq!(lines(&["nothing"]), None);
        let json: serde_json::Value = serde_json::from_str(&text(all, &[], Format::Json).unwrap()).unwrap();
        assert_eq!(json["tests"][1]["path"][1], "z");
    }
}
