//! Colours for a terminal that has them.

use crate::base::terminal;

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

    pub fn of_stdout() -> Self {
        Colours(terminal::has_colours())
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
