//! Reading an input: with rustyline where the terminal can do it, line by line where it can't.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::rc::Rc;

use mlua::Lua;
use nix::errno::Errno;
use nix::poll::PollFlags;
use rustyline::completion::{Completer as Complete, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::history::{History as _, MemHistory, SearchDirection};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Behavior, ColorMode, CompletionType, Config, Context, EditMode, Editor};

use super::colour::{Colours, Paint};
use super::commands;
use super::complete::{Completer, Completion};
use super::highlight;
use super::history::History;
use super::input::{self, Input, Parsed};
use super::keys::Keys;
use super::notices::Notices;
use super::{paste, screen, signals, typed};
use crate::base::error::{Error, Kind};
use crate::base::terminal;
use crate::base::wait::{self, Deadline};
use crate::net::namespace::Namespace;
use crate::shell;

/// How many candidates the editor can take.
const MOST: usize = u16::MAX as usize;

/// The result of asking for an input.
pub enum Read {
    Input(String),
    /// Ctrl-C: the input was dropped.
    Interrupted,
    /// Ctrl-D, or the end of a file.
    End,
    Failed(Error),
}

/// The namespace that the globals act on; shared with the completer.
pub type Current = Rc<RefCell<Rc<Namespace>>>;

/// Where inputs come from.
pub enum Source {
    Editor(Box<Editor<Helper, MemHistory>>, History),
    Plain(Lines),
}

/// Whether the terminal on stdin has gone.
pub fn hung_up() -> bool {
    let stdin = io::stdin();
    let fds = [(stdin.as_fd(), PollFlags::POLLHUP)];
    wait::wait_background(&fds, Deadline::secs(0.0)).is_ok_and(|gone| gone[0])
}

impl Source {
    /// With an editor, if `terminal` is one that can do it.
    pub fn new(
        lua: &Lua,
        completer: Completer,
        current: &Current,
        colours: Colours,
        mut history: History,
    ) -> io::Result<Self> {
        if terminal::is_dumb()
            || !io::IsTerminal::is_terminal(&io::stdin())
            || !io::IsTerminal::is_terminal(&io::stdout())
        {
            return Ok(Source::Plain(Lines::new()?));
        }
        let keys = Keys::default();
        let made = editor(&keys);
        let Ok(mut editor) = made else { return Ok(Source::Plain(Lines::new()?)) };
        for entry in history.entries() {
            let _ = editor.add_history_entry(entry);
        }
        let hinter = HistoryHinter::new();
        editor.set_helper(Some(Helper {
            lua: lua.clone(),
            completer,
            current: current.clone(),
            colours,
            hinter,
            above: Notices::default(),
            keys,
        }));
        Ok(Source::Editor(Box::new(editor), history))
    }

    /// Reads a whole input: more lines are asked for until Lua has enough.
    pub fn read(&mut self, lua: &Lua, prompt: &str) -> Read {
        match self {
            Source::Plain(lines) => lines.input(lua, prompt),
            Source::Editor(editor, _) => {
                let _reading = signals::reading();
                let _above = editor.helper().map(|h| h.above.reading());
                let read = editor.readline(prompt);
                if editor.helper().is_some_and(|h| h.keys.take_given_up()) {
                    return Read::Interrupted;
                }
                match read {
                    Ok(text) => Read::Input(text),
                    // A read that comes after the terminal has gone is told an end, too.
                    Err(ReadlineError::Eof) if hung_up() => Read::Failed(Error::errno(Errno::EIO)),
                    Err(ReadlineError::Eof) => Read::End,
                    Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => Read::Interrupted,
                    Err(ReadlineError::Io(e)) if e.kind() == io::ErrorKind::InvalidData => {
                        println!("what was typed is not UTF-8, and was left out");
                        Read::Interrupted
                    }
                    Err(ReadlineError::Io(e)) => Read::Failed(e.into()),
                    Err(ReadlineError::Errno(e)) => Read::Failed(e.into()),
                    Err(e) => Read::Failed(Error::new(Kind::Io, e.to_string())),
                }
            }
        }
    }

    /// Remembers an input.
    pub fn remember(&mut self, text: &str) {
        let text = text.trim_end();
        if let Source::Editor(editor, history) = self
            // A blank in front keeps an input out, as in shells.
            && !text.starts_with(' ')
            && matches!(editor.add_history_entry(text), Ok(true))
        {
            history.add(text);
            once(editor, text);
        }
    }

    /// The inputs that are remembered, oldest first.
    pub fn entries(&self) -> Vec<String> {
        match self {
            Source::Editor(editor, _) => entries(editor),
            Source::Plain(_) => Vec::new(),
        }
    }

