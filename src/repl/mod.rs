//! The prompt: reads Lua, runs it, shows what it gives; with commands of its own for looking around.

mod about;
mod attach;
mod colour;
mod commands;
mod complete;
mod context;
mod editor;
mod highlight;
mod history;
mod input;
mod keys;
mod lex;
mod names;
mod notices;
mod own_shell;
mod pager;
mod paste;
mod pause;
mod screen;
mod show;
mod signals;
mod syntax;
mod typed;

use std::cell::RefCell;
use std::collections::HashSet;
use std::io::IsTerminal;
use std::rc::Rc;
use std::time::Duration;

use mlua::{Lua, MultiValue, Value};

use crate::base::error::{Error, complain};
use crate::base::wait::{self, Deadline};
use crate::doc;
use crate::lua::lab::echo::listener;
use crate::lua::lab::{Lab, Place};
use crate::lua::runtime::explain::{self, Raised};
use crate::lua::{self, Script, status};
use crate::shell;
use colour::{Colours, Paint};
use commands::{Entry, Flow, Monitor};
use complete::Completer;
use editor::{Answer, Current, Lines, Read, Source};
use input::{Input, Parsed};

pub use history::History;
pub use pause::pause;

/// How long to wait for SIGHUP after the terminal has gone.
const HANG_UP: Duration = Duration::from_secs(2);

/// What the prompt is begun with.
pub struct Settings {
    pub trace: bool,
    /// Whether equivalent commands are shown from the start.
    pub echo: bool,
    /// Opened before the sandbox was entered.
    pub history: History,
    /// Run before the first input (`-i`).
    pub script: Option<Script>,
    /// Called by `:reset`, which needs someone outside who begins anew.
    pub reset: Option<Box<dyn Fn()>>,
}

/// One conversation.
pub struct Session<'a> {
    /// Stands in front of each prompt.
    name: &'static str,
    lua: &'a Lua,
    lab: &'a Rc<Lab>,
    current: Current,
    source: Source,
    colours: Colours,
    /// Tracebacks are shown with each error.
    trace: bool,
    last_trace: Option<String>,
    last_command: Option<String>,
    shell: own_shell::Shell,
    /// Where `exit` goes back to, for each shell that was opened in a namespace.
    shells: Vec<String>,
    kept: Vec<Entry>,
    /// The name that was given to what the last input began.
    named: Option<String>,
    /// Files that `:save` wrote.
    saved: HashSet<String>,
    monitor: Option<Monitor>,
    can_reset: bool,
    /// How many ends of processes were told.
    told_deaths: usize,
}

/// Reads and runs until the end of the input; returns nsh's exit status.
pub fn run(place: Place, options: Settings, setup: fn(&Lua) -> mlua::Result<()>) -> i32 {
    let Settings { trace, echo, history, script, reset } = options;
    // Errors always carry the way to them, for `:trace`.
    lua::with_interpreter(place, true, setup, |lua, lab| {
        let mut session = Session::new(lua, lab, trace, history)?;
        session.can_reset = reset.is_some();
        session.echo(echo);
        if let Some(script) = script {
            session.run_script(&script)?;
        }
        session.greet();
        match session.converse()? {
            Flow::Lost => return Ok(status::FAILED),
            Flow::Reset => reset.iter().for_each(|reset| reset()),
            Flow::GoOn | Flow::Quit => {}
        }
        Ok(status::SUCCESS)
    })
}

/// The prompt in a lab that is there already (`nsh attach`): its namespaces are globals, and what acts on `host`
/// elsewhere acts on the one that is named.
pub fn attach(
    place: Place,
    trace: bool,
    history: History,
    setup: fn(&Lua) -> mlua::Result<()>,
    namespace: &str,
) -> i32 {
    lua::with_interpreter(place, true, setup, |lua, lab| {
        let bound = attach::prepare(lua, lab)?;
        let mut session = Session::new(lua, lab, trace, history)?;
        session.kept.extend(bound.into_iter().map(Entry::Bound));
        commands::run(&mut session, "use", namespace)?;
        match session.converse()? {
            Flow::Lost => Ok(status::FAILED),
            _ => Ok(status::SUCCESS),
        }
    })
}

