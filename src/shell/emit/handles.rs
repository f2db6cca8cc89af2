//! What runs beside the script, and rules that are taken back: what has to be remembered.

use super::super::act::{Act, Call, Space};
use super::super::args::{Reason, Result};
use super::super::lua::{self, Expr};
use super::super::variables::Variable;
use super::{Emitter, Line, Started};
use crate::shell::programs::SHOWN;

impl Emitter {
    pub(super) fn start(
        &mut self,
        call: &Call,
        word: &'static str,
        blocks: bool,
        report: Option<String>,
    ) -> Result<()> {
        if self.prompt && blocks && call.function == "capture.start" && report.as_deref() == Some(SHOWN) {
            return self.follow(call, word);
        }
        let (function, mut args) = self.parts(call);
        // tcpdump says so if there is no such link, and the text goes on.
        let tolerant = call.function == "capture.start" && !self.errexit && !self.prompt;
        let before = if tolerant {
            self.needs_try = true;
            args.insert(0, Expr::Code(function));
            "try".to_owned()
        } else {
            function
        };
        if self.nested > 0 && !self.prompt {
            self.needs_running = true;
            let text =
                lua::call(self.indent, &format!("running[#running + 1] = {before}"), &args, &call.after);
            self.line(text);
            return Ok(());
        }
        let name = if self.prompt {
            self.free(word)
        } else {
            let count = self.counters.entry(word).or_default();
            *count += 1;
            self.variables.name("started", &format!("{word}{count}"), "handle")
        };
        let local = if self.prompt { format!("{name} = ") } else { format!("local {name} <close> = ") };
        let text = lua::call(self.indent, &format!("{local}{before}"), &args, &call.after);
        self.line(text);
        let report = report.map(|report| report.replace('%', &name));
        self.variables.set("!", Variable::new(name.clone(), false, None));
        self.started.push(Started { name, report, tried: tolerant, stopped: false });
        if blocks && !self.sections.is_empty() {
            // It has the terminal for itself, so what follows is typed in another one.
            self.sections.pop();
        }
        Ok(())
    }

    /// A global that means nothing yet: `server`, `server2`. What it is given lives as long as it does.
    fn free(&self, word: &str) -> String {
        let taken = |name: &str| (self.globals.taken)(name) || self.started.iter().any(|s| s.name == name);
        let numbered = (2..).map(|number| format!("{word}{number}"));
        let mut names = std::iter::once(word.to_owned()).chain(numbered);
        names.find(|name| !taken(name)).unwrap_or_else(|| word.to_owned())
    }

    /// At the prompt a capture in the foreground shows what passes until it has its count, or Ctrl-C.
    fn follow(&mut self, call: &Call, name: &str) -> Result<()> {
        let (function, args) = self.parts(call);
        let count = args.iter().find_map(|arg| match arg {
            Expr::Table(fields) => {
                fields.iter().find(|(name, _)| name == "max_packets").map(|(_, n)| n.flat())
            }
            _ => None,
        });
        self.line("do".to_owned());
        let start =
            lua::call(self.indent + 1, &format!("local {name} <close> = {function}"), &args, &call.after);
        self.line(format!("  {start}"));
        match count {
            Some(count) => {
                self.line(format!("  local packet = {name}:stream()"));
                self.line(format!("  for _ = 1, {count} do print(packet()) end"));
            }
            None => self.line(format!("  for packet in {name}:stream() do print(packet) end")),
        }
        self.line("end".to_owned());
        Ok(())
    }

    pub(super) fn stop(&mut self, name: Option<String>) -> Result<()> {
        let found = match &name {
            Some(name) => self.started.iter_mut().find(|s| s.name == *name && !s.stopped),
            None => self.started.iter_mut().rev().find(|s| !s.stopped),
        };
        let Some(found) = found else { return Err(Reason::new("which process is meant is not known")) };
        found.stopped = true;
        let found = found.clone();
        let stop = format!("{}:stop()", found.name);
        self.of_started(&found, found.report.iter().chain([&stop]));
        Ok(())
    }

    /// Writes what is done with something that was begun, if it could be.
    fn of_started<'a>(&mut self, started: &Started, statements: impl IntoIterator<Item = &'a String>) {
        let statements = statements.into_iter();
        if !started.tried {
            return statements.for_each(|statement| self.line(statement));
        }
        self.line(format!("if {} then", started.name));
        statements.for_each(|statement| self.line(format!("  {statement}")));
        self.line("end");
    }

    /// Shows what was seen by what still runs at the end.
    pub fn reports(&mut self) {
        let running: Vec<Started> =
            self.started.iter().filter(|s| !s.stopped && s.report.is_some()).cloned().collect();
        if !running.is_empty() {
            self.blank();
            self.comment("What was seen beside all this.");
            running.iter().for_each(|started| self.of_started(started, &started.report));
        }
    }

    /// What was begun last, for `$!`.
    pub fn last_started(&self) -> Option<String> {
        self.started.last().map(|s| s.name.clone())
    }

    pub(super) fn rule(&mut self, call: &Call, name: String) -> Result<()> {
        if self.nested > 0 || self.prompt || self.tolerant {
            return self.act(Act::Do(call.clone()));
        }
        let (function, args) = self.parts(call);
        let code = lua::call(self.indent, &function, &args, "");
        let count = self.counters.entry("rule").or_default();
        *count += 1;
        let variable = self.variables.name("rule", &format!("rule{count}"), "rule");
        self.rules.entry((format!("{:?}", call.space), name)).or_default().push(variable.clone());
        self.lines.push(Line::Variable { name: variable, code });
        Ok(())
    }

    pub(super) fn del_rule(&mut self, space: &Space, name: String) -> Result<()> {
        let rules = self.rules.get_mut(&(format!("{space:?}"), name));
        let Some(variable) = rules.filter(|r| !r.is_empty()).map(|r| r.remove(0)) else {
            return Err(Reason::new("no earlier command made this rule")
                .hint("nat.list() tells rules, nat.del deletes one"));
        };
        self.used.insert(variable.clone());
        let text = lua::call(self.indent, "nat.del", &[Expr::Code(variable)], "");
        let prefix = self.space(space).map(|space| format!("{space}.")).unwrap_or_default();
        self.line(format!("{prefix}{text}"));
        Ok(())
    }
}
