//! The shell's commands in a Markdown text: its fenced blocks.

use super::programs;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A heading.
    Heading(String),
    /// Lines of commands, with the number of the first one, from 1. In a block that doesn't say what it is, lines that
    /// begin with no known command are what commands printed.
    Commands { text: String, line: usize, mixed: bool },
}

/// What a fenced block can be called that has commands of a shell.
const SHELLS: &[&str] = &[
    "",
    "sh",
    "bash",
    "shell",
    "zsh",
    "ksh",
    "console",
    "terminal",
    "shell-session",
    "shellsession",
    "sh-session",
    "bash-session",
    "sudo",
];
const SESSIONS: &[&str] =
    &["console", "terminal", "shell-session", "shellsession", "sh-session", "bash-session"];

/// Whether a text has fenced blocks.
pub fn looks_so(text: &str) -> bool {
    text.lines().filter(|line| fence(line).is_some()).count() >= 2
}

/// The fence that a line is, and what follows it.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|c| *c == '`' || *c == '~')?;
    let length = line.len() - line.trim_start_matches(mark).len();
    let info = line[length..].trim();
    (length >= 3 && !info.contains('`')).then_some((&line[..length], info))
}

/// Cuts a text into headings and blocks of commands.
pub fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut open: Option<(&str, String, usize, Vec<&str>)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, fence(line)) {
            (Some((mark, ..)), Some((end, ""))) if end.starts_with(*mark) => {
                if let Some((_, language, first, lines)) = open.take() {
                    parts.extend(block(&language, first, &lines));
                }
            }
            (Some((.., lines)), _) => lines.push(line),
            (None, Some((mark, info))) => {
                let info = info.trim_start_matches(['{', '.']);
                let language = info.split([' ', ',', '{', '}', ':']).next().unwrap_or_default();
                open = Some((mark, language.to_ascii_lowercase(), number + 2, Vec::new()));
            }
            (None, None) => {
                let title = line.trim_start_matches('#');
                if title.len() < line.len() && title.starts_with(' ') && line.len() - title.len() <= 6 {
                    parts.push(Part::Heading(title.trim().trim_end_matches('#').trim_end().to_owned()));
                }
            }
        }
    }
    // A block that is not closed goes on to the end.
    if let Some((_, language, first, lines)) = open {
        parts.extend(block(&language, first, &lines));
    }
    parts
}

fn block(language: &str, line: usize, lines: &[&str]) -> Option<Part> {
    if !SHELLS.contains(&language) {
        return None;
    }
    let indent =
        lines.iter().filter(|l| !l.trim().is_empty()).map(|l| l.len() - l.trim_start_matches(' ').len());
    let indent = indent.min().unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|l| l.get(indent..).unwrap_or_default()).collect();
    let session = SESSIONS.contains(&language) || lines.iter().any(|l| prompted(l, false).is_some());
    let text = if session { session_commands(&lines) } else { lines.join("\n") + "\n" };
    Some(Part::Commands { text, line, mixed: language.is_empty() && !session })
}

/// What stands behind a prompt: `$ `, `user@host:~$ `, `[user@host ~]$ `, and `# ` where it can't be a comment.
pub fn prompted(line: &str, root: bool) -> Option<&str> {
    if let Some(command) = line.strip_prefix("$ ") {
        return Some(command);
    }
    if let Some(command) = line.strip_prefix("# ").filter(|_| root) {
        let word = command.split_whitespace().next().unwrap_or_default();
        return programs::known(word).then_some(command);
    }
    let (prompt, command) = line.split_once("$ ").or_else(|| line.split_once("# "))?;
    let bracketed = prompt.starts_with('[') && prompt.ends_with(']');
    let sound = prompt.contains('@') && prompt.len() < 80 && (bracketed || !prompt.contains(' '));
    sound.then_some(command)
}

/// The commands of a session; what they printed becomes empty lines, so that the numbers of lines stay.
fn session_commands(lines: &[&str]) -> String {
    let mut out = String::new();
    let mut open = false;
    for line in lines {
        let command = match prompted(line, true) {
            Some(command) => Some(command),
            None if open => Some(line.strip_prefix("> ").unwrap_or(line)),
            None if line.starts_with('#') => Some(*line),
            None => None,
        };
        open = command.is_some_and(|c| c.ends_with('\\'));
        out.push_str(command.unwrap_or_default());
        out.push('\n');
    }
    out
}