impl<'a> Session<'a> {
    fn new(lua: &'a Lua, lab: &'a Rc<Lab>, trace: bool, history: History) -> mlua::Result<Self> {
        let colours = Colours::of_stdout();
        let current = Rc::new(RefCell::new(lab.namespaces.host().clone()));
        let source = Source::new(lua, Completer::new(lua, lab), &current, colours, history);
        if matches!(source, Ok(Source::Editor(..))) {
            signals::watch();
            wait::endure();
            // A person reads it here, and it may be long.
            doc::install_shown(lua, |text| pager::page(text, true))?;
            show::install_print(lua)?;
        }
        Ok(Session {
            name: "nsh",
            lua,
            lab,
            current,
            source: source.map_err(mlua::Error::external)?,
            colours,
            trace,
            last_trace: None,
            last_command: None,
            shell: own_shell::Shell::new(lab.place.sandboxed),
            shells: Vec::new(),
            kept: Vec::new(),
            named: None,
            saved: HashSet::new(),
            monitor: None,
            can_reset: false,
            told_deaths: 0,
        })
    }

    fn greet(&self) {
        if matches!(self.source, Source::Editor(..)) {
            let place = match self.lab.place.sandboxed {
                true => "a fresh lab",
                false => "this machine's network",
            };
            // Less than 80 columns in both cases.
            let text = format!(
                "nsh {}: {place}. help, :help and Tab tell more, Ctrl-D leaves.",
                env!("CARGO_PKG_VERSION")
            );
            self.hint(&text);
        }
    }

    fn prompt_text(&self) -> String {
        match self.current.borrow().name() {
            crate::net::namespace::HOST => format!("{}> ", self.name),
            name => format!(
                "{} {}> ",
                self.name,
                screen::fit(&screen::harmless(name), (screen::size().0 / 3).max(4))
            ),
        }
    }

    fn converse(&mut self) -> mlua::Result<Flow> {
        loop {
            self.notice()?;
            let prompt = self.prompt_text();
            let text = match self.source.read(self.lua, &prompt) {
                Read::Input(text) => text,
                Read::Interrupted => {
                    if wait::interrupted().is_some_and(|signal| signal != libc::SIGINT) {
                        return Ok(Flow::Quit);
                    }
                    lua::resume(self.lua)?;
                    continue;
                }
                Read::End if self.may_leave("Leave?") => return Ok(Flow::Quit),
                Read::Failed(e) => return Ok(self.input_failed(e)),
                // The question may have been answered by Ctrl-C.
                Read::End => {
                    lua::resume(self.lua)?;
                    continue;
                }
            };
            self.source.remember(&text);
            match self.answer(&text)? {
                Flow::GoOn => {}
                Flow::Quit if !self.may_leave("Leave?") => {}
                Flow::Reset if !self.may_leave("Begin anew?") => {}
                flow => return Ok(flow),
            }
            // A signal that ends nsh ends the prompt; Ctrl-C ended what was running.
            match wait::interrupted() {
                Some(libc::SIGINT) => lua::resume(self.lua)?,
                Some(_) => return Ok(Flow::Quit),
                None => {}
            }
        }
    }

    /// The terminal can't be read any more. If it is gone, the signal that says so may still be on its way, and is
    /// what ends the prompt.
    fn input_failed(&self, e: Error) -> Flow {
        if editor::hung_up() {
            let _ = wait::wait(&[], Deadline::after(HANG_UP));
        }
        if wait::interrupted().is_some_and(|signal| signal != libc::SIGINT) {
            return Flow::Quit;
        }
        complain(&e.op("reading the terminal"), status::FAILED);
        Flow::Lost
    }

