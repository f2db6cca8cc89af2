//! A process as a shell would be told to run it.

use super::spec::{Program, Spec, Stdin};
use crate::net::echo::Command;
use crate::net::namespace::Namespace;

/// `ip netns exec NAME PROGRAM ARGS...`, with `timeout`, `env` and a here-document where the process has such.
pub fn command(ns: &Namespace, spec: &Spec) -> Command {
    let mut command = Command::within(ns, &[]);
    if let Some(limit) = spec.timeout {
        command = command.flag(true, "timeout").word(limit.as_secs_f64());
    }
    if spec.clear_env || !spec.env.is_empty() || spec.cwd.is_some() {
        command = command.flag(true, "env").flag(spec.clear_env, "-i");
        command = command.pair("-C", spec.cwd.as_ref().map(|cwd| cwd.display()));
        for (name, _) in spec.env.iter().filter(|(_, value)| value.is_none()) {
            command = command.pair("-u", Some(name.to_string_lossy()));
        }
        for (name, value) in &spec.env {
            let Some(value) = value else { continue };
            command = command.word(format!("{}={}", name.to_string_lossy(), value.to_string_lossy()));
        }
    }
    command = match &spec.program {
        Program::Shell(line) => command.flag(true, "sh").pair("-c", Some(line.to_string_lossy())),
        Program::Args(args) => args.iter().fold(command, |command, arg| command.word(arg.to_string_lossy())),
    };
    match &spec.stdin {
        Stdin::Null => command,
        Stdin::Text(text) | Stdin::Open(text) => command.reading(&String::from_utf8_lossy(text)),
    }
}
