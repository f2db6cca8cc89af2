//! `Process:expect`: waiting for what a process prints.

use std::time::Duration;

use mlua::{Function, IntoLua, LuaString, MultiValue, Table, Value};

use super::running::Running;
use crate::base::error::{Error, Kind};
use crate::base::wait::Deadline;
use crate::lua::schema::{Cx, Failure, Type, options, ty};
use crate::proc::{Next, Process, Which};

/// How long to wait unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long after closing its output a process may take to end.
const MOMENT: Duration = Duration::from_millis(200);

options! {
    pub(super) struct Expect = "nsh.proc.ExpectOptions" {
        timeout: Duration = TIMEOUT, ty::seconds(), "how long to wait; default 5 seconds";
        stderr: bool, ty::boolean(), "of stderr instead of stdout; default false";
        both: bool, ty::boolean(), "of stdout and stderr; default false";
        prompt: bool, ty::boolean(),
            "also take a line that isn't complete, such as a prompt that waits for an answer; default false";
    }
}

/// One pattern, or several of which it is told which was found.
pub(super) struct Patterns {
    all: Vec<LuaString>,
    several: bool,
}

pub(super) fn patterns() -> Type<Patterns> {
    let one = ty::lua_string().map(|p| Patterns { all: vec![p], several: false });
    let list = ty::list(ty::lua_string()).try_map(|all| match all.is_empty() {
        true => Err("expected at least one pattern, got an empty table".to_owned()),
        false => Ok(Patterns { all, several: true }),
    });
    one.or(list).called("a pattern or an array of patterns")
}

impl Patterns {
    /// What `expect` returns for the line, if one of the patterns is found in it.
    fn find(&self, cx: &Cx<'_>, line: &[u8]) -> Result<Option<MultiValue>, Failure> {
        let find: Function = cx.lua.globals().get::<Table>("string")?.get("find")?;
        let line = cx.lua.create_string(line)?;
        for (i, pattern) in self.all.iter().enumerate() {
            let mut found: MultiValue = find.call((&line, pattern))?;
            // Where it begins and ends.
            if !matches!(found.pop_front(), Some(Value::Integer(_))) {
                continue;
            }
            found.pop_front();
            if self.several {
                found.push_front((i + 1).into_lua(cx.lua)?);
            }
            found.push_front(Value::String(line));
            return Ok(Some(found));
        }
        Ok(None)
    }

    fn shown(&self) -> String {
        let all: Vec<String> = self.all.iter().map(|p| format!("{:?}", p.to_string_lossy())).collect();
        format!("waiting for {}", all.join(" or "))
    }
}

/// The first line from here on in which one of the patterns is found.
pub(super) fn expect(
    cx: &Cx<'_>,
    this: &Running,
    patterns: &Patterns,
    options: &Expect,
) -> Result<MultiValue, Failure> {
    let process = this.process()?;
    let deadline = Deadline::after(options.timeout);
    let streams: &[Which] = match (options.both, options.stderr) {
        (true, _) => &[Which::Stdout, Which::Stderr],
        (false, true) => &[Which::Stderr],
        (false, false) => &[Which::Stdout],
    };
    loop {
        let mut open = false;
        for which in streams {
            loop {
                match process.next(*which)? {
                    Next::Line(line) => {
                        if let Some(found) = patterns.find(cx, &line)? {
                            return Ok(found);
                        }
                        continue;
                    }
                    Next::NotYet => open = true,
                    Next::Ended => {}
                }
                break;
            }
            if options.prompt {
                let begun = process.unfinished(*which);
                if !begun.is_empty()
                    && let Some(found) = patterns.find(cx, &begun)?
                {
                    process.pass(*which, begun.len());
                    return Ok(found);
                }
            }
        }
        if !open {
            return Err(ended(&process, patterns).into());
        }
        if !process.news(&[], deadline).map_err(|e| e.detail(patterns.shown()))? {
            let what =
                if options.prompt { "nothing like it was printed" } else { "no further line was printed" };
            let text = format!("{}: {what}{}", patterns.shown(), process.said());
            return Err(Error::new(Kind::Timeout, text).on(process.shown()).into());
        }
    }
}

fn ended(process: &Process, patterns: &Patterns) -> Error {
    // A process closes its output a moment before it has ended.
    let ended = process.wait(Some(MOMENT));
    let how = ended.map_or("closed its output".to_owned(), |output| output.reason());
    let text = format!("{}: it {how}{}", patterns.shown(), process.said());
    Error::new(Kind::Exit, text).on(process.shown())
}
