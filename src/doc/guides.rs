//! The guides of `docs/`, for `nsh doc` and `help`: found by their sections, shown as a whole.

use super::cookbook::shown;

macro_rules! guides {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../docs/", $name)))),*]
    };
}

/// Those of docs/SUMMARY.md but the cookbook, of which each recipe is found by itself, and the reference.
const GUIDES: &[(&str, &str)] = guides!(
    "README.md" "first-lab.md" "tutorial.md" "concepts.md" "coming-from.md" "prompt.md" "testing.md" "topology.md"
    "shaping.md" "tc.md" "firewall.md" "nft.md" "send.md" "capture.md" "why.md" "shards.md" "labs.md" "shell.md" "translate.md"
    "sandbox.md" "speed.md" "support.md"
);

/// A part of a guide, from one heading to the next.
pub struct Section {
    /// `docs/shell.md`.
    pub guide: String,
    /// The guide's own title, or `title: heading`.
    pub title: String,
    pub text: &'static str,
}

/// All of them, guide by guide.
pub fn sections() -> impl Iterator<Item = Section> {
    GUIDES.iter().flat_map(|(name, text)| {
        let title = text.lines().next().unwrap_or_default().trim_start_matches("# ");
        text.split("\n## ").enumerate().map(move |(number, text)| {
            let heading = text.lines().next().unwrap_or_default();
            Section {
                guide: format!("docs/{name}"),
                title: if number == 0 { title.to_owned() } else { format!("{title}: {heading}") },
                text,
            }
        })
    })
}

/// The text of a guide: `docs/shell.md`, or without the directory.
pub fn find(name: &str) -> Option<String> {
    let name = name.trim().trim_start_matches("docs/");
    GUIDES.iter().find(|(guide, _)| *guide == name).map(|(_, text)| shown(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_book_can_be_found() {
        let summary = include_str!("../../docs/SUMMARY.md");
        let pages = summary.split("](").skip(1).filter_map(|link| link.split(')').next());
        for page in pages.filter(|page| !["cookbook.md", "reference.md"].contains(page)) {
            assert!(find(page).is_some(), "{page} is missing in GUIDES");
        }
        assert!(find("docs/shell.md").unwrap().contains("Tutorials in Markdown"));
        assert!(find("SUMMARY.md").is_none());
    }
}