    /// What prints above the prompt while it is being edited; without an editor, as it comes.
    pub fn printer(&self) -> Box<dyn FnMut(String) + Send> {
        match self {
            Source::Editor(editor, _) => {
                let above = editor.helper().map(|h| h.above.clone()).unwrap_or_default();
                Box::new(move |text| above.show(&text))
            }
            Source::Plain(_) => Box::new(|text| print!("{text}")),
        }
    }
}

fn editor(keys: &Keys) -> rustyline::Result<Editor<Helper, MemHistory>> {
    let config = Config::builder()
        .behavior(Behavior::Stdio)
        .completion_type(CompletionType::List)
        .history_ignore_dups(true)?
        .max_history_size(5000)?
        .bracketed_paste(true)
        // Always, so that the highlighter is asked; it knows whether there are colours.
        .color_mode(ColorMode::Forced)
        .edit_mode(edit_mode())
        .build();
    let mut editor = Editor::with_history(config.clone(), MemHistory::with_config(&config))?;
    for (key, handler) in keys.bindings() {
        editor.bind_sequence(key, handler);
    }
    Ok(editor)
}

fn entries(editor: &Editor<Helper, MemHistory>) -> Vec<String> {
    let history = editor.history();
    let get = |i| history.get(i, SearchDirection::Forward).ok().flatten();
    (0..history.len()).filter_map(get).map(|found| found.entry.into_owned()).collect()
}

/// Removes earlier copies of the last entry from the history.
fn once(editor: &mut Editor<Helper, MemHistory>, entry: &str) {
    let all = entries(editor);
    let before = all.len().saturating_sub(1);
    if !all[..before].iter().any(|other| other == entry) {
        return;
    }
    let _ = editor.clear_history();
    let kept = all.iter().enumerate().filter(|(i, other)| *i == before || *other != entry);
    kept.for_each(|(_, entry)| drop(editor.add_history_entry(entry.as_str())));
}

/// As in the user's other programs with line editing: `set editing-mode vi` in `~/.inputrc`, or `NSH_EDITMODE`.
fn edit_mode() -> EditMode {
    let vi = match std::env::var("NSH_EDITMODE") {
        Ok(mode) => mode == "vi",
        Err(_) => {
            let home = std::env::var_os("INPUTRC")
                .map(std::path::PathBuf::from)
                .or_else(|| std::env::var_os("HOME").map(|h| std::path::Path::new(&h).join(".inputrc")));
            let text = home.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
            text.lines().any(|line| line.split_whitespace().eq(["set", "editing-mode", "vi"]))
        }
    };
    if vi { EditMode::Vi } else { EditMode::Emacs }
}

/// What rustyline asks while an input is edited.
pub struct Helper {
    lua: Lua,
    completer: Completer,
    current: Current,
    colours: Colours,
    hinter: HistoryHinter,
    above: Notices,
    keys: Keys,
}

impl rustyline::Helper for Helper {}

impl Complete for Helper {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        self.keys.completed();
        let before = &line[..pos];
        let Completion { start, candidates } = match before.trim_start().starts_with([':', '!']) {
            true => commands::complete(&self.completer, before, &self.current.borrow()),
            false => self.completer.complete(before, &self.current.borrow()),
        };
        let pairs = candidates
            .into_iter()
            .take(MOST)
            .map(|text| {
                // No wider than the terminal, where the list would be torn.
                let display =
                    screen::fit(text.trim_end_matches([' ', '=']), screen::size().0.saturating_sub(1));
                // A quote that stands behind the cursor already.
                let closes = text.chars().next_back().filter(|c| ['"', '\''].contains(c));
                let doubled = closes.is_some_and(|c| line[pos..].starts_with(c));
                let replacement = if doubled { text[..text.len() - 1].to_owned() } else { text };
                Pair { display, replacement }
            })
            .collect();
        Ok((start, pairs))
    }
}

impl Hinter for Helper {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<String> {
        // Of several lines only the first could be shown in place.
        let hint = self.hinter.hint(line, pos, context)?;
        (!line.trim().is_empty() && !hint.contains('\n')).then_some(hint)
    }
}

