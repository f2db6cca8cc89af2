//! Failures as text, as every format shows them.

use crate::lua::modules::test::event::{Failure, Outcome};

/// All that is known of what went wrong.
pub fn failures(outcome: &Outcome) -> String {
    let failures: &[Failure] = match outcome {
        Outcome::Failed { failures } | Outcome::ExpectedFailure { failures, .. } => failures,
        Outcome::UnexpectedPass { .. } => return unexpected_pass(outcome),
        _ => &[],
    };
    failures.iter().map(|f| f.text(true)).collect::<Vec<_>>().join("\n")
}

pub fn unexpected_pass(outcome: &Outcome) -> String {
    match outcome {
        Outcome::UnexpectedPass { reason } => Outcome::unexpected(reason),
        _ => String::new(),
    }
}

/// `1 test`, `2 tests`.
pub fn count(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_of_a_failure_are_told() {
        let f = Failure {
            kind: Some("check".into()),
            message: "check.equal: expected 1, got 2".into(),
            hint: Some("look".into()),
            at: Some("a.lua:3".into()),
            source: Some("  check.equal(a, 1)".into()),
            diff: Some("- 1\n+ 2".into()),
            changed: vec!["link br0: down".into()],
            called_at: Some("a.lua:9".into()),
            ..Failure::default()
        };
        assert_eq!(
            failures(&Outcome::Failed { failures: vec![f] }),
            "a.lua:3: check.equal: expected 1, got 2\n    check.equal(a, 1)\n  called at a.lua:9\n    - 1\n    + 2\n  hint: look\n  \
             since the last passed check:\n    link br0: down"
        );
    }
}
