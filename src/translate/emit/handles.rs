//! What runs beside the script, and rules that are taken back: what has to be remembered.

use super::super::act::{Act, Call, Space};
use super::super::args::{Reason, Result};
use super::super::lua::{self, Expr};
use super::super::variables::Variable;
use super::{Emitter, Line, Started};

impl Emitter {
    pub(super) fn start(
        &mut self,
        call: &Call,
        word: &'static str,
        blocks: bool,
        report: Option<String>,
    ) -> Result<()> {
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
            word.to_owned()
        } else {
            let count = self.counters.entry(word).or_default();
            *count += 1;
            self.variables.name("started", &format!("{word}{count}"), "handle")
        };
        let local = if self.prompt { format!("{name} = ") } else { format!("local {name} <close> = ") };
        let text = lua::call(self.indent, &format!("{local}{before}"), &args, &call.after);
        self.line(text);
        let report = report.map(|report| {
            let report = report.replace('%', &name);
            if tolerant { format!("if {name} then {report} end") } else { report }
        });
        self.variables.set("!", Variable { code: name.clone(), number: false, known: None });
        self.started.push(Started { name, report, stopped: false });
        if blocks && !self.sections.is_empty() {
            // It has the terminal for itself, so what follows is typed in another one.
            self.sections.pop();
        }
        Ok(())
    }

    pub(super) fn stop(&mut self, name: Option<String>) -> Result<()> {
        let found = match &name {
            Some(name) => self.started.iter_mut().find(|s| s.name == *name && !s.stopped),
            None => self.started.iter_mut().rev().find(|s| !s.stopped),
        };
        let Some(found) = found else { return Err(Reason::new("which process is meant is not known")) };
        found.stopped = true;
        let lines: Vec<String> =
            found.report.clone().into_iter().chain([format!("{}:stop()", found.name)]).collect();
        lines.into_iter().for_each(|line| self.statement(&line));
        Ok(())
    }

    /// Writes a statement; of `if NAME then CALL end` three lines.
    pub(super) fn statement(&mut self, text: &str) {
        match text
            .strip_prefix("if ")
            .and_then(|t| t.strip_suffix(" end"))
            .and_then(|t| t.split_once(" then "))
        {
            Some((condition, call)) => {
                self.line(format!("if {condition} then"));
                self.line(format!("  {call}"));
                self.line("end");
            }
            None => self.line(text),
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
