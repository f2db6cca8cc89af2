//! Lines that appear above the input while it is edited. rustyline's external printer doesn't do: it leaves input that
//! was read ahead in a buffer until the next key.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::screen;

/// Shared by the editor's helper, which knows what is on the screen, and by whoever has something to show.
#[derive(Clone, Default)]
pub struct Notices(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// An input is being edited.
    reading: bool,
    /// The prompt and the line as they were drawn last.
    prompt: String,
    line: String,
    /// The columns of the prompt, of both, and of what is before the cursor.
    indent: usize,
    width: usize,
    cursor: usize,
    /// Waits for the next prompt.
    pending: String,
}

impl Notices {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks that an input is edited, until the guard is dropped.
    pub fn reading(&self) -> Reading {
        self.lock().reading = true;
        Reading(self.clone())
    }

    /// The prompt is drawn, and an empty line. Returns what goes in front of it.
    pub fn prompt(&self, plain: &str, drawn: &str) -> String {
        let mut state = self.lock();
        state.prompt = drawn.to_owned();
        state.line = String::new();
        state.indent = screen::width(plain);
        (state.width, state.cursor) = (state.indent, state.indent);
        std::mem::take(&mut state.pending)
    }

    /// The line is drawn; `at` is the cursor's place in it, in bytes.
    pub fn line(&self, plain: &str, drawn: &str, at: usize) {
        let mut state = self.lock();
        state.line = drawn.to_owned();
        // What takes several rows is left alone.
        let rows = plain.contains('\n');
        state.width = if rows { usize::MAX } else { state.indent + screen::width(plain) };
        state.cursor = state.indent + screen::width(plain.get(..at).unwrap_or(plain));
    }

    /// Shows whole lines above the input, or with the next prompt if there is none or it takes several rows.
    pub fn show(&self, text: &str) {
        let mut state = self.lock();
        if !state.reading || state.prompt.is_empty() || state.width >= screen::size().0 {
            state.pending.push_str(text);
            return;
        }
        // rustyline draws relative to where the cursor was, which is where it is left.
        let drawn = format!("\r\x1b[J{text}{}{}\r\x1b[{}C", state.prompt, state.line, state.cursor);
        let mut out = std::io::stdout().lock();
        // A terminal that is gone is noticed by who reads from it.
        let _ = out.write_all(drawn.as_bytes()).and_then(|()| out.flush());
    }
}

/// As long as it lives, an input is edited.
pub struct Reading(Notices);

impl Drop for Reading {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.reading = false;
        state.prompt.clear();
    }
}
