//! `nsh ls`: the labs of this user, for people and for programs.

use anyhow::Result;
use serde_json::json;

use super::entry::{Labs, LiveLab};
use super::inside::Inside;
use super::record::{Record, State};
use crate::base::clock;
use crate::base::terminal::columns;
use crate::base::text::harmless;

/// What is known of one.
struct Row {
    name: String,
    /// `starting`, `up`, `ending`, `elsewhere` or `unknown`.
    state: &'static str,
    record: Option<Record>,
    namespaces: Vec<String>,
    processes: Option<usize>,
}

impl Row {
    fn of(lab: &LiveLab) -> Row {
        let record = lab.record().ok();
        let inside = Inside::of(lab).ok();
        let state = match &record {
            None => "unknown",
            Some(Record { process: None, .. }) => "starting",
            Some(_) if inside.is_none() => "ending",
            Some(Record { state: State::Starting, .. }) => "starting",
            Some(Record { state: State::Up, .. }) => "up",
        };
        Row {
            name: lab.name.clone(),
            state,
            record,
            namespaces: inside.as_ref().and_then(|i| i.namespaces().ok()).unwrap_or_default(),
            processes: inside.as_ref().and_then(Inside::processes),
        }
    }

    /// The row of a lab that is kept in another PID namespace, where nothing of it can be seen.
    fn elsewhere(name: String) -> Row {
        Row { name, state: "elsewhere", record: None, namespaces: Vec::new(), processes: None }
    }
}

/// The labs as a table, or as JSON: an array of objects.
pub fn show(labs: &Labs, as_json: bool) -> Result<String> {
    let (all, elsewhere) = labs.all()?;
    let mut rows: Vec<Row> =
        all.iter().map(Row::of).chain(elsewhere.into_iter().map(Row::elsewhere)).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(if as_json { for_programs(&rows) } else { for_people(&rows) })
}

fn for_programs(rows: &[Row]) -> String {
    let labs: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "state": row.state,
                "since": row.record.as_ref().map(|r| r.since),
                "namespaces": row.namespaces,
                "processes": row.processes,
                "script": row.record.as_ref().map(|r| r.script.as_str()),
                "args": row.record.as_ref().map(|r| r.args.as_slice()),
                "directory": row.record.as_ref().map(|r| r.directory.display().to_string()),
                "deaths": row.record.as_ref().map(|r| r.deaths.as_slice()),
                "pid": row.record.as_ref().and_then(|r| r.process).map(|p| p.pid),
            })
        })
        .collect();
    format!("{:#}", json!(labs))
}

fn for_people(rows: &[Row]) -> String {
    const HEAD: [&str; 6] = ["NAME", "STATE", "SINCE", "NAMESPACES", "PROCESSES", "SCRIPT"];
    if rows.is_empty() {
        return "no labs; nsh up SCRIPT makes one".to_owned();
    }
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| {
        let record = row.record.as_ref();
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        [
            row.name.clone(),
            row.state.to_owned(),
            or_dash(record.map(|r| clock::stamp(&clock::local(r.since), ' '))),
            // `host` is in each; what tells them apart is how many there are besides.
            or_dash(Some(shortened(&row.namespaces)).filter(|s| !s.is_empty())),
            or_dash(row.processes.map(|n| n.to_string())),
            or_dash(record.map(|r| {
                [&r.script].into_iter().chain(&r.args).map(String::as_str).collect::<Vec<_>>().join(" ")
            })),
        ]
    }));
    let deaths = rows.iter().filter_map(|row| Some((&row.name, &row.record.as_ref()?.deaths)));
    let deaths =
        deaths.flat_map(|(name, deaths)| deaths.iter().map(move |text| format!("{name}: died: {text}")));
    harmless(&columns(&lines).into_iter().chain(deaths).collect::<Vec<String>>().join("\n"))
}

/// A few names, or how many there are.
fn shortened(names: &[String]) -> String {
    let all = names.join(",");
    if all.len() <= 30 { all } else { format!("{} namespaces", names.len()) }
}
