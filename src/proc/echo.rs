//! A process as a shell would be told to run it.

use super::spec::{Program, Spec, Stdin};
use crate::base::command::Command;

impl Spec {
    /// `PROGRAM ARGS...`, with `timeout`, `env` and a here-document where the process has such.
    pub fn command(&self) -> Command {
        let mut command = Command::default();
        if let Some(limit) = self.timeout {
            command = command.flag(true, "timeout").word(limit.as_secs_f64());
        }
        if self.clear_env || !self.env.is_empty() || self.cwd.is_some() {
            command = command.flag(true, "env").flag(self.clear_env, "-i");
            command = command.pair("-C", self.cwd.as_ref().map(|cwd| cwd.display()));
            for (name, _) in self.env.iter().filter(|(_, value)| value.is_none()) {
                command = command.pair("-u", Some(name.to_string_lossy()));
            }
            for (name, value) in &self.env {
                let Some(value) = value else { continue };
                command = command.word(format!("{}={}", name.to_string_lossy(), value.to_string_lossy()));
            }
        }
        command = match &self.program {
            Program::Shell(line) => command.flag(true, "sh").pair("-c", Some(line.to_string_lossy())),
            Program::Args(args) => {
                args.iter().fold(command, |command, arg| command.word(arg.to_string_lossy()))
            }
        };
        match &self.stdin {
            Stdin::Null => command,
            Stdin::Text(text) | Stdin::Open(text) => command.reading(&String::from_utf8_lossy(text)),
        }
    }
}
