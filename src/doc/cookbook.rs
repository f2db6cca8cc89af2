//! The recipes of `docs/cookbook.md`, for `nsh doc` and `help`: each answers a question with a script, which the tests
//! run.

const COOKBOOK: &str = include_str!("../../docs/cookbook.md");

/// A recipe.
pub struct Recipe {
    pub question: &'static str,
    /// Its Markdown.
    pub answer: &'static str,
}

/// All of them, in the book's order.
pub fn recipes() -> impl Iterator<Item = Recipe> {
    COOKBOOK.split("\n### ").skip(1).filter_map(|part| {
        let (question, answer) = part.split("\n## ").next()?.split_once('\n')?;
        Some(Recipe { question, answer: answer.trim() })
    })
}

/// The text of the recipe that answers just this question.
pub fn find(question: &str) -> Option<String> {
    let plain = |text: &str| text.trim().trim_end_matches('?').to_lowercase();
    let recipe = recipes().find(|recipe| plain(recipe.question) == plain(question))?;
    Some(format!("{}\n\n{}", recipe.question, shown(recipe.answer)))
}

/// Markdown for a terminal: blocks are indented, and the one of what is printed says so.
pub(super) fn shown(markdown: &str) -> String {
    let mut out = String::new();
    let mut code = false;
    for line in markdown.lines() {
        match line.strip_prefix("```") {
            Some("text") => out.push_str("  It prints:\n\n"),
            Some(_) => {}
            None if code && !line.is_empty() => out.push_str(&format!("    {line}\n")),
            None if line.is_empty() => out.push('\n'),
            None => out.push_str(&format!("  {line}\n")),
        }
        code ^= line.starts_with("```");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_of_the_book_has_its_answer() {
        assert!(recipes().count() > 40);
        let text = find("how do i limit the bandwidth, or the rate").unwrap();
        assert!(text.starts_with("How do I limit the bandwidth, or the rate?\n\n    local b = "), "{text}");
        assert!(text.ends_with("  It prints:\n\n    rate 10mbit limit 1000\n"), "{text}");
        assert!(find("how do I").is_none());
    }
}
