//! Where results go, and in which format.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::report::{FileReport, Report};
use super::screen::Screen;
use super::{html, junit, pretty, tap};
use crate::base::error::Error;
use crate::base::file::{self, Target};
use crate::base::terminal;
use crate::proc;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Pretty,
    Tap,
    Junit,
    Json,
    Html,
}

impl Format {
    pub const ALL: &[(&str, Format)] = &[
        ("pretty", Format::Pretty),
        ("tap", Format::Tap),
        ("junit", Format::Junit),
        ("json", Format::Json),
        ("html", Format::Html),
    ];

    fn of_extension(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()? {
            "txt" => Some(Format::Pretty),
            "tap" => Some(Format::Tap),
            "xml" => Some(Format::Junit),
            "json" => Some(Format::Json),
            "html" | "htm" => Some(Format::Html),
            _ => None,
        }
    }
}

/// A file for results: `--output`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub format: Format,
    pub path: PathBuf,
}

impl Output {
    /// The context of what keeps the results from being written.
    fn writing(&self) -> String {
        format!("--output {}: can't write the results", self.path.display())
    }

    /// Reads `[FORMAT:]FILE`.
    pub fn parse(text: &str) -> std::result::Result<Output, String> {
        for (name, format) in Format::ALL {
            if let Some(path) = text.strip_prefix(name).and_then(|rest| rest.strip_prefix(':'))
                && !matches!(path, "" | "-")
            {
                return Ok(Output { format: *format, path: path.into() });
            }
        }
        match Format::of_extension(Path::new(text)) {
            Some(format) => Ok(Output { format, path: text.into() }),
            None => Err("the name tells no format: end it in .xml (JUnit), .html, .json, .tap or .txt, or put the format in \
                         front, as in junit:FILE"
                .to_owned()),
        }
    }
}

/// Takes the results, file by file.
#[derive(Debug)]
pub struct Destination {
    format: Format,
    /// `None` for stdout.
    file: Option<(Output, Target, File)>,
    /// For a file: written at the end in one go, so that another run with the same file, or a kill, leaves a whole report.
    text: String,
    verbose: bool,
    /// Files told so far.
    told: usize,
}

impl Destination {
    pub fn stdout(format: Format, verbose: bool) -> Destination {
        Destination { format, file: None, text: String::new(), verbose, told: 0 }
    }

    /// Opens the file: what can't be written is to be known before the tests run. `writable` is what they may write
    /// to besides the working directory.
    pub fn open(output: &Output, writable: &[PathBuf]) -> Result<Destination> {
        let target = Target::of(&output.path, writable).with_context(|| output.writing())?;
        let file = target.file().with_context(|| output.writing())?;
        Ok(Destination {
            format: output.format,
            file: Some((output.clone(), target, file)),
            text: String::new(),
            verbose: false,
            told: 0,
        })
    }

    /// Whether it is for people.
    pub fn is_pretty(&self) -> bool {
        self.format == Format::Pretty
    }

    /// Whether people look on, and may be shown more than the results.
    pub fn is_watched(&self) -> bool {
        self.is_pretty() && self.file.is_none()
    }

    pub fn begin(&mut self, screen: &mut Screen) {
        if self.format == Format::Tap {
            self.put(screen, tap::VERSION);
        }
    }

    /// A file that has ended.
    pub fn file(&mut self, screen: &mut Screen, file: &FileReport) {
        self.told += 1;
        match self.format {
            Format::Pretty => {
                let text = pretty::file(self.style(screen), file, self.verbose);
                self.put(screen, &text);
            }
            Format::Tap => {
                let text = tap::file(file, self.told);
                self.put(screen, &text);
            }
            Format::Junit | Format::Json | Format::Html => {}
        }
    }

