//! What a script was recorded to do, as Lua: a call for each command, through the same vocabulary as the static translation.

mod compare;
mod rules;
mod source;

use std::collections::{HashMap, HashSet};

use super::act::{Act, Call, Space};
use super::args::{Arg, Fields, Reason, Result};
use super::emit::Emitter;
use super::lua::Expr;
use super::programs::{self, Context};
use super::record::{Command, Event, Recording, Space as Place};
use crate::base::command::quoted;
use crate::lua::compare::{Part, TAKE};
pub use compare::Comparison;
use source::Source;

/// Where a picture of the lab is taken in the replay. No script has such a line.
const MARK: &str = "--\u{1}state";

/// A recorded script in Lua.
pub struct Transcript {
    pub lua: String,
    /// The same, line by line, with the pictures of the lab that were taken when it was recorded.
    pub replayed: String,
    /// What is told of it, a line each.
    notes: Vec<String>,
    /// Whether a command is missing that succeeded.
    pub incomplete: bool,
    recorded: Vec<Vec<Part>>,
    /// Routing tables that only the script's own file has names for.
    tables: Vec<(String, String)>,
    /// Whether the script wrote net.bridge.bridge-nf-call-*.
    bridged: bool,
    /// Hardware and link-local addresses that the script chose.
    chosen: Vec<String>,
}

/// Why a command stands not in the Lua.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Left {
    /// Programs of the script itself: of texts, files, time.
    Other,
    /// It looks at the lab, and the script reads what it prints.
    Looks,
    /// It has run a program in its place, or others that are here.
    Wrapper,
}

struct Writer<'a> {
    recording: &'a Recording,
    out: Emitter,
    source: Source<'a>,
    commands: Vec<&'a Command>,
    status: HashMap<usize, i32>,
    replaced: Vec<usize>,
    /// Namespaces whose rules iptables itself makes.
    by_iptables: HashSet<Place>,
    /// What was begun beside the script, with the name of its handle.
    beside: HashMap<usize, String>,
    /// Whether a namespace was deleted.
    spaces_deleted: bool,
    written: usize,
    failed: usize,
    left: HashMap<Left, Vec<String>>,
    by_program: Vec<String>,
    missing: Vec<String>,
    recorded: Vec<Vec<Part>>,
}

/// Makes Lua of what a script did. `name` is its file, as the recording has it.
pub fn transcribe(recording: &Recording, name: &str, text: &str) -> Transcript {
    let mut status = HashMap::new();
    let mut replaced = Vec::new();
    for event in &recording.events {
        match event {
            Event::Ended(number, of) => drop(status.insert(*number, *of)),
            Event::Replaced(number) => replaced.push(*number),
            _ => {}
        }
    }
    let mut out = Emitter::default();
    out.errexit = true;
    let mut writer = Writer {
        recording,
        out,
        source: Source::new(name, text),
        commands: recording.commands().collect(),
        status,
        replaced,
        by_iptables: HashSet::new(),
        beside: HashMap::new(),
        spaces_deleted: false,
        written: 0,
        failed: 0,
        left: HashMap::new(),
        by_program: Vec::new(),
        missing: Vec::new(),
        recorded: Vec::new(),
    };
    writer.by_iptables = writer.without_words();
    writer.events();
    writer.finish(name)
}

