//! What is told when a text was run: its lines, its commands, and its claims.

use super::claims::{self, Missing};
use super::decide::{Count, Left, Step, Tutorial};
use super::play::{Outcome, Played};
use super::words;
use crate::base::status;
use crate::base::text::harmless;

/// How many lines of one command's output are told.
const MOST: usize = 3;
/// No such program.
const ABSENT: i32 = 127;

/// After `nsh TEXT`.
pub fn ran(name: &str, text: &Tutorial, played: &[Played]) -> i32 {
    unowned(name, &text.unowned);
    left(name, &text.left().collect::<Vec<_>>());
    eprintln!("nsh: {name}: {}", lines(text));
    eprintln!("nsh: {name}: {}", commands(text, played));
    finished(text, played, true)
}

/// What a text says that doesn't hold.
#[derive(Clone, Debug)]
pub struct Broken {
    pub line: usize,
    pub message: String,
    /// What it shows, and what was printed.
    pub details: Vec<String>,
}

/// What came of a text's claims.
#[derive(Debug, Default)]
pub struct Checked {
    pub status: i32,
    /// How many lines of output were compared.
    pub compared: usize,
    pub broken: Vec<Broken>,
}

impl Checked {
    /// After `nsh check TEXT`.
    pub fn tell(&self, name: &str) -> i32 {
        for broken in &self.broken {
            println!("{name}:{}: {}", broken.line, broken.message);
            broken.details.iter().for_each(|line| println!("  {line}"));
        }
        self.status
    }
}

/// Compares what was printed with what the text shows; tells what is not found there.
pub fn checked(name: &str, text: &Tutorial, played: &[Played]) -> Checked {
    let mut sum = Sum { other: text.unowned.len(), ..Sum::default() };
    for (step, played) in text.steps().zip(played) {
        sum.step(step, played);
    }
    for step in text.steps().skip(played.len()) {
        sum.other += step.output.len() + step.loose.len();
    }
    unowned(name, &text.unowned);
    left(name, &text.left().collect::<Vec<_>>());
    eprintln!("nsh: {name}: {}", lines(text));
    eprintln!("nsh: {name}: {}", commands(text, played));
    eprintln!("nsh: {name}: {}", sum.text());
    if played.is_empty() {
        eprintln!("nsh: {name}: no command was found in it, so nothing was checked");
        return Checked { status: status::FAILED, ..Checked::default() };
    }
    let status = finished(text, played, sum.missing + sum.failed == 0);
    Checked { status, compared: sum.held + sum.missing, broken: sum.broken }
}

fn finished(text: &Tutorial, played: &[Played], holds: bool) -> i32 {
    let all = played.len() == text.steps().count() && !text.left().any(|left| left.command);
    if all && holds { status::SUCCESS } else { status::FAILED }
}

/// Lines that look like no command, and like no command's output: a reader may see a command in them.
fn unowned(name: &str, lines: &[(usize, String)]) {
    for group in lines.chunk_by(|(before, _), (after, _)| after - before == 1) {
        if let [(first, text), more @ ..] = group {
            let more = more.last().map(|(last, _)| format!(" to line {last}")).unwrap_or_default();
            eprintln!("nsh: {name}:{first}{more}: taken as output of no command: {}", harmless(text.trim()));
        }
    }
}

/// Lines that were left out; those that follow each other with the same reason as one.
fn left(name: &str, lines: &[&Left]) {
    let mut rest = lines;
    while let [first, ..] = rest {
        let length = rest
            .iter()
            .take_while(|left| left.reason == first.reason && left.command == first.command)
            .count();
        let (group, others) = rest.split_at(length);
        rest = others;
        let reason = harmless(&first.reason);
        match (group.last(), first.command) {
            (_, true) => group.iter().for_each(|left| {
                eprintln!("nsh: {name}:{}: left out: {}: {reason}", left.line, harmless(&left.text));
            }),
            (Some(last), false) if last.line > first.line => {
                eprintln!("nsh: {name}:{}: left out to line {}: {reason}", first.line, last.line);
            }
            _ => eprintln!("nsh: {name}:{}: left out: {reason}", first.line),
        }
    }
}

fn lines(text: &Tutorial) -> String {
    let Count { lines, commands, output, comments } = text.count;
    let left = text.left().count();
    format!(
        "{lines} lines of code: {commands} of commands, {output} of output, {comments} of comments, {left} left out"
    )
}

