//! Files of tests, run side by side, each in a process and a sandbox of its own: `nsh test`.
//!
//! [`find`] says which files are tests, [`mod@needs`] what they need of the machine. [`run`] is the runner: it forks a
//! process for each file ([`running`], [`job`]), reads from it what its tests tell ([`events`]) and what it prints
//! ([`output`]), and makes a report of both ([`record`], [`report`]). [`destination`] writes the reports in the
//! formats that are asked for; `merge` joins those of several runs.

mod artifacts;
mod destination;
mod events;
mod find;
mod foreign;
mod html;
mod job;
mod junit;
mod list;
mod merge;
mod needs;
mod order;
mod output;
mod pretty;
mod printed;
mod progress;
mod record;
mod report;
mod run;
mod running;
mod screen;
mod signals;
mod tap;
mod test_run;
mod unbegun;
mod words;

use std::collections::BTreeSet;
use std::rc::Rc;

pub use destination::{Format, Output};
pub use find::RULE;
pub use merge::merge;
pub use order::{Shard, random_seed};
pub use test_run::{Prompt, TestRun};

use artifacts::Artifacts;
use destination::Destination;
use find::File;
use needs::Machine;
use screen::Screen;

use anyhow::{Context, Result, bail};

use crate::base::error::{Error, Kind};
use crate::base::status;
use crate::lua::modules::test::Missing;
use crate::sandbox::Exit;

/// What a script that is run by itself needs of the machine.
pub struct Needs {
    /// Of those in its head, the first that can't be had here.
    pub lacking: Option<String>,
    /// Answers to what its tests need.
    pub missing: Missing,
}

/// Tries what a script and its tests need, before the sandbox is entered. `None` if the kernel can't be asked. Fails
/// where the script's head names what there is not anywhere.
pub fn needs(source: &[u8]) -> Result<Option<Needs>> {
    let source = String::from_utf8_lossy(source);
    let head = needs::of_head(&source);
    let words = head.iter().cloned().chain(needs::of_tests(&source)).collect();
    let Ok(machine) = Machine::probe(&words) else { return Ok(None) };
    let lacking = head.iter().find_map(|word| machine.lacks(word).transpose()).transpose();
    let lacking = lacking.context("-- needs")?;
    Ok(Some(Needs { lacking, missing: Rc::new(move |word| machine.lacks(word)) }))
}

/// Runs the tests, and returns the exit status. An error of the kind `unsupported` says that this machine can't run
/// tests, any other one that the usage was wrong.
pub fn test(options: &TestRun, prompt: Prompt) -> Result<i32> {
    run_all(options, prompt).map_err(|e| match Error::of(&*e).kind() {
        Kind::Unsupported => e.context(Exit(status::CANNOT)),
        _ => e.context(Exit(status::USAGE)),
    })
}

fn run_all(options: &TestRun, prompt: Prompt) -> Result<i32> {
    if options.list && matches!(options.format, Format::Tap | Format::Junit) {
        bail!("--list prints lines, or JSON with --format json");
    }
    let all = find::find(&options.paths)?;
    // As they are now: a test may put a link in the place of one.
    let write =
        options.write.iter().map(|path| path.canonicalize().with_context(|| format!("--write {path:?}")));
    let options = &TestRun { write: write.collect::<Result<_>>()?, ..options.clone() };
    if options.pause_on_fail && std::fs::File::open("/dev/tty").is_err() {
        bail!("--pause-on-fail needs a terminal");
    }
    let mut files: Vec<File> =
        all.iter().filter(|f| options.shard.is_none_or(|shard| shard.has(&f.name))).cloned().collect();
    let sources: Vec<Source> = files.iter().map(Source::of).collect();
    let mut keep = sources.iter().map(|source| source.may_match(&options.filter));
    files.retain(|_| keep.next().unwrap_or(true));
    let sources: Vec<Source> = sources.into_iter().filter(|s| s.may_match(&options.filter)).collect();
    let machine = machine(&sources)?;
    let artifacts = options.artifacts.as_deref().map(|a| Artifacts::open(a, &options.write)).transpose()?;
    // A list is no result.
    let stdout = (!options.list).then(|| Destination::stdout(options.format, options.verbose));
    let mut destinations: Vec<Destination> = stdout.into_iter().collect();
    for output in &options.outputs {
        destinations.push(Destination::open(output, &options.write)?);
    }
    let mut screen = Screen::of_stdout();
    screen.live &= options.format == Format::Pretty && !options.pause_on_fail;
    if let (true, Some(shard)) = (files.is_empty() && options.filter.is_empty(), options.shard) {
        // Of few files, a shard may have none.
        eprintln!("nsh: none of {} files is in shard {}/{}", all.len(), shard.index, shard.count);
    }
    let given =
        run::Inputs { files: &files, sources: &sources, machine: &machine, destinations, artifacts, screen };
    run::run(options, prompt, given)
}

/// What is known of a file before it is run.
struct Source {
    name: String,
    /// Its needs.
    head: Vec<String>,
    /// The kernel's features that its tests may need.
    within: Vec<String>,
    /// Whether it may have tests at all.
    has_tests: bool,
    /// Why it can't be read, if so: a failure of its own.
    unreadable: Option<Error>,
}

impl Source {
    fn of(file: &File) -> Source {
        let (text, unreadable) = match file.read() {
            Ok(text) => (text, None),
            Err(e) => (Vec::new(), Some(e)),
        };
        let text = String::from_utf8_lossy(&text);
        Source {
            name: file.name.clone(),
            head: needs::of_head(&text),
            within: needs::of_tests(&text),
            has_tests: file.name.ends_with(".lua") && text.contains("test"),
            unreadable,
        }
    }

    /// Whether one of its tests, or the file itself, may be meant.
    fn may_match(&self, words: &[String]) -> bool {
        words.is_empty() || self.has_tests || words.iter().any(|w| self.name.contains(w.as_str()))
    }
}

/// Tries what the files need, each feature once.
fn machine(sources: &[Source]) -> Result<Machine> {
    let words: BTreeSet<String> =
        sources.iter().flat_map(|s| s.head.iter().chain(&s.within)).cloned().collect();
    Machine::probe(&words).map_err(|e| Error::of(&*e).with_kind(Kind::Unsupported).into())
}
