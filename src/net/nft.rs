//! What there is to know of the `nft` program's language: its two forms, and its error messages.
//!
//! The program itself is run by whoever has processes to run; see `nft(8)`. Nothing else of nsh needs it.

use nix::errno::Errno;

use crate::base::error::{Error, Kind, Result};

/// The forms of a ruleset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// nft's own language.
    Text,
    /// libnftables-json(5).
    Json,
}

/// The form that a ruleset is in. JSON is parsed here too, since nft takes a broken one for an empty ruleset.
pub fn format(ruleset: &str) -> Result<Format> {
    if !is_json(ruleset) {
        return Ok(Format::Text);
    }
    match serde_json::from_str::<serde_json::Value>(ruleset) {
        Ok(_) => Ok(Format::Json),
        Err(e) => Err(Error::new(Kind::Invalid, format!("this is not JSON: {e}"))),
    }
}

fn is_json(ruleset: &str) -> bool {
    ruleset.trim_start().starts_with('{')
}

/// Makes of nft's first error message an error with the line of the ruleset that it is about.
///
/// nft writes `/dev/stdin:LINE:COLUMNS: Error: TEXT`, then the line, then marks below it. For what the kernel
/// refused, TEXT is `Could not process rule: ` and the errno's description.
pub fn refused(stderr: &str, ruleset: &str) -> Error {
    let Some((place, text)) = stderr.lines().find_map(|line| line.split_once("Error: ")) else {
        let text = stderr.trim();
        let text = if text.is_empty() { "nft failed without a message" } else { text };
        return privileges(Error::new(Kind::Invalid, text.lines().next().unwrap_or_default()), text);
    };
    let error = match text.rsplit(": ").next().and_then(errno) {
        Some(errno) => Error::errno(errno),
        None => Error::new(Kind::Invalid, text.trim()),
    };
    let about = if is_json(ruleset) { command_of(stderr, ruleset) } else { line_of(place, ruleset) };
    let error = match about {
        Some(about) => error.detail(about),
        None => error,
    };
    privileges(error, stderr)
}

/// The line that a message's `FILE:LINE:COLUMNS:` names.
fn line_of(place: &str, ruleset: &str) -> Option<String> {
    let number: usize = place.trim_end_matches([':', ' ']).rsplit(':').nth(1)?.parse().ok()?;
    let line = ruleset.lines().nth(number.checked_sub(1)?)?.trim();
    Some(format!("line {number}, `{line}`"))
}

/// The command that `Parsing command array at index N failed` is about, cut short.
fn command_of(stderr: &str, ruleset: &str) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(ruleset).ok()?;
    let index: usize = stderr.split_once("at index ")?.1.split(' ').next()?.parse().ok()?;
    let command: String = json.get("nftables")?.get(index)?.to_string().chars().take(100).collect();
    Some(format!("command {}, `{command}`", index + 1))
}

fn privileges(error: Error, stderr: &str) -> Error {
    if stderr.contains("Operation not permitted") {
        return error
            .with_kind(Kind::Permission)
            .hint("changing rules needs CAP_NET_ADMIN in the network namespace");
    }
    error
}

/// The errno behind a description of strerror(3).
fn errno(reason: &str) -> Option<Errno> {
    const KNOWN: [Errno; 12] = [
        Errno::ENOENT,
        Errno::EEXIST,
        Errno::EPERM,
        Errno::EOPNOTSUPP,
        Errno::EINVAL,
        Errno::EBUSY,
        Errno::ENOMEM,
        Errno::ENODEV,
        Errno::ERANGE,
        Errno::E2BIG,
        Errno::ELOOP,
        Errno::EAFNOSUPPORT,
    ];
    let described = format!("{} (os error", reason.trim());
    KNOWN
        .into_iter()
        .find(|e| std::io::Error::from_raw_os_error(*e as i32).to_string().starts_with(&described))
}

/// The error for a machine without nft.
pub fn not_installed() -> Error {
    Error::new(Kind::Unsupported, "raw rulesets need the program nft, which isn't in PATH")
        .hint("install nftables; the nat and conntrack bindings need no nft")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_line_of_the_ruleset() {
        let ruleset = "table inet t {\n  chain c { type nat hok input priority 0; }\n}\n";
        let stderr = "/dev/stdin:2:22-24: Error: syntax error, unexpected string, expecting hook\n  chain c ...\n  ^^^\n";
        let e = refused(stderr, ruleset);
        assert_eq!(e.kind(), Kind::Invalid);
        assert_eq!(
            e.message(),
            "line 2, `chain c { type nat hok input priority 0; }`: syntax error, unexpected string, expecting hook"
        );
    }

    #[test]
    fn what_the_kernel_refused_has_its_errno() {
        let stderr =
            "/dev/stdin:1:17-17: Error: Could not process rule: No such file or directory\nadd rule\n^\n";
        let e = refused(stderr, "add rule inet t c accept");
        assert_eq!(e.message(), "no such file or directory (ENOENT): line 1, `add rule inet t c accept`");
        assert_eq!(e.kind(), Kind::NotFound);
    }

    #[test]
    fn other_messages_are_told_as_they_are() {
        assert_eq!(refused("", "x").message(), "nft failed without a message");
        let e = refused("Operation not permitted (you must be root)\nnetlink: Error: cache\n", "x");
        assert_eq!(e.kind(), Kind::Permission);
        let absent = "Error: No such file or directory\nlist table inet x\n                ^\n";
        assert_eq!(refused(absent, "").message(), "no such file or directory (ENOENT)");
        let stderr = "internal:0:0-0: Error: Parsing command array at index 0 failed.\n";
        let json = refused(stderr, "{\"nftables\": [{\"x\": 1}]}");
        assert_eq!(json.message(), "command 1, `{\"x\":1}`: Parsing command array at index 0 failed.");
        assert!(format("{\"nftables\": [").unwrap_err().message().starts_with("this is not JSON: EOF"));
    }

    #[test]
    fn the_two_forms_are_told_apart() {
        assert_eq!(format(" {\"nftables\": []}").unwrap(), Format::Json);
        assert_eq!(format("table inet t {}").unwrap(), Format::Text);
    }
}