    /// The whole run. Fails if anything of it could not be written.
    fn end(mut self, screen: &mut Screen, report: &Report, rounds: u32) -> Result<()> {
        let text = match self.format {
            Format::Pretty => pretty::end(self.style(screen), report, rounds),
            Format::Tap => match report.interrupted {
                Some(signal) => tap::bail_out(&format!("interrupted by {}", proc::signal_name(signal))),
                None => tap::plan(self.told),
            },
            Format::Junit => junit::write(report),
            Format::Json => report.json(),
            Format::Html => html::write(report),
        };
        self.put(screen, &text);
        match self.file {
            Some((output, target, file)) => {
                write_whole(&target, file, &self.text, PATIENCE).with_context(|| output.writing())
            }
            None => Ok(()),
        }
    }

    /// Colours are for the screen alone.
    fn style<'a>(&self, screen: &'a Screen) -> &'a Screen {
        static PLAIN: Screen = Screen::PLAIN;
        if self.file.is_some() { &PLAIN } else { screen }
    }

    fn put(&mut self, screen: &mut Screen, text: &str) {
        match self.file {
            None => screen.print(text),
            Some(_) => self.text.push_str(text),
        }
    }
}

/// Ends them all, and reports on stderr what could not be written. True if all could.
pub fn end_all(all: Vec<Destination>, screen: &mut Screen, report: &Report, rounds: u32) -> bool {
    let lost = all.into_iter().filter_map(|d| d.end(screen, report, rounds).err());
    let mut lost: Vec<Error> = lost.map(|e| Error::of(&*e)).collect();
    lost.extend(screen.lost.take());
    lost.iter().for_each(|e| screen.complain(&e.to_string()));
    lost.is_empty()
}

/// How long another run may take to write its results into the same file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Replaces what was there, while no other run writes.
fn write_whole(target: &Target, file: File, text: &str, patience: Duration) -> Result<()> {
    let regular = file.metadata().is_ok_and(|m| m.is_file());
    let mut file = file::lock(file, patience)?;
    if !regular {
        // A terminal or a pipe, whose reader may be slow.
        return Ok(terminal::write(file.as_fd(), text.as_bytes(), Some(patience), None)?);
    }
    file.set_len(0)?;
    file.write_all(text.as_bytes())?;
    match target.is_still(&*file) {
        true => Ok(()),
        false => bail!("the file was removed or replaced while the tests ran"),
    }
}

#[cfg(test)]
mod tests {
    use nix::fcntl::{Flock, FlockArg};

    use super::*;

    #[test]
    fn a_report_is_there_as_a_whole_or_as_it_was() {
        let path = std::env::temp_dir().join(format!("nsh-report-{}.tap", std::process::id()));
        std::fs::write(&path, "a longer report than the new one\n").unwrap();
        let output = Output { format: Format::Tap, path: path.clone() };
        drop(Destination::open(&output, &[]).unwrap());
        let target = Target::of(&path, &[]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a longer report than the new one\n");
        let file = || File::options().write(true).open(&path).unwrap();
        write_whole(&target, file(), "short\n", PATIENCE).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "short\n");
        let lock = Flock::lock(file(), FlockArg::LockExclusive).unwrap();
        let e = write_whole(&target, file(), "more\n", Duration::from_millis(50)).unwrap_err();
        assert_eq!(e.to_string(), "another process has the file locked");
        drop(lock);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn the_format_is_told_by_the_name_or_in_front() {
        let parsed = |text: &str| Output::parse(text).map(|o| (o.format, o.path.display().to_string()));
        assert_eq!(parsed("a/r.xml"), Ok((Format::Junit, "a/r.xml".into())));
        assert_eq!(parsed("r.json"), Ok((Format::Json, "r.json".into())));
        assert_eq!(parsed("r.html"), Ok((Format::Html, "r.html".into())));
        assert_eq!(parsed("tap:r.xml"), Ok((Format::Tap, "r.xml".into())));
        assert_eq!(parsed("pretty:log"), Ok((Format::Pretty, "log".into())));
        assert!(parsed("log").unwrap_err().contains("junit:FILE"));
        assert!(parsed("junit:").is_err());
    }
}