impl Writer<'_> {
    fn events(&mut self) {
        let mut number = 0;
        for (at, event) in self.recording.events.iter().enumerate() {
            match event {
                Event::Line { at, echo } => {
                    self.source.reach(at, &mut self.out);
                    if let Some(words) = echo.as_ref().filter(|_| self.source.is(at)) {
                        let words: Vec<Arg> = std::iter::once("echo")
                            .chain(words.iter().map(String::as_str))
                            .map(Arg::of)
                            .collect();
                        let _ = self.translated(&words, Space::Here, None, false, true);
                    }
                }
                Event::Began(command) => {
                    // The first one is the script's own shell.
                    if number > 0 {
                        self.command(number, command, at);
                    }
                    number += 1;
                }
                Event::Ended(number, _) => {
                    if let Some(name) = self.beside.remove(number) {
                        let _ = self.out.act(Act::Stop(Some(name)));
                    }
                }
                Event::Written { space, file, text, .. } => self.wrote(space, file, text),
                Event::State(parts) => {
                    self.out.line(MARK);
                    self.recorded.push(parts.clone());
                }
                Event::Replaced(_) => {}
            }
        }
    }

    fn wrote(&mut self, space: &Place, file: &str, text: &str) {
        let done =
            self.space(space).and_then(|space| programs::write(Some(&Arg::of(file)), Arg::of(text), &space));
        match done.and_then(|acts| acts.into_iter().try_for_each(|act| self.out.act(act))) {
            Ok(()) => self.written += 1,
            Err(reason) => self.miss(&format!("{text} written to {file}"), &reason),
        }
    }

    fn space(&self, space: &Place) -> Result<Space> {
        match space {
            Place::Host => Ok(Space::Here),
            Place::Named(name) => Ok(Space::Named(Arg::of(name))),
            Place::Unnamed(_) => Err(Reason::new("its namespace has no name")),
        }
    }

    fn miss(&mut self, what: &str, reason: &Reason) {
        self.out.comment(&format!("not translated: {reason}"));
        self.out.source(what);
        self.missing.push(format!("{what}: {reason}"));
    }

    fn command(&mut self, number: usize, command: &Command, at: usize) {
        if self.replaced.contains(&number) {
            return;
        }
        let words: Vec<String> = command.words.iter().map(|word| quoted(word)).collect();
        let text = words.join(" ");
        let program = programs::base(command.words.first().map_or("", String::as_str)).to_owned();
        let status = self.status.get(&number).copied();
        if let Some(name) = command.words.get(1).and_then(|file| file.strip_prefix(programs::STAND_INS)) {
            match status {
                _ if name == "sudo" || name == "ping" => {}
                Some(0) => self.leave(Left::Other, name),
                _ => self.fail(&format!("{name} {}", words[2..].join(" ")), status),
            }
            return;
        }
        let wrote = self
            .recording
            .events
            .iter()
            .any(|event| matches!(event, Event::Written { by: Some(by), .. } if *by == number));
        if wrote || programs::runs_others(&program) {
            return self.leave(Left::Wrapper, &program);
        }
        if programs::is_other(&program) {
            return self.leave(Left::Other, &program);
        }
        let checks = || command.words.iter().any(|word| word == "-C" || word == "--check");
        if status == Some(0) && programs::is_iptables(&program) && checks() {
            return self.leave(Left::Looks, &program);
        }
        let known = programs::translated(&program);
        let children = self.commands.iter().any(|child| child.parent == Some(number));
        if children && !known {
            return self.leave(Left::Wrapper, &program);
        }
        let cut = self.recording.broken.is_some() && !self.commands_after(at);
        let background = self.runs_beside(number, at) && !cut;
        let ended = status.is_none_or(|status| status > 128) && background;
        if status != Some(0) && !ended {
            self.fail(&text, status);
            return self.part(command);
        }
        // A deleted namespace takes its links with it, and what they are connected to, a moment later: whether they are
        // still there is chance.
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        let deletes = |object: &[&str]| {
            program == "ip"
                && words.iter().any(|word| object.contains(word))
                && words.iter().any(|word| ["del", "delete", "d"].contains(word))
        };
        self.out.tolerant = self.spaces_deleted && deletes(&["link", "l", "li"]);
        self.spaces_deleted |= deletes(&["netns"]);
        let (mark, shown) = (self.out.mark(), command.shown);
        let before = self.out.last_started();
        let done = self
            .space(&command.space)
            .and_then(|space| self.call(command, &program, space, background, shown));
        self.out.tolerant = false;
        match done {
            Ok(true) => {
                self.written += 1;
                if let Some(name) = self.out.last_started().filter(|name| before.as_ref() != Some(name)) {
                    self.beside.insert(number, name);
                }
                self.source.remark(command.at.as_ref(), &mut self.out);
            }
            Ok(false) => self.leave(Left::Looks, &program),
            Err(reason) => {
                self.out.take_back(mark);
                self.miss(&text, &reason);
            }
        }
    }

    /// Whether more commands began than that of an event.
    fn commands_after(&self, at: usize) -> bool {
        self.recording.events[at + 1..].iter().any(|event| matches!(event, Event::Began(_)))
    }

    /// The namespaces in which a command of iptables has no equivalent. All of these are left to the program there: it reads
    /// no table in which another has put rules.
    fn without_words(&self) -> HashSet<Place> {
        let (mut made, mut out) = (Default::default(), HashSet::new());
        for (number, command) in self.commands.iter().enumerate() {
            let program = programs::base(command.words.first().map_or("", String::as_str));
            if !programs::is_iptables(program)
                || self.status.get(&number) != Some(&0)
                || programs::asks_iptables(&command.words)
            {
                continue;
            }
            let done = self.space(&command.space).and_then(|space| {
                let mut cx = Context { space, background: false, input: None, made: &mut made, depth: 0 };
                programs::command(&self.words(&command.words), &mut cx)
            });
            let by_program =
                |act: &Act| matches!(act, Act::Do(call) | Act::Probe(call) if call.function == "proc.exec");
            if done.map_or(true, |acts| acts.iter().any(by_program)) {
                out.insert(command.space.clone());
            }
        }
        out
    }

    /// Whether other programs began before it ended.
    fn runs_beside(&self, number: usize, at: usize) -> bool {
        let mut family = vec![number];
        let mut next = number;
        for event in &self.recording.events[at + 1..] {
            match event {
                Event::Ended(ended, _) if *ended == number => return false,
                Event::Began(command) => {
                    next += 1;
                    let words = command.words.first().map_or("", String::as_str);
                    let own = command.parent.is_some_and(|parent| family.contains(&parent));
                    if own {
                        family.push(next);
                    } else if !programs::is_other(programs::base(words)) {
                        return true;
                    }
                }
                _ => {}
            }
        }
        true
    }

    fn leave(&mut self, why: Left, program: &str) {
        self.left.entry(why).or_default().push(program.to_owned());
    }

    fn fail(&mut self, text: &str, status: Option<i32>) {
        self.failed += 1;
        match status {
            Some(status) => self.out.comment(&format!("status {status}: {text}")),
            None => self.out.comment(&format!("did not end: {text}")),
        }
    }

    /// What a file of commands did until one failed, or but for those that failed.
    fn part(&mut self, command: &Command) {
        let commands = command.input.as_deref().and_then(|input| programs::batch(&command.words, input));
        let (Some(commands), Ok(space)) = (commands, self.space(&command.space)) else { return };
        let goes_on = command.words.iter().any(|word| word == "-force");
        if goes_on {
            self.out.tolerant = true;
        } else {
            self.out.line("pcall(function()");
            self.out.enter_block();
        }
        for words in commands {
            let words = self.words(&words);
            let done = self.translated(&words, space.clone(), None, false, command.shown);
            if done.is_err() && !goes_on {
                break;
            }
        }
        if goes_on {
            self.out.tolerant = false;
        } else {
            self.out.leave_block();
            self.out.line("end)");
        }
    }

    /// Arguments, with numbers for routing tables that only the script's own file has names for.
    fn words(&self, words: &[String]) -> Vec<Arg> {
        let mut before = "";
        let mut out = Vec::new();
        for word in words {
            let tables = &self.recording.tables;
            let table = tables.iter().find(|(name, _)| ["table", "lookup"].contains(&before) && name == word);
            out.push(Arg::of(table.map_or(word, |(_, number)| number)));
            before = word;
        }
        out
    }

    /// Writes the calls of a command; `false` if it only looks, and nobody sees what it prints.
    fn call(
        &mut self,
        command: &Command,
        program: &str,
        space: Space,
        background: bool,
        shown: bool,
    ) -> Result<bool> {
        if let Some(commands) =
            command.input.as_deref().and_then(|input| programs::batch(&command.words, input))
        {
            for words in commands {
                let words = self.words(&words);
                self.translated(&words, space.clone(), None, false, shown)?;
            }
            return Ok(true);
        }
        let mut words = self.words(&command.words);
        if let (Some(file), Some(_)) = (programs::touches(&command.words).reads, &command.input)
            && let Some(word) = words.iter_mut().find(|word| word.is(&file))
        {
            *word = Arg::of("-");
        }
        let input = command.input.as_deref().map(Arg::of);
        if programs::is_iptables(program) && self.by_iptables.contains(&command.space) {
            let reason = Reason::new("not all rules of this namespace have an equivalent");
            self.program(command, &words, &space, input, background, &reason)?;
            return Ok(true);
        }
        let mark = self.out.mark();
        match self.translated(&words, space.clone(), input.clone(), background, shown) {
            Err(reason) => {
                self.out.take_back(mark);
                self.program(command, &words, &space, input, background, &reason)?;
                Ok(true)
            }
            done => done,
        }
    }

    fn translated(
        &mut self,
        words: &[Arg],
        space: Space,
        input: Option<Arg>,
        background: bool,
        shown: bool,
    ) -> Result<bool> {
        let mut cx = Context { space, background, input, made: &mut self.out.made, depth: 0 };
        let acts = programs::command(words, &mut cx)?;
        let looks = |act: &Act| match act {
            Act::Show(_) | Act::Filter { .. } | Act::Note(_) | Act::Nothing(_) => true,
            Act::Probe(call) => {
                call.function != "proc.exec" || !programs::translated(words.first().map_or("", Arg::text))
            }
            _ => false,
        };
        if !shown && acts.iter().all(looks) {
            return Ok(false);
        }
        for act in acts {
            match act {
                Act::Nothing(_) => {}
                Act::Enter(_) | Act::Leave(_) | Act::Script { .. } | Act::Assign(..) => {
                    return Err(Reason::new("a shell's own command"));
                }
                act => self.out.act(act)?,
            }
        }
        Ok(true)
    }

    /// What has no equivalent stays a program.
    fn program(
        &mut self,
        command: &Command,
        words: &[Arg],
        space: &Space,
        input: Option<Arg>,
        background: bool,
        reason: &Reason,
    ) -> Result<()> {
        let Command { files, words: said, .. } = command;
        let program = programs::base(said.first().map_or("", String::as_str));
        let list = Expr::List(words.iter().map(Arg::expr).collect());
        let mut fields = Fields::default();
        if let Some(input) = input {
            fields.set("stdin", input.expr());
        }
        if !files.is_empty() {
            let text = |text: &String| match text.contains('\n') {
                true => Expr::Long(text.clone()),
                false => Expr::text(text),
            };
            fields.set("files", Expr::Table(files.iter().map(|(name, t)| (name.clone(), text(t))).collect()));
        }
        self.by_program.push(program.to_owned());
        self.out.comment(&format!("by the program: {reason}"));
        if background {
            let call = Call::new(space, "proc.spawn", fields.after([list]));
            return self.out.act(Act::Start { call, word: "process", blocks: false, report: None });
        }
        fields.flag("check");
        self.out.act(Act::Do(Call::new(space, "proc.exec", fields.after([list]))))
    }

    fn finish(mut self, name: &str) -> Transcript {
        let mut number = 0;
        let dropped = self.out.fold(MARK);
        self.recorded.retain(|_| {
            number += 1;
            !dropped.contains(&(number - 1))
        });
        let cut = self.recording.lines_cut;
        let never = if cut { Vec::new() } else { self.source.never_ran() };
        if !never.is_empty() {
            self.out.blank();
            self.out.comment("Lines that never ran, and are not translated:");
            for (line, text) in &never {
                self.out.source(&format!("{line}: {text}"));
            }
        }
        let mut notes = vec![format!("{} commands and writes to /proc/sys are in the Lua", self.written)];
        let mut note = |count: usize, what: &str| {
            if count > 0 {
                notes.push(format!("{count} {what}"));
            }
        };
        note(self.failed, "failed, and stand as comments");
        for (why, text) in [
            (Left::Looks, "only looked, for the script to read"),
            (Left::Other, "are the script's own"),
            (Left::Wrapper, "ran others, or wrote what stands there as sysctl.set"),
        ] {
            if let Some(programs) = self.left.get(&why) {
                note(programs.len(), &format!("{text} ({})", listed(programs)));
            }
        }
        if !self.by_program.is_empty() {
            note(self.by_program.len(), &format!("stay programs ({})", listed(&self.by_program)));
        }
        note(self.missing.len(), &format!("not translated: {}", self.missing.join("; ")));
        if !never.is_empty() {
            let lines: Vec<String> = never.iter().map(|(line, _)| line.to_string()).collect();
            note(never.len(), &format!("lines with commands never ran: {}", lines.join(", ")));
        }
        if cut {
            notes.push(
                "it runs too many lines to tell which never ran, and what it says at its end".to_owned(),
            );
        }
        if !self.source.told() {
            notes.push("where the commands stand is not known: only bash tells".to_owned());
        }
        if self.recording.status != 0 {
            notes.push(format!("the script ended with status {}", self.recording.status));
        }
        if let Some(reason) = &self.recording.broken {
            notes.push(format!("not recorded to its end: {reason}"));
        }
        let texts = self.commands.iter().flat_map(|command| command.words.iter().chain(&command.input));
        let chosen = texts.flat_map(|text| text.split_whitespace()).filter_map(compare::chosen).collect();
        let bridged =
            self.recording.events.iter().any(
                |event| matches!(event, Event::Written { file, .. } if file.contains("/bridge-nf-call-")),
            );
        let written = self
            .out
            .finish(&format!("Translated from {name} by nsh translate: what it did when it was run."));
        let (lua, replayed) = apart(&written);
        Transcript {
            lua,
            replayed,
            notes,
            incomplete: !self.missing.is_empty() || self.recording.broken.is_some(),
            recorded: self.recorded,
            tables: self.recording.tables.clone(),
            bridged,
            chosen,
        }
    }
}

/// The script without marks, and the script with a call in the place of each.
fn apart(written: &str) -> (String, String) {
    let (mut lua, mut replayed) = (String::new(), String::new());
    let (mut takes, mut blank) = (0, false);
    for line in written.lines() {
        if line == MARK {
            takes += 1;
            continue;
        }
        if line.is_empty() && blank {
            continue;
        }
        blank = line.is_empty();
        lua.push_str(&format!("{line}\n"));
        replayed.push_str(&format!("{}{line}\n", format!("{TAKE}() ").repeat(takes)));
        takes = 0;
    }
    let lua = format!("{}\n", lua.trim_end());
    replayed.push_str(&format!("{TAKE}() ").repeat(takes));
    (lua, replayed)
}

/// Programs with how often each is there.
fn listed(programs: &[String]) -> String {
    let mut names: Vec<&String> = programs.iter().collect();
    names.sort();
    names.dedup();
    let count = |name: &String| programs.iter().filter(|program| *program == name).count();
    let told = names.iter().map(|name| match count(name) {
        1 => (*name).clone(),
        n => format!("{name} {n}"),
    });
    told.collect::<Vec<_>>().join(", ")
}
