//! What a command comes to: calls of nsh's bindings, not yet written as Lua.

use super::args::Arg;
use super::lua::Expr;

/// The namespace in which something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Space {
    /// That of the globals.
    Here,
    Named(Arg),
}

/// A call of a binding, such as `ns1.link.add("br0", { kind = "bridge" })`.
#[derive(Clone, Debug)]
pub struct Call {
    pub space: Space,
    pub function: &'static str,
    pub args: Vec<Expr>,
    /// What follows the call, such as `.body`.
    pub after: String,
}

impl Call {
    pub fn new(space: &Space, function: &'static str, args: Vec<Expr>) -> Call {
        Call { space: space.clone(), function, args, after: String::new() }
    }

    pub fn after(mut self, after: &str) -> Call {
        self.after = after.to_owned();
        self
    }
}

#[derive(Clone, Debug)]
pub enum Act {
    /// Changes something; a failure ends the script.
    Do(Call),
    /// Prints what it gives.
    Show(Call),
    /// Tries something out, and prints what came of it: a shell goes on if it fails.
    Probe(Call),
    /// As [`Act::Probe`], with an echo request: whether it was answered is what a shell would see.
    Ping(Call),
    /// As [`Act::Probe`], with a page: one that is not there is a failure.
    Fetch(Call),
    /// Shows what the programs of a pipe make of what it gives.
    Filter {
        call: Call,
        filter: String,
    },
    /// Changes something, if it can.
    Attempt(Call),
    /// Runs beside the script, under a name that begins with `word`. With `blocks`, the shell would have waited here
    /// for ever. `report` shows what it gave, before it is stopped or at the end; `%` stands for its name.
    Start {
        call: Call,
        word: &'static str,
        blocks: bool,
        report: Option<String>,
    },
    AddNamespace(Arg),
    DelNamespace(Arg),
    /// A NAT rule of an iptables command, remembered by what it says so that it can be deleted.
    Rule {
        call: Call,
        name: String,
    },
    DelRule {
        space: Space,
        name: String,
    },
    /// Ends what the last [`Act::Start`] began, or that with this name.
    Stop(Option<String>),
    /// Lua as it is.
    Lua(Vec<String>),
    /// Nothing to do; why.
    Nothing(String),
    /// A remark that goes into the script.
    Note(String),
    /// Commands of a shell, run in this namespace.
    Script {
        space: Space,
        text: String,
    },
    /// Sets a variable of the shell.
    Assign(String, Arg),
    /// All that follows is done in this namespace, until `exit`.
    Enter(Option<Space>),
    /// Ends the innermost [`Act::Enter`], or the script with this status.
    Leave(Option<Arg>),
}
