//! Tutorials in Markdown, run in a lab: their commands in a shell that goes on, their claims compared.

mod beside;
pub mod blocks;
mod claims;
pub mod decide;
mod play;
mod report;
mod syntax;
mod terminal;
pub mod words;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use super::run::Setup;
use crate::base::error::{Error, Kind, Result, complain};
use crate::base::status;
use crate::base::wait;
use crate::sandbox::Sandbox;
use decide::Tutorial;
use play::{Played, Player, Stage};
pub use report::Checked;

/// How many requests a ping without a count sends: a reader presses Ctrl-C.
const PINGS: u32 = 3;
const FILES: &str = "/run/nsh/text";

/// A text in Markdown, such as a tutorial.
#[derive(Clone, Debug)]
pub struct Text {
    name: PathBuf,
    source: String,
}

impl Text {
    /// The text, if its name ends as those of Markdown do.
    pub fn of(name: &Path, source: &[u8]) -> Option<Text> {
        let end = name.extension()?.to_ascii_lowercase();
        ["md", "markdown"].iter().any(|known| end == *known).then(|| Text::new(name, source))
    }

    pub fn new(name: &Path, source: &[u8]) -> Text {
        let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
        let source = String::from_utf8_lossy(source).replace("\r\n", "\n");
        Text { name: name.to_owned(), source }
    }

    /// Runs its commands in the lab that this process is in, and shows what they print.
    pub fn run(&self, lab: &Sandbox, args: &[OsString]) -> i32 {
        self.play(lab, args, true, |text, played| report::ran(&self.shown(), text, played))
            .unwrap_or_else(|e| e)
    }

    /// Runs its commands, and compares what they print with the output that it shows.
    pub fn check(&self, lab: &Sandbox) -> i32 {
        self.claims(lab).tell(&self.shown())
    }

    /// As [`Text::check`], for whoever tells what came of it.
    pub fn claims(&self, lab: &Sandbox) -> Checked {
        let checked = self.play(lab, &[], false, |text, played| report::checked(&self.shown(), text, played));
        checked.unwrap_or_else(|status| Checked { status, ..Checked::default() })
    }

    fn shown(&self) -> String {
        crate::base::text::harmless(&self.name.to_string_lossy())
    }

    /// The status where it can't be played, or not to its end.
    fn play<T>(
        &self,
        lab: &Sandbox,
        args: &[OsString],
        shows: bool,
        report: impl FnOnce(&Tutorial, &[Played]) -> T,
    ) -> std::result::Result<T, i32> {
        let (stage, setup) = self.stage(lab, args, shows).map_err(|e| complain(&e, status::CANNOT))?;
        let text = decide::decide(&self.source, &syntax::Place::new(&setup, &stage.shell));
        let mut player = Player::new(&stage);
        let ended = player.play(&text.items);
        let reported = report(&text, &player.played);
        // Told by the status.
        let signal = wait::interrupted().filter(|signal| *signal > 0);
        match ended {
            Ok(()) => Ok(reported),
            Err(e) => Err(signal.map_or_else(|| complain(&e, status::FAILED), |signal| 128 + signal)),
        }
    }

    fn stage(&self, lab: &Sandbox, args: &[OsString], shows: bool) -> Result<(Stage, Setup)> {
        let setup = Setup::new(lab);
        let shell = ["bash", "sh"].iter().find_map(|name| setup.find(OsStr::new(name)));
        let shell = shell.ok_or_else(|| {
            Error::new(Kind::Unsupported, "neither bash nor sh is installed here").hint("install bash")
        })?;
        setup.install(PINGS)?;
        fs::create_dir_all(FILES)?;
        let files = play::files(Path::new(FILES), &self.name);
        let prepare = setup.clone();
        let prepare = Box::new(move |command: &mut std::process::Command| prepare.prepare(command));
        let session = setup.session(&shell)?;
        Ok((Stage { shell, session, args: args.to_vec(), prepare, files, shows }, setup))
    }
}
