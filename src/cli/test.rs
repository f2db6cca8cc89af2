//! The command lines of `nsh test` and `nsh report`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use nsh::scenario::{self, Format, Output, Shard};

use super::Command;
use super::arguments::seconds;
use super::complete;

/// Runs test files side by side, each in a process and a sandbox of its own, and tells which passed.
///
/// A test file is a Lua script. Its tests are the functions given to `test(name, function() ... end)`, run in order
/// in the file's lab; a script without any is one test by itself. See `nsh doc test` and docs/testing.md.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct Test {
    /// Files and directories. A file runs whatever its name. In a directory, each *.lua below is a test, except for names
    /// that begin with _ or a dot and directories named lib or helpers. Without a path: the directory tests, or the working
    /// directory if there is none.
    #[arg(value_name = "PATH", add = complete::tests())]
    paths: Vec<PathBuf>,

    /// Run only tests with WORD in the file's name or their own ("group > test"). Can be repeated: one match is enough.
    #[arg(long, value_name = "WORD", help_heading = "Which tests")]
    filter: Vec<String>,
    /// Run the I-th of N parts, to share the tests among N machines. A file's part depends on its name alone.
    #[arg(long, value_name = "I/N", value_parser = Shard::parse, help_heading = "Which tests")]
    shard: Option<Shard>,
    /// Print the names of the tests instead of running them. The files' code outside of tests runs, because it defines the
    /// tests.
    #[arg(short, long, conflicts_with_all = ["repeat", "until_fail", "output", "artifacts"], help_heading = "Which tests")]
    list: bool,

    /// How many files to run at once [default: as many as there are CPUs]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "How they run")]
    jobs: Option<u16>,
    /// End a file after this time, or "none"; what its tests deferred still runs.
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = limit, help_heading = "How they run")]
    timeout: Limit,
    /// End a test after this time, or "none"; the file goes on with the next test. A test's own limit takes precedence.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = limit, help_heading = "How they run")]
    test_timeout: Limit,
    /// End the run at the first failure.
    #[arg(long, help_heading = "How they run")]
    fail_fast: bool,
    /// Run everything N times.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "How they run")]
    repeat: Option<u32>,
    /// Run everything again and again until a test fails, with --repeat at most N times. The results are those of the last
    /// round; with --repeat, those of all rounds.
    #[arg(long, help_heading = "How they run")]
    until_fail: bool,
    /// Run the files in random order. The SEED is printed; the same one gives the same order.
    #[arg(long, value_name = "SEED", num_args = 0..=1, require_equals = true, help_heading = "How they run")]
    shuffle: Option<Option<u64>>,
    /// Let the tests write to this file or directory, besides the working directory. Can be repeated.
    #[arg(long, value_name = "PATH", help_heading = "How they run")]
    write: Vec<PathBuf>,
    /// Set a variable in the tests' environment, or pass the one that is set here. Without this, tests get PATH, HOME,
    /// TERM, LANG and their like, and nothing else. Can be repeated.
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<OsString>,

    #[command(flatten)]
    results: Results,
    /// Print a line for each test, and the tests' output as it comes.
    #[arg(short, long, help_heading = "Results")]
    verbose: bool,
    /// Show Lua's full traceback with a failure.
    #[arg(long, help_heading = "Results")]
    trace: bool,

    /// Keep in DIR, for each file that failed: the script, its output, and the state of its lab.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "To find out why")]
    artifacts: Option<PathBuf>,
    /// With --artifacts: also the last packets of every link.
    #[arg(long, requires = "artifacts", help_heading = "To find out why")]
    capture: bool,
    /// Open a prompt in the lab of a test that failed. Files run one at a time, without time limits.
    #[arg(long, conflicts_with_all = ["jobs", "list"], help_heading = "To find out why")]
    pause_on_fail: bool,
}

const AFTER: &str = "\
Exit status: 0 all passed or were skipped, 1 a test failed or results could not be written, 2 wrong usage (no such path, \
no test found, an output that can't be written), 3 this machine can't run tests (see nsh doctor), 129, 130 or 143 ended by SIGHUP, SIGINT or SIGTERM.

Ctrl-C ends the run in order: the running files end, with what they deferred, and the results are written. A second \
one ends it at once.

Examples:
  nsh test                                        all of tests/
  nsh test tests/nat -j1 -v --filter masquerade   a few, watched closely
  nsh test --output report.xml --output all.json  for CI: JUnit's XML and JSON, besides what is printed";

/// What is printed, and what is written.
#[derive(Debug, Args)]
pub struct Results {
    /// What to print on stdout
    #[arg(long, value_name = "FORMAT", default_value = "pretty", help_heading = "Results")]
    format: FormatName,
    /// Also write the results to FILE. Its ending names the format: .xml (JUnit), .html (a page for people), .json, .tap
    /// (version 14) or .txt (as printed); or FORMAT in front does, as in junit:FILE. Can be repeated.
    #[arg(long, value_name = "[FORMAT:]FILE", value_hint = ValueHint::FilePath, value_parser = Output::parse, help_heading = "Results")]
    output: Vec<Output>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatName {
    Pretty,
    Tap,
    Junit,
    Json,
    Html,
}

impl FormatName {
    fn format(self) -> Format {
        match self {
            FormatName::Pretty => Format::Pretty,
            FormatName::Tap => Format::Tap,
            FormatName::Junit => Format::Junit,
            FormatName::Json => Format::Json,
            FormatName::Html => Format::Html,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Report {
    /// Join the JSON reports of several runs of nsh test, such as those of all shards, into one
    ///
    /// Reports that don't belong together are an error: of different versions or filters, two of the same file, or shards
    /// of which one is missing.
    ///
    /// Exit status: 0 nothing failed, 1 a test failed or results could not be written, 2 wrong usage or reports that
    /// can't be merged, 129, 130 or 143 a run was ended by SIGHUP, SIGINT or SIGTERM.
    Merge {
        /// What nsh test wrote with --output FILE.json
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        results: Results,
    },
}

impl Report {
    pub fn command(self) -> Command {
        let Report::Merge { files, results } = self;
        Command::Merge { files, format: results.format.format(), outputs: results.output }
    }
}

impl Test {
    pub fn command(self) -> Command {
        let jobs = match (self.pause_on_fail, self.jobs) {
            (true, _) => 1,
            (false, Some(jobs)) => usize::from(jobs),
            (false, None) => std::thread::available_parallelism().map_or(1, usize::from),
        };
        Command::Test(Box::new(scenario::TestRun {
            paths: self.paths,
            jobs,
            timeout: self.timeout.0,
            test_timeout: self.test_timeout.0,
            filter: self.filter,
            list: self.list,
            fail_fast: self.fail_fast,
            repeat: self.repeat,
            until_fail: self.until_fail,
            seed: self.shuffle.map(|seed| seed.unwrap_or_else(scenario::random_seed)),
            shard: self.shard,
            format: self.results.format.format(),
            outputs: self.results.output,
            artifacts: self.artifacts,
            capture: self.capture,
            pause_on_fail: self.pause_on_fail,
            verbose: self.verbose,
            write: self.write,
            env: self.env,
            trace: self.trace,
        }))
    }
}

/// A time limit, or none.
#[derive(Clone, Copy, Debug)]
struct Limit(Option<Duration>);

fn limit(text: &str) -> Result<Limit, String> {
    if text == "none" {
        return Ok(Limit(None));
    }
    seconds(text).map(|limit| Limit(Some(limit))).map_err(|e| format!("{e}, or none"))
}