fn commands(text: &Tutorial, played: &[Played]) -> String {
    let of = |wanted: &dyn Fn(&Outcome) -> bool| {
        let steps = text.steps().zip(played).filter(|(_, played)| wanted(&played.outcome));
        steps.map(|(step, _)| step.line).collect::<Vec<_>>()
    };
    let all = text.steps().count();
    let mut parts = vec![format!("{} succeeded", of(&|o| *o == Outcome::Status(0)).len())];
    let kinds: [(&str, Vec<usize>); 4] = [
        ("failed", of(&|o| matches!(o, Outcome::Status(1..)))),
        ("went on beside the others", of(&|o| matches!(o, Outcome::GoesOn(_)))),
        ("were ended after their time", of(&|o| *o == Outcome::Ended)),
        ("ended the shell", of(&|o| *o == Outcome::Closed)),
    ];
    for (what, lines) in kinds.iter().filter(|(_, lines)| !lines.is_empty()) {
        parts.push(format!("{} {what} ({})", lines.len(), numbers(lines)));
    }
    if played.len() < all {
        parts.push(format!("{} were not run", all - played.len()));
    }
    format!("{all} commands: {}", parts.join(", "))
}

fn numbers(lines: &[usize]) -> String {
    let all: Vec<String> = lines.iter().map(ToString::to_string).collect();
    format!("line{} {}", if all.len() == 1 { "" } else { "s" }, all.join(", "))
}

/// How many lines of output hold.
#[derive(Default)]
struct Sum {
    held: usize,
    missing: usize,
    /// Of programs that are not there.
    absent: usize,
    /// Of no command.
    other: usize,
    /// Commands that fail, of which the text shows nothing.
    failed: usize,
    broken: Vec<Broken>,
}

impl Sum {
    fn step(&mut self, step: &Step, played: &Played) {
        let printed = String::from_utf8_lossy(&played.output);
        let (shown, other) = step.shown(&printed);
        self.other += other;
        let says_so = shown.iter().any(|(_, line)| line.contains("not found"));
        if played.outcome == Outcome::Status(ABSENT) && !says_so {
            self.absent += shown.len();
            return;
        }
        if let Outcome::Status(status @ 1..) = played.outcome
            && status != ABSENT
            && shown.is_empty()
            && !words::asks(&step.text)
            && let Some(first) = printed.lines().find(|line| !line.trim().is_empty())
        {
            self.failed += 1;
            self.broken.push(Broken {
                line: step.line,
                message: format!("{} fails with status {status}, which the text doesn't show", head(step)),
                details: vec![format!("  printed: {}", harmless(first.trim()))],
            });
        }
        let missing = claims::missing(shown, &printed, words::counts(&step.text));
        self.missing += missing.len();
        self.held += shown.len() - missing.len();
        if !missing.is_empty() {
            self.broken.push(broken(step, shown.len(), &missing, printed.trim().is_empty()));
        }
    }

    fn text(&self) -> String {
        let Sum { held, missing, absent, other, failed, .. } = self;
        let failed =
            if *failed > 0 { format!("; {failed} commands fail unannounced") } else { String::new() };
        format!(
            "{} lines of output: {held} hold, {missing} don't, {absent} are of programs that are not installed, {other} of no \
             command{failed}",
            held + missing + absent + other
        )
    }
}

/// The first line of a command.
fn head(step: &Step) -> String {
    harmless(step.text.lines().next().unwrap_or_default())
}

fn broken(step: &Step, shown: usize, missing: &[Missing<'_>], silent: bool) -> Broken {
    let unlike = if silent { "nothing" } else { "nothing like it" };
    let count = missing.len();
    let mut details = Vec::new();
    for missing in &missing[..count.min(MOST)] {
        details.push(format!("{}: {}", missing.line, harmless(missing.text.trim())));
        let nearest = missing.nearest.as_deref().map_or(format!("({unlike})"), |line| harmless(line.trim()));
        details.push(format!("  printed: {nearest}"));
    }
    if count > MOST {
        details.push(format!("and {} more", count - MOST));
    }
    Broken {
        line: missing.first().map_or(step.line, |first| first.line),
        message: format!(
            "{} (line {}) doesn't print {count} of {shown} lines that the text shows",
            head(step),
            step.line
        ),
        details,
    }
}
