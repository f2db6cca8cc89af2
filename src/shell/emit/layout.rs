//! The script as a text: its head, its lines, its end.

use std::collections::HashSet;

use super::{Emitter, LOCALS, Line};

impl Emitter {
    /// At the prompt: what was written since the last time, and the namespaces that must be there for it.
    pub fn take(&mut self) -> (String, Vec<String>) {
        let mut out = String::new();
        // With more lines the program is not all that there is.
        if self.lines.len() != 1 {
            self.program = None;
        }
        for line in self.lines.drain(..) {
            if let Line::Text(indent, text) = line {
                out.push_str(&format!("{}{text}\n", " ".repeat(indent)));
            }
        }
        self.added.clear();
        (out, std::mem::take(&mut self.needs))
    }

    /// The whole script.
    pub fn finish(mut self, title: &str) -> String {
        self.indent = 0;
        self.reports();
        let mut out = String::new();
        if !self.prompt {
            out.push_str(&format!("-- {title}\n"));
            if self.needs_try {
                out.push_str(TRY);
            }
            if self.needs_reaches {
                out.push_str(REACHES);
            }
            if self.needs_fetches {
                out.push_str(FETCHES);
            }
            if self.needs_running {
                out.push_str(RUNNING);
            }
            out.push('\n');
        }
        let mut declared: HashSet<String> = HashSet::new();
        let mut blank = true;
        while matches!(self.lines.last(), Some(Line::Blank)) {
            self.lines.pop();
        }
        for line in &self.lines {
            match line {
                Line::Blank if blank => {}
                Line::Blank => out.push('\n'),
                Line::Text(indent, text) => out.push_str(&format!("{}{text}\n", " ".repeat(*indent))),
                Line::Variable { name, code } if !self.used.contains(name) => {
                    // A look-up alone does nothing.
                    if !code.starts_with("namespace.get(") {
                        out.push_str(&format!("{code}\n"));
                    }
                }
                Line::Variable { name, code } => {
                    let local = declared.len() < LOCALS && declared.insert(name.clone());
                    out.push_str(&format!("{}{name} = {code}\n", if local { "local " } else { "" }));
                }
            }
            blank = matches!(line, Line::Blank);
        }
        out
    }
}

/// Cuts a text at spaces into lines of this width, as far as it has any.
pub fn wrapped(text: &str, width: usize) -> Vec<&str> {
    let (mut out, mut rest) = (Vec::new(), text);
    while rest.chars().count() > width {
        let end = rest.char_indices().nth(width).map_or(rest.len(), |(at, _)| at);
        let Some(space) = rest[..end].rfind(' ').filter(|at| !rest[..*at].trim().is_empty()) else { break };
        out.push(rest[..space].trim_end());
        rest = rest[space..].trim_start();
    }
    out.push(rest);
    out.retain(|line| !line.is_empty());
    out
}

/// A line without what would end it for Lua, or do something to a terminal.
pub fn plain(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The space between `--` and a comment's text, unless it has its own.
pub fn gap(text: &str) -> &'static str {
    if text.starts_with([' ', '-']) { "" } else { " " }
}

const TRY: &str = "
-- A shell goes on when a command fails: prints what came of a call, its error too.
local function try(f, ...)
  local ok, result = pcall(f, ...)
  if not ok or type(result) ~= \"userdata\" then
    print(result)
  end
  return ok and result or nil
end
";

const REACHES: &str = "
-- Whether an echo request was answered.
local function reaches(ping, ...)
  local ok, result = pcall(ping, ...)
  return ok and result.received > 0
end
";

const FETCHES: &str = "
-- Whether a page was there.
local function fetches(get, ...)
  local ok, page = pcall(get, ...)
  return ok and page.status < 400
end
";

const RUNNING: &str = "
-- What runs beside the script.
local running = {}
";