    /// Tells what happened by itself since the last prompt: processes that ended, the prompt's namespace that went.
    fn notice(&mut self) -> mlua::Result<()> {
        let deaths = crate::proc::deaths();
        for (_, text) in deaths.iter().skip(self.told_deaths) {
            // It quotes what the process printed.
            self.hint(&screen::harmless(text));
        }
        self.told_deaths = deaths.len();
        let current = self.current.borrow().clone();
        // What can't be looked at is not gone.
        let Ok(there) = self.lab.namespaces.get(current.name()) else { return Ok(()) };
        if there.is_none_or(|there| there.inode() != current.inode()) {
            let text = format!("the namespace {} is gone; this is host again", current.name());
            self.hint(&text);
            commands::run(self, "use", "")?;
        }
        Ok(())
    }

    fn answer(&mut self, text: &str) -> mlua::Result<Flow> {
        let text = &paste::without_prompts(text);
        if let Some(parts) = paste::parts(self.lua, text) {
            return typed::pasted(self, text, &parts);
        }
        match Input::of(text) {
            Input::Nothing => Ok(Flow::GoOn),
            Input::Lua(source) if typed::is_comment(self.lua, source) => Ok(Flow::GoOn),
            Input::Lua(source) if typed::in_namespace(self, source).is_some() => {
                typed::elsewhere(self, source)?;
                Ok(Flow::GoOn)
            }
            Input::Lua(source) if names::of_mininet(self, source).is_some() => {
                commands::run(self, names::of_mininet(self, source).unwrap_or_default(), "")
            }
            Input::Whole(name) => {
                self.whole(name)?;
                Ok(Flow::GoOn)
            }
            Input::Command(name, arguments) => commands::run(self, name, arguments),
            Input::Shell(line) => {
                match typed::run(self, line) {
                    Ok(None) => {}
                    Ok(Some(note)) => self.hint(&note),
                    Err(e) => self.complain(&e.to_string()),
                }
                Ok(Flow::GoOn)
            }
            Input::Help(name) => {
                self.help(name)?;
                Ok(Flow::GoOn)
            }
            Input::Lua(source) if typed::is_command(self.lua, source) => {
                typed::command(self, source)?;
                Ok(Flow::GoOn)
            }
            Input::Lua(source) if typed::is_exit(self.lua, source) => match typed::leave(self)? {
                true => Ok(Flow::GoOn),
                false => Ok(Flow::Quit),
            },
            Input::Lua(source) => {
                self.run_lua(source)?;
                Ok(Flow::GoOn)
            }
        }
    }

    /// Runs what was typed as Lua, and remembers it if it worked.
    fn run_lua(&mut self, source: &str) -> mlua::Result<bool> {
        if self.shell.takes(self.lua, source) {
            return Ok(typed::by_shell(self, source));
        }
        if let Some(note) = typed::meant_for_shell(self.lua, source) {
            self.complain(&note);
            return Ok(false);
        }
        names::bind_namespaces(self, source)?;
        let well = self.evaluate(source)?;
        match names::nothing(self, source) {
            Some(note) => self.hint(&note),
            None if well => match self.named.take() {
                Some(job) => self.keep(&format!("{job} = {source}")),
                None => self.keep(source),
            },
            None => {}
        }
        Ok(well)
    }

    /// Runs Lua and shows what it gives; false if it failed, which is told.
    fn evaluate(&mut self, source: &str) -> mlua::Result<bool> {
        let chunk = match input::parse(self.lua, source) {
            Parsed::Chunk { chunk, .. } => chunk,
            Parsed::Incomplete => {
                self.complain("the input ends too early");
                return Ok(false);
            }
            Parsed::Wrong(message) => {
                let (said, place) = syntax::told(self.lua, source, &message);
                self.complain(&said);
                place.iter().for_each(|place| eprintln!("{}", screen::harmless(place)));
                return Ok(false);
            }
        };
        self.call(chunk, Self::show)
    }

