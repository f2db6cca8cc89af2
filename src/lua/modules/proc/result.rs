//! How a process ended, as a record.

use mlua::BString;

use crate::lua::schema::Record;
use crate::proc::{Exit, Output};

/// How a process ended.
pub(super) fn result() -> Record<Output> {
    Record::of("nsh.proc.Result", "How a process ended, and what it printed. Prints as what it printed.")
        .field("status", "integer?", "its exit status; nil if a signal ended it", |o: &Output| o.exit.code())
        .field("signal", "string?", "the signal that ended it, such as SIGKILL", |o| o.exit.signal())
        .field(
            "reason",
            "string",
            "in words: `exited with status 3`, `killed by SIGSEGV (core dumped)`",
            |o| o.reason(),
        )
        .field("core", "boolean?", "true if its memory was written to a core file", |o| {
            matches!(o.exit, Exit::Dumped(_)).then_some(true)
        })
        .field("stdout", "string", "what it printed", |o| BString::from(o.stdout.bytes()))
        .field("stderr", "string", "its error messages", |o| BString::from(o.stderr.bytes()))
        .field("time", "number", "how long it ran, in seconds", |o| o.time.as_secs_f64())
        .field("lost", "integer?", "how many bytes of its output were not kept, being beyond `limit`", |o| {
            Some(o.stdout.lost() + o.stderr.lost()).filter(|lost| *lost > 0)
        })
        .show(|table| {
            let mut out = String::new();
            for part in ["stdout", "stderr"] {
                out.push_str(&table.raw_get::<mlua::LuaString>(part)?.to_string_lossy());
            }
            let out = out.trim_end_matches('\n').to_owned();
            if table.raw_get::<Option<i32>>("status")? == Some(0) {
                return Ok(out);
            }
            let ended = table.raw_get::<Option<String>>("reason")?.unwrap_or_default();
            Ok(if out.is_empty() { ended } else { format!("{out}\n{ended}") })
        })
}
