//! Keys that rustyline handles differently or not at all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, EventHandler, KeyCode, KeyEvent, Modifiers, Movement,
    RepeatCount,
};

/// Shared by the keys, and by the editor's helper, which knows what is drawn.
#[derive(Clone, Default)]
pub struct Keys(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Ctrl-C was typed.
    given_up: bool,
    list: List,
    browse: Browse,
}

/// The list of what completes.
#[derive(Default, PartialEq)]
enum List {
    #[default]
    None,
    /// A second Tab shows it.
    Ready,
    /// It is shown, perhaps in parts, or it is asked whether it is to be; the line is edited at this place.
    Shown(usize),
}

/// Going through the history entry by entry.
#[derive(Default, PartialEq)]
enum Browse {
    #[default]
    No,
    /// The entry is about to be drawn.
    Begins,
    /// It is drawn; what else stands on the line was typed.
    Entry(String),
}

impl Keys {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether Ctrl-C gave up the input that has ended now.
    pub fn take_given_up(&self) -> bool {
        let mut state = self.lock();
        (state.list, state.browse) = (List::None, Browse::No);
        std::mem::take(&mut state.given_up)
    }

    /// It was asked what could complete the line.
    pub fn completed(&self) {
        self.lock().list = List::Ready;
    }

    /// The line was drawn, with the cursor there.
    pub fn drawn(&self, line: &str, at: usize) {
        let mut state = self.lock();
        // Before the list the cursor is drawn at the end of the line, and behind it where it was.
        if state.list == List::Shown(at) {
            state.list = List::None;
        }
        if state.browse == Browse::Begins {
            state.browse = Browse::Entry(line.to_owned());
        }
    }

    /// The keys, each with what it does.
    pub fn bindings(&self) -> Vec<(KeyEvent, EventHandler)> {
        let up = |back| Conditional(self.clone(), if back { Key::Up } else { Key::Down });
        let key = |code, modifiers, handler: Conditional| {
            (KeyEvent(code, modifiers), EventHandler::Conditional(Box::new(handler)))
        };
        let word = || Conditional(self.clone(), Key::Word);
        vec![
            // A new line wherever the cursor is, as terminals can send it.
            (KeyEvent(KeyCode::Enter, Modifiers::ALT), EventHandler::Simple(Cmd::Newline)),
            (
                KeyEvent::ctrl('C'),
                EventHandler::Conditional(Box::new(Conditional(self.clone(), Key::GiveUp))),
            ),
            key(KeyCode::Tab, Modifiers::NONE, Conditional(self.clone(), Key::Tab)),
            key(KeyCode::Up, Modifiers::NONE, up(true)),
            key(KeyCode::Down, Modifiers::NONE, up(false)),
            key(KeyCode::Right, Modifiers::CTRL, word()),
            key(KeyCode::Char('f'), Modifiers::ALT, word()),
        ]
    }
}

#[derive(Clone, Copy)]
enum Key {
    GiveUp,
    Tab,
    Up,
    Down,
    Word,
}

struct Conditional(Keys, Key);

impl ConditionalEventHandler for Conditional {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let mut state = self.0.lock();
        match self.1 {
            // As Backspace, a no. (The letter would be repeated as what was typed last.)
            Key::GiveUp if matches!(state.list, List::Shown(_)) => Some(Cmd::Kill(Movement::BackwardChar(1))),
            // It ends the input as Enter does, and only then is it told apart: rustyline's own way throws away what
            // was typed behind it.
            Key::GiveUp => {
                state.given_up = true;
                Some(Cmd::AcceptLine)
            }
            Key::Tab => {
                if state.list == List::Ready {
                    state.list = List::Shown(context.pos());
                }
                None
            }
            Key::Up => state.history(context, Cmd::HistorySearchBackward),
            Key::Down => state.history(context, Cmd::HistorySearchForward),
            Key::Word => context.hint_text().map(|hint| Cmd::Insert(1, first_word(hint).to_owned())),
        }
    }
}

impl State {
    /// Up and Down go to entries that begin with what is typed; on an empty line, to all entries.
    fn history(&mut self, context: &EventContext<'_>, search: Cmd) -> Option<Cmd> {
        let line = context.line();
        let browses = self.browse == Browse::Entry(line.to_owned());
        if browses || line.is_empty() {
            self.browse = Browse::Begins;
            return None;
        }
        self.browse = Browse::No;
        // Among several lines they move the cursor.
        (!line.contains('\n') && context.pos() > 0).then_some(search)
    }
}

/// What a suggestion begins with: its first word, with what separates it from the line.
fn first_word(text: &str) -> &str {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let start = text.find(word).unwrap_or(text.len());
    let end = text[start..].find(|c| !word(c)).map_or(text.len(), |at| start + at);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_suggestion() {
        for (text, word) in
            [("k.list()", "k"), (".list()", ".list"), ("({ x_1 = 2 })", "({ x_1"), ("()", "()"), ("é b", "é")]
        {
            assert_eq!(first_word(text), word);
        }
    }
}