    /// Runs Lua for its own sake; false if it failed, which is told.
    fn run_unseen(&mut self, source: &str) -> mlua::Result<bool> {
        match input::parse(self.lua, source) {
            Parsed::Chunk { chunk, .. } => self.call(chunk, |_, _| Ok(true)),
            // Whatever is wrong with it is told there.
            Parsed::Incomplete | Parsed::Wrong(_) => self.evaluate(source),
        }
    }

    fn call(
        &mut self,
        chunk: mlua::Function,
        show: fn(&mut Self, MultiValue) -> mlua::Result<bool>,
    ) -> mlua::Result<bool> {
        match explain::call(self.lua, self.lab, chunk, MultiValue::new())? {
            // What was broken off without an error, as io.read, has no result.
            Ok(_) if wait::interrupted() == Some(libc::SIGINT) => {
                self.tell_interrupted();
                Ok(false)
            }
            Ok(results) => show(self, results),
            Err(raised) => {
                self.tell(&raised);
                Ok(false)
            }
        }
    }

    fn tell_interrupted(&self) {
        self.hint("interrupted");
    }

    fn show(&mut self, results: MultiValue) -> mlua::Result<bool> {
        let (columns, rows) = screen::size();
        if !std::io::stdin().is_terminal() {
            return self.print(results);
        }
        let terminal = std::io::stdout().is_terminal();
        let lines = if terminal { rows.saturating_sub(4).max(20) } else { usize::MAX };
        let columns = if terminal { columns } else { usize::MAX };
        if let Some(first) = results.front() {
            let globals = self.lua.globals();
            globals.raw_set("__", globals.raw_get::<Value>("_")?)?;
            globals.raw_set("_", first)?;
        }
        // What a function returns besides nothing at all.
        let only_nil = results.len() == 1 && results.front().is_some_and(Value::is_nil);
        for value in results.iter().filter(|_| !only_nil) {
            match show::show(self.lua, value, show::Space { columns, lines }, self.colours) {
                Ok(text) => println!("{}", screen::drawn(&text)),
                Err(e) => self.complain(&e.to_string()),
            }
        }
        self.named = results.front().map_or(Ok(None), |first| commands::jobs::name(self, first))?;
        if let Some(name) = &self.named {
            let note = format!("{name} = _; :stop {name} ends it");
            self.hint(&note);
        }
        Ok(true)
    }

    /// As `print` does: for who reads it is no person.
    fn print(&mut self, results: MultiValue) -> mlua::Result<bool> {
        if results.is_empty() {
            return Ok(true);
        }
        let print: mlua::Function = self.lua.globals().get("print")?;
        match explain::call(self.lua, self.lab, print, results)? {
            Ok(_) => Ok(true),
            Err(raised) => {
                self.tell(&raised);
                Ok(false)
            }
        }
    }

    /// Tells what was raised: its line in colour, the hint behind.
    fn tell(&mut self, raised: &Raised) {
        if wait::interrupted() == Some(libc::SIGINT) {
            self.tell_interrupted();
            return;
        }
        let mut failure = explain::explain(self.lua, raised).failure;
        let trace = failure.traceback.take().map(|trace| own_frames(&trace));
        // `nsh:1:` is where everybody knows that it is.
        if failure.at.as_deref() == Some("nsh:1") {
            failure.at = None;
        }
        let text = explain::text(&failure);
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        self.complain(first);
        if !rest.is_empty() {
            eprintln!("{}", screen::harmless(rest));
        }
        if self.trace {
            trace.iter().for_each(|trace| eprintln!("{}", screen::harmless(trace)));
        }
        self.last_trace = trace.map(|trace| screen::harmless(&format!("{text}\n{trace}")));
    }

    /// Remembers an input that worked, for `:save`.
    fn keep(&mut self, source: &str) {
        let expression = matches!(input::parse(self.lua, source), Parsed::Chunk { expression: true, .. });
        self.kept.push(Entry::Input { source: source.to_owned(), expression });
    }

    /// From here on globals act on a namespace: what stands for it in a script, nothing for `host`.
    fn keep_use(&mut self, prefix: Option<String>) {
        self.kept.push(Entry::Use(prefix));
    }

