//! Tests that are no scripts in Lua: a shell script, which passes with status 0, and a text in Markdown, whose claims are
//! its checks. Each is one test, and that is the file.

use std::time::Instant;

use crate::base::status;
use crate::lua::modules::test::event::{Event, Failure, Outcome, Sink};
use crate::sandbox::Sandbox;
use crate::shell::Foreign;

/// Runs it in the lab that this process is in, unless it is only listed; returns the status to exit with.
pub fn test(foreign: &Foreign, lab: &Sandbox, sink: &dyn Sink, name: &str, runs: bool) -> i32 {
    sink.tell(&Event::Began);
    let began = Instant::now();
    let (failures, checks) = match foreign {
        _ if !runs => (Vec::new(), 0),
        Foreign::Shell(script) => {
            let status = script.run(lab, &[]);
            let failure = Failure { message: format!("it ended with status {status}"), ..Failure::default() };
            (if status == status::SUCCESS { Vec::new() } else { vec![failure] }, 1)
        }
        Foreign::Text(text) => {
            let checked = text.claims(lab);
            let failures = checked.broken.into_iter().map(|broken| Failure {
                message: broken.message,
                at: Some(format!("{name}:{}", broken.line)),
                diff: Some(broken.details.join("\n")),
                ..Failure::default()
            });
            let mut failures: Vec<Failure> = failures.collect();
            if failures.is_empty() && checked.status != status::SUCCESS {
                failures.push(Failure {
                    message: "not all of its commands were run and compared".to_owned(),
                    ..Failure::default()
                });
            }
            (failures, checked.compared as u64)
        }
    };
    let failed = !failures.is_empty();
    let outcome = if failed { Outcome::Failed { failures } } else { Outcome::Passed };
    let seconds = began.elapsed().as_secs_f64();
    sink.tell(&Event::Finished { outcome, seconds, checks });
    if failed { status::FAILED } else { status::SUCCESS }
}
