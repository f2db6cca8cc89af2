//! Colours for a terminal that has them.

use std::io::IsTerminal;

/// SGR codes by what they are for: eight colours alone, so that they fit every theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Keyword,
    Text,
    Number,
    Comment,
    Function,
    Bracket,
    Error,
    Hint,
    Prompt,
    Good,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Paint::Keyword => "35",
            Paint::Text => "32",
            Paint::Number => "36",
            Paint::Comment | Paint::Hint => "2",
            Paint::Function => "34",
            Paint::Bracket => "1;33",
            Paint::Error => "31",
            Paint::Prompt => "1",
            Paint::Good => "32",
        }
    }
}

/// Whether and how to colour.
#[derive(Clone, Copy, Debug)]
pub struct Colours(bool);

impl Colours {
    pub const NEVER: Colours = Colours(false);

    /// For stdout, as it is: a terminal, not `TERM=dumb`, and no `NO_COLOR` (<https://no-color.org>).
    pub fn of_stdout() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Colours(std::io::stdout().is_terminal() && !dumb && !set("NO_COLOR"))
    }

    pub fn on(self) -> bool {
        self.0
    }

    pub fn paint(self, paint: Paint, text: &str) -> String {
        if self.0 && !text.is_empty() {
            format!("\x1b[{}m{text}\x1b[0m", paint.code())
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
impl Colours {
    pub const ALWAYS: Colours = Colours(true);
}