impl Highlighter for Helper {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        // Commands are no Lua, whose comments begin as their options do.
        let drawn = match line.starts_with([':', '!', '?']) || shell::is_typed(line) {
            true => Cow::Borrowed(line),
            false => Cow::Owned(highlight::lua(line, Some(pos), self.colours)),
        };
        self.above.line(line, &drawn, pos);
        self.keys.drawn(line, pos);
        drawn
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        let drawn = self.colours.paint(Paint::Prompt, prompt);
        // All that follows is drawn relative to the prompt, so what stands before it scrolls up and stays.
        Cow::Owned(self.above.prompt(prompt, &drawn) + &drawn)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(self.colours.paint(Paint::Hint, hint))
    }

    /// Always, so that what is on the screen is always known.
    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
    }
}

impl Validator for Helper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match is_whole(&self.lua, context.input()) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

/// Whether an input can be taken as it is, even if it is wrong.
fn is_whole(lua: &Lua, text: &str) -> bool {
    let text = &paste::without_prompts(text);
    if let Some(parts) = paste::parts(lua, text) {
        return parts.last().is_none_or(|part| part.what != paste::What::Incomplete);
    }
    match Input::of(text) {
        Input::Lua(text) if typed::is_comment(lua, text) => true,
        Input::Lua(text) if typed::is_command(lua, text) => {
            !matches!(shell::length(text), Err(reason) if reason.incomplete)
        }
        Input::Lua(text) => !matches!(input::parse(lua, text), Parsed::Incomplete),
        _ => true,
    }
}

/// Standard input, line by line, woken by an interrupt.
pub struct Lines {
    input: BufReader<File>,
    terminal: bool,
}

impl Lines {
    pub fn new() -> io::Result<Self> {
        let terminal = io::IsTerminal::is_terminal(&io::stdin());
        let input = BufReader::new(File::from(io::stdin().as_fd().try_clone_to_owned()?));
        Ok(Lines { input, terminal })
    }

    fn input(&mut self, lua: &Lua, prompt: &str) -> Read {
        let mut text = String::new();
        loop {
            let shown =
                if text.is_empty() { prompt.to_owned() } else { format!("{:>1$}", "-> ", prompt.len()) };
            // Nobody sees one behind a pipe.
            if self.terminal {
                let mut out = io::stdout().lock();
                let _ = write!(out, "{shown}").and_then(|()| out.flush());
            }
            match self.line(&mut text) {
                Read::Input(_) if is_whole(lua, &text) => return Read::Input(text),
                Read::Input(_) => {}
                Read::End if !text.is_empty() => return Read::Input(text),
                other => {
                    if self.terminal {
                        println!();
                    }
                    return other;
                }
            }
        }
    }

    /// Appends a line to `text`.
    fn line(&mut self, text: &mut String) -> Read {
        let waits = self.input.buffer().is_empty();
        if waits && wait::readable(self.input.get_ref().as_fd(), Deadline::NEVER).is_err() {
            return Read::Interrupted;
        }
        match self.whole_line() {
            // As with an editor: a terminal that has gone gives an end, too.
            Ok(line) if line.is_empty() && self.terminal && hung_up() => {
                Read::Failed(Error::errno(Errno::EIO))
            }
            Ok(line) if line.is_empty() => Read::End,
            Ok(line) => {
                text.push_str(&String::from_utf8_lossy(&line));
                Read::Input(String::new())
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Read::Interrupted,
            Err(e) => Read::Failed(e.into()),
        }
    }

    /// A line with its end; without one, or empty, at the end of the input. `read_until` won't do: it reads on when a
    /// signal comes, and Ctrl-C takes what was typed out of the terminal, which then has nothing any more.
    fn whole_line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let some = match self.input.fill_buf() {
                Err(e) if e.kind() == io::ErrorKind::Interrupted && wait::interrupted().is_none() => continue,
                some => some?,
            };
            let end = some.iter().position(|b| *b == b'\n').map(|at| at + 1);
            let length = end.unwrap_or(some.len());
            line.extend_from_slice(&some[..length]);
            self.input.consume(length);
            if end.is_some() || length == 0 {
                return Ok(line);
            }
        }
    }

    /// A line that answers a question.
    pub fn answer(question: &str) -> Answer {
        let mut out = io::stdout().lock();
        let _ = write!(out, "{question}").and_then(|()| out.flush());
        drop(out);
        let mut text = String::new();
        match Lines::new().map(|mut lines| lines.line(&mut text)) {
            Ok(Read::Input(_)) => Answer::Text(text.trim().to_owned()),
            Ok(Read::Interrupted) => {
                println!();
                Answer::Interrupted
            }
            Ok(Read::End | Read::Failed(_)) | Err(_) => Answer::End,
        }
    }
}

/// What came of a question.
pub enum Answer {
    Text(String),
    Interrupted,
    End,
}