    /// Says something beside the results.
    fn hint(&self, text: &str) {
        println!("{}", self.colours.paint(Paint::Hint, text));
    }

    /// Complains about a command's arguments.
    fn refuse(&self, text: &str) -> mlua::Result<Flow> {
        self.complain(text);
        Ok(Flow::GoOn)
    }

    fn complain(&self, text: &str) {
        eprintln!("{}", self.colours.paint(Paint::Error, &screen::harmless(text)));
    }

    /// `?NAME`: one of the prompt's commands, or what the value is that the name stands for, or else a word.
    fn help(&mut self, name: &str) -> mlua::Result<()> {
        let text = match name {
            "" => doc::overview(&doc::Docs::collect()),
            name if name.starts_with(':') => commands::help_of(name),
            name => {
                let value = self.lua.load(format!("return {name}")).set_name("=nsh").eval::<Value>();
                let own = value.as_ref().ok().map(|v| doc::known(self.lua, v)).transpose()?.flatten();
                match (own, value) {
                    (Some(page), _) => page,
                    (None, Ok(value)) if !value.is_nil() => about::brief(self, name, &value)?,
                    (None, _) => doc::find(name).unwrap_or_else(|nothing| nothing),
                }
            }
        };
        self.page(&text);
        Ok(())
    }

    /// `NAME??`: all of a value, the source of a function of one's own.
    fn whole(&mut self, name: &str) -> mlua::Result<()> {
        let value = self.lua.load(format!("return {name}")).set_name("=nsh").eval::<Value>();
        match value {
            Ok(value) if !value.is_nil() => {
                let text = about::whole(self, name, &value)?;
                self.page(&text);
                Ok(())
            }
            _ => self.help(name),
        }
    }

    /// Shows a text, in the user's pager if it is longer than the terminal.
    fn page(&self, text: &str) {
        pager::page(&screen::drawn(text), matches!(self.source, Source::Editor(..)));
    }

    /// Whether the lab may end: asks if something runs in it.
    fn may_leave(&self, asked: &str) -> bool {
        if !std::io::stdin().is_terminal() || self.lab.mark() == 0 || wait::interrupted().is_some() {
            return true;
        }
        let question = format!("what was started here still runs, and ends with the lab. {asked} [y/N] ");
        match Lines::answer(&question) {
            // Ctrl-D once more is a yes, Ctrl-C a no.
            Answer::End => true,
            Answer::Interrupted => false,
            Answer::Text(answer) => matches!(answer.as_str(), "y" | "Y" | "yes"),
        }
    }

    /// Shows the commands that do the same as each call, or no longer.
    fn echo(&self, on: bool) {
        let colours = self.colours;
        let write = move |line: &str| println!("{}", colours.paint(Paint::Hint, &screen::harmless(line)));
        self.lab.namespaces.reports.listen(on.then(|| listener(shell::lines, write)));
    }

    fn run_script(&mut self, script: &Script) -> mlua::Result<()> {
        let chunk = match lua::prepare(self.lua, script)? {
            Ok(chunk) => chunk,
            Err(message) => {
                self.complain(&message);
                return Ok(());
            }
        };
        match explain::call(self.lua, self.lab, chunk, MultiValue::new())? {
            Ok(_) => self.keep(&format!("dofile({:?})", script.name)),
            Err(raised) => self.tell(&raised),
        }
        if wait::interrupted() == Some(libc::SIGINT) {
            lua::resume(self.lua)?;
        }
        Ok(())
    }
}

/// A traceback without what stands around each input and each binding.
fn own_frames(trace: &str) -> String {
    let around =
        ["\t[nsh]:", "\t[C]: in function 'error'", "\t[C]: in function 'xpcall'", "\t(...tail calls...)"];
    let own = |line: &&str| !around.iter().any(|frame| line.starts_with(frame));
    trace.lines().filter(own).collect::<Vec<_>>().join("\n")
}
