//! How a process ended, as a record.

use mlua::BString;

use crate::lua::schema::{Record, record};
use crate::proc::{Exit, Output};

/// How a process ended.
pub(super) fn result() -> Record<Output> {
    record!(Output = "nsh.proc.Result",
        "How a process ended, and what it printed. Prints as what it printed." => {
        status: o => o.exit.code(), "its exit status; nil if a signal ended it";
        signal: o => o.exit.signal(), "the signal that ended it, such as SIGKILL";
        reason: o => o.reason(),
            "in words: `exited with status 3`, `killed by SIGSEGV (core dumped)`";
        core: o => matches!(o.exit, Exit::Dumped(_)).then_some(true),
            "true if its memory was written to a core file";
        stdout: o => BString::from(o.stdout.bytes()), "what it printed";
        stderr: o => BString::from(o.stderr.bytes()), "its error messages";
        time: o => o.time.as_secs_f64(), "how long it ran, in seconds";
        lost: o => Some(o.stdout.lost() + o.stderr.lost()).filter(|lost| *lost > 0),
            "how many bytes of its output were not kept, being beyond `limit`";
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
