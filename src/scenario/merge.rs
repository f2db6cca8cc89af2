//! `nsh report merge`: the reports of several runs as one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::destination::{Destination, Format, Output, end_all};
use super::order::Shard;
use super::report::{FORMAT, Report, Totals, VERSION};
use super::screen::Screen;
use crate::base::error::Error;
use crate::base::file;
use crate::lua::status;

/// A longer report is none.
const LONGEST_REPORT: u64 = 512 << 20;

/// Reads JSON reports, writes them as one, and returns the exit status: that of a run that did all of it.
pub fn merge(paths: &[PathBuf], format: Format, outputs: &[Output]) -> Result<i32> {
    let reports = paths.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    // Read before anything is written: one of the files may be written over.
    let report = join(reports)?;
    let mut destinations = vec![Destination::stdout(format, false)];
    for output in outputs {
        destinations.push(Destination::open(output, &[])?);
    }
    let mut screen = Screen::of_stdout();
    let rounds = report.files.iter().map(|f| f.round).max().unwrap_or(1);
    for destination in &mut destinations {
        destination.begin(&mut screen);
        report.files.iter().for_each(|file| destination.file(&mut screen, file));
    }
    let written = end_all(destinations, &mut screen, &report, rounds);
    Ok(match report.interrupted {
        Some(signal) => 128 + signal,
        None if report.totals.failed > 0 || !written => status::FAILED,
        None => status::SUCCESS,
    })
}

fn read(path: &Path) -> Result<(String, Report)> {
    let name = path.display().to_string();
    Ok((name.clone(), read_report(path).context(name)?))
}

fn read_report(path: &Path) -> Result<Report> {
    let text = file::read(path, LONGEST_REPORT)?;
    if text.is_empty() {
        bail!("empty: its run did not come to its end");
    }
    let value: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    if value["format"] != FORMAT {
        let hint = "reports that can be merged are written by nsh test --output FILE.json";
        bail!(Error::argument("not a JSON report of nsh test").hint(hint));
    }
    if value["version"] != VERSION {
        bail!("has version {} of the format; this nsh reads version {VERSION}", value["version"]);
    }
    let report: Report = serde_json::from_value(value).context("not a whole report")?;
    match report.interrupted {
        Some(signal) if !(1..=libc::SIGRTMAX()).contains(&signal) => {
            bail!("not a whole report: no signal has the number {signal}")
        }
        _ => Ok(report),
    }
}

fn join(reports: Vec<(String, Report)>) -> Result<Report> {
    let mut reports = reports.into_iter();
    let Some((first_name, mut all)) = reports.next() else {
        bail!("no report is given");
    };
    let mut shards = ShardsSeen::default();
    let mut seen: HashMap<(String, u32), String> = HashMap::new();
    enter(&mut seen, &first_name, &all)?;
    shards.enter(&first_name, all.shard)?;
    for (name, mut next) in reports {
        let differ = |what: &str, a: String, b: String| {
            bail!("{first_name} and {name} are not of one run: {what} is {a} in the one and {b} in the other")
        };
        if next.nsh != all.nsh {
            return differ("the version of nsh", all.nsh.clone(), next.nsh);
        }
        if next.filter != all.filter {
            return differ("--filter", format!("{:?}", all.filter), format!("{:?}", next.filter));
        }
        if next.shard.map(|s| s.count) != all.shard.map(|s| s.count) {
            let count = |s: Option<Shard>| s.map_or("none".to_owned(), |s| s.count.to_string());
            return differ("the number of shards", count(all.shard), count(next.shard));
        }
        shards.enter(&name, next.shard)?;
        enter(&mut seen, &name, &next)?;
        all.files.append(&mut next.files);
        all.seconds = all.seconds.max(next.seconds);
        all.started = all.started.min(next.started);
        all.interrupted = all.interrupted.or(next.interrupted);
        all.seed = all.seed.filter(|_| all.seed == next.seed);
    }
    shards.complete()?;
    all.shard = None;
    all.sort();
    all.totals = Totals::default();
    for file in &all.files {
        all.totals.add(file.totals());
    }
    Ok(all)
}

/// A file's results may come from one report only.
fn enter(seen: &mut HashMap<(String, u32), String>, name: &str, report: &Report) -> Result<()> {
    for file in &report.files {
        if let Some(other) = seen.insert((file.name.clone(), file.round), name.to_owned()) {
            bail!("{} is in both {other} and {name}", file.title());
        }
    }
    Ok(())
}

#[derive(Default)]
struct ShardsSeen {
    count: u32,
    names: HashMap<u32, String>,
}

impl ShardsSeen {
    fn enter(&mut self, name: &str, shard: Option<Shard>) -> Result<()> {
        let Some(Shard { index, count }) = shard else { return Ok(()) };
        self.count = count;
        match self.names.insert(index, name.to_owned()) {
            Some(other) => bail!("{other} and {name} are both shard {index}/{count}"),
            None => Ok(()),
        }
    }

    fn complete(&self) -> Result<()> {
        match (1..=self.count).find(|index| !self.names.contains_key(index)) {
            Some(index) => bail!("the report of shard {index}/{} is missing", self.count),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::samples;
    use super::*;
    use crate::lua::modules::test::event::Outcome;

    fn shard(index: u32, count: u32, file: &str) -> (String, Report) {
        let mut report = Report::new(Some(Shard { index, count }), Vec::new(), None);
        report.files = vec![samples::file(file, Outcome::Passed, vec![])];
        report.seconds = f64::from(index);
        (format!("{index}.json"), report)
    }

    fn refused(reports: Vec<(String, Report)>) -> String {
        join(reports).unwrap_err().to_string()
    }

    #[test]
    fn shards_become_one_report() {
        let all = join(vec![shard(2, 2, "b.lua"), shard(1, 2, "a.lua")]).unwrap();
        assert_eq!(all.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["a.lua", "b.lua"]);
        assert_eq!((all.totals.passed, all.seconds, all.shard), (2, 2.0, None));
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        assert_eq!(
            refused(vec![shard(1, 2, "a.lua"), shard(1, 2, "b.lua")]),
            "1.json and 1.json are both shard 1/2"
        );
        assert_eq!(
            refused(vec![shard(1, 2, "a.lua"), shard(2, 2, "a.lua")]),
            "a.lua is in both 1.json and 2.json"
        );
        assert_eq!(
            refused(vec![shard(1, 3, "a.lua"), shard(3, 3, "b.lua")]),
            "the report of shard 2/3 is missing"
        );
        assert!(
            refused(vec![shard(1, 2, "a.lua"), shard(2, 3, "b.lua")]).contains("the number of shards is 2")
        );
        let mut other = shard(2, 2, "b.lua");
        other.1.filter = vec!["x".into()];
        assert!(refused(vec![shard(1, 2, "a.lua"), other]).contains("--filter is [] in the one and [\"x\"]"));
    }
}
