//! What is told of one thing that went wrong.

use serde::{Deserialize, Serialize};

use crate::base::text;

/// The largest picture that is kept, in bytes.
const LARGEST_PICTURE: usize = 96 << 10;
/// The lines of what changed that are kept.
const MOST_LINES: usize = 500;

/// One thing that went wrong, with what is needed to see why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The error's kind (`check`, `timeout`, ...); none for what Lua itself raised.
    pub kind: Option<String>,
    /// One line, unless the script raised a text of more.
    pub message: String,
    pub hint: Option<String>,
    /// The script's file and line, as `file:line`.
    pub at: Option<String>,
    /// What stands on that line.
    pub source: Option<String>,
    /// Where that is in a function which the test (or the file) calls: the test's own line, as `file:line`.
    #[serde(default)]
    pub called_at: Option<String>,
    /// Expected and actual values side by side, where that says more than the message: lines of `-` and `+`.
    pub diff: Option<String>,
    /// What changed in the lab since the last passed check, a line each.
    pub changed: Vec<String>,
    /// Lua's, with `--trace`.
    pub traceback: Option<String>,
    /// The lab as it was then, as SVG, where a report shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

impl Failure {
    /// All that is known: `file:line: message`, then, each on lines of its own, the script's line if `source` asks for
    /// it, the diff, the hint, what changed, and the traceback.
    pub fn text(&self, source: bool) -> String {
        let mut out = match &self.at {
            Some(at) => format!("{at}: {}", self.message),
            None => self.message.clone(),
        };
        if let Some(line) = self.source.as_deref().filter(|line| source && !line.trim().is_empty()) {
            out.push_str(&format!("\n    {}", line.trim()));
        }
        if let Some(own) = &self.called_at {
            out.push_str(&format!("\n  called at {own}"));
        }
        for line in self.diff.iter().flat_map(|diff| diff.lines()) {
            out.push_str(&format!("\n    {line}"));
        }
        if let Some(hint) = &self.hint {
            out.push_str(&format!("\n  hint: {hint}"));
        }
        if !self.changed.is_empty() {
            out.push_str("\n  since the last passed check:");
            self.changed.iter().for_each(|line| out.push_str(&format!("\n    {line}")));
        }
        if let Some(traceback) = &self.traceback {
            out.push('\n');
            out.push_str(traceback);
        }
        out
    }
}

impl Failure {
    /// Cuts each of its texts to so many bytes.
    pub fn bound(&mut self, most: usize) {
        let texts = [&mut self.hint, &mut self.at, &mut self.source, &mut self.diff, &mut self.traceback];
        let texts = texts.into_iter().flatten().chain([&mut self.message]);
        texts.chain(&mut self.kind).chain(&mut self.called_at).for_each(|text| text::shorten(text, most));
        self.picture.take_if(|picture| picture.len() > LARGEST_PICTURE);
        let left = self.changed.len().saturating_sub(MOST_LINES);
        self.changed.truncate(MOST_LINES);
        let each = most / self.changed.len().max(1);
        self.changed.iter_mut().for_each(|line| text::shorten(line, each.max(100)));
        if left > 0 {
            self.changed.push(format!("{left} more lines, left out"));
        }
    }

    /// How many bytes of text it has.
    pub fn size(&self) -> usize {
        let texts = [&self.hint, &self.at, &self.source, &self.diff, &self.traceback, &self.picture];
        let texts = texts.into_iter().flatten().chain(&self.changed).map(String::len);
        100 + self.message.len() + texts.sum::<usize>()
    }
}
