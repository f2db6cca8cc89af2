//! What each line of a text's code is: a command, what one prints, a comment, or left out with a reason.

use std::cell::Cell;
use std::collections::HashSet;

use super::blocks::{Block, Line, Part, parts};
use super::claims;
use super::words::{self, Prompted};
use crate::shell::programs;

/// What a shell says of a command's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syntax {
    Whole,
    Incomplete,
    Wrong(String),
}

/// What decisions ask about the place where the text is to be run.
pub trait Asked {
    /// Whether there is a program of this name.
    fn is_program(&self, name: &str) -> bool;
    fn syntax(&self, text: &str) -> Syntax;
}

/// A command, with the lines of output that the text shows for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The number of its first line.
    pub line: usize,
    pub text: String,
    pub output: Vec<(usize, String)>,
    /// Whether a block of output alone follows, which may be this command's.
    pub loose: Vec<(usize, String)>,
}

impl Step {
    /// The lines that it should print, if it prints `printed`, and how many belong to no command: what prints nothing
    /// isn't what a block of output alone shows.
    pub fn shown(&self, printed: &str) -> (&[(usize, String)], usize) {
        match self.output.is_empty() && !printed.trim().is_empty() {
            true => (&self.loose, 0),
            false => (&self.output, self.loose.len()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Heading(String),
    Comment(String),
    Step(Step),
    Left(Left),
    /// A blank line, or a block's end.
    Blank,
}

/// A line that is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub line: usize,
    pub text: String,
    pub reason: String,
    /// Whether it seems to be a command.
    pub command: bool,
}

/// How many lines are what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub lines: usize,
    pub commands: usize,
    pub output: usize,
    pub comments: usize,
}

/// A text, decided.
#[derive(Clone, Debug, Default)]
pub struct Tutorial {
    pub items: Vec<Item>,
    /// Output of no command that is known.
    pub unowned: Vec<(usize, String)>,
    pub count: Count,
}

impl Tutorial {
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.items.iter().filter_map(|item| match item {
            Item::Step(step) => Some(step),
            _ => None,
        })
    }

    pub fn left(&self) -> impl Iterator<Item = &Left> {
        self.items.iter().filter_map(|item| match item {
            Item::Left(left) => Some(left),
            _ => None,
        })
    }
}

/// What a block can be called that has commands of a shell.
#[rustfmt::skip]
const SHELLS: &[&str] = &[
    "sh", "bash", "shell", "zsh", "ksh", "console", "terminal", "shell-session", "shellsession", "sh-session",
    "bash-session", "shellscript", "sudo",
];
/// Blocks without a name, and those that have commands behind prompts alone.
const QUIET: &[&str] = &["text", "txt", "output", "log", "plain", "plaintext", "none"];
/// More lines are no command that a text shows.
const LONGEST: usize = 500;
/// How many bytes a shell is asked about, with what a question costs by itself.
const BUDGET: usize = 64 << 20;
const CALL: usize = 4096;

/// Decides each line of a text's code that is not blank.
pub fn decide(text: &str, asked: &dyn Asked) -> Tutorial {
    let parts = parts(text);
    let mut decider = Decider {
        asked,
        defined: HashSet::new(),
        out: Tutorial::default(),
        last: None,
        ready: false,
        budget: Cell::new(BUDGET),
    };
    for part in &parts {
        if let Part::Block(block) = part {
            decider.defined.extend(block.lines.iter().filter_map(|line| defined(line.text)));
        }
    }
    for part in parts {
        match part {
            Part::Heading(title) => decider.out.items.push(Item::Heading(title.to_owned())),
            Part::Block(block) => {
                decider.block(&block);
                decider.out.items.push(Item::Blank);
            }
        }
    }
    decider.out
}

/// The name of the function or alias that a line defines.
fn defined(line: &str) -> Option<String> {
    let line = line.trim_start();
    let line = words::prompted(line).map_or(line, |p| p.command);
    let name = match line.strip_prefix("alias ") {
        Some(rest) => rest.split('=').next()?,
        None => line
            .strip_prefix("function ")
            .unwrap_or(line)
            .split("()")
            .next()
            .filter(|n| n.len() < line.len())?,
    };
    Some(name.trim().to_owned()).filter(|name| words::is_name(&name.replace('-', "_")))
}

struct Decider<'a> {
    asked: &'a dyn Asked,
    /// Functions and aliases of the text.
    defined: HashSet<String>,
    out: Tutorial,
    /// Where the last step is.
    last: Option<usize>,
    /// Whether it may have what a block of output alone shows.
    ready: bool,
    /// How much the shell can still be asked.
    budget: Cell<usize>,
}

/// Where in a block a decision is made.
struct Place<'a> {
    block: &'a Block<'a>,
    /// Whether a line with a prompt came already.
    begun: bool,
    /// What came before in this block.
    before: Before,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Command,
    /// Output, of a command if there was one.
    Output(bool),
    Left,
}

impl Decider<'_> {
    fn block(&mut self, block: &Block<'_>) {
        let named = block.language.as_str();
        if !named.is_empty() && !SHELLS.contains(&named) && !QUIET.contains(&named) {
            let reason = format!("a block of {named}");
            return block.lines.iter().for_each(|line| self.leave(line, &reason, false));
        }
        let mut place = Place { block, begun: false, before: Before::Nothing };
        let commands = self.out.count.commands;
        let mut at = 0;
        while at < block.lines.len() {
            at += self.line(at, &mut place).max(1);
        }
        self.ready = self.out.count.commands > commands;
    }

    /// Decides a line, and those that belong to it; returns how many.
    fn line(&mut self, at: usize, place: &mut Place<'_>) -> usize {
        let line = place.block.lines[at];
        if line.text.trim().is_empty() {
            self.out.items.push(Item::Blank);
            return 1;
        }
        let prompt = words::prompted(line.text).filter(|p| !p.doubtful || is_root(*p, place.block));
        match prompt {
            Some(Prompted { command: "", .. }) => self.leave(&line, "a prompt without a command", false),
            Some(Prompted { command, .. }) => {
                place.begun = true;
                return self.command(at, command, true, place);
            }
            None if line.text.trim_start().starts_with('#') => {
                self.out.count.lines += 1;
                self.out.count.comments += 1;
                self.out.items.push(Item::Comment(line.text.trim().to_owned()));
            }
            None => return self.bare(at, place),
        }
        1
    }

    /// A line without a prompt.
    fn bare(&mut self, at: usize, place: &mut Place<'_>) -> usize {
        let line = place.block.lines[at];
        let text = line.text.trim();
        let word = words::program(text);
        let certain = words::is_certain(text) || (text.starts_with("sudo ") && self.is_known(word));
        let quiet = QUIET.contains(&place.block.language.as_str());
        let can_be = match place.before {
            _ if quiet => false,
            Before::Command if self.is_printed(text) => false,
            _ if place.begun => text.starts_with("sudo ") && certain,
            Before::Output(true) => {
                certain || self.begins_again(text, at > 0 && apart(&place.block.lines[at - 1]))
            }
            _ => certain || self.begins(text),
        };
        if can_be {
            return self.command(at, text, false, place);
        }
        if self.is_absent(&line, word, place) {
            self.leave(&line, &format!("there is no program {word} here"), true);
            place.before = Before::Left;
        } else {
            self.output(&line, place);
        }
        1
    }

    /// Whether a lone word is what the command above it says, such as the `yes` of `echo yes`.
    fn is_printed(&self, text: &str) -> bool {
        let last = match self.last.and_then(|at| self.out.items.get(at)) {
            Some(Item::Step(step)) => step.text.as_str(),
            _ => return false,
        };
        let mut words =
            last.split_whitespace().skip_while(|word| *word != "echo" && *word != "printf").skip(1);
        words.any(|word| word.trim_matches(['"', '\'']) == text)
    }

    /// Whether a line of a shell's block seems to call a program that isn't there.
    fn is_absent(&self, line: &Line<'_>, word: &str, place: &Place<'_>) -> bool {
        let first = place.before == Before::Nothing && !line.text.trim_end().ends_with(':');
        let next = place.before == Before::Command && words::has_options(line.text);
        SHELLS.contains(&place.block.language.as_str())
            && !place.begun
            && (first || next)
            && is_name_of_program(word)
    }

    /// Whether a line that follows output is a command again, though its words don't say so.
    fn begins_again(&self, text: &str, apart: bool) -> bool {
        let word = words::program(text);
        let first = text.split_whitespace().next().unwrap_or_default();
        let known = apart && self.begins(text) && (words::has_operands(text) || words::is_assignment(first));
        known || self.defined.contains(word) || words::is_keyword(word) || words::is_of_shell(text)
    }

    /// Whether a line begins as a command does.
    fn begins(&self, text: &str) -> bool {
        let first = text.split_whitespace().next().unwrap_or_default();
        let word = words::program(text);
        if words::is_keyword(first) || self.defined.contains(word) {
            return true;
        }
        let known = !has_words_of_its_own(word) && self.is_known(word) && !text.ends_with(':');
        known || (words::is_assignment(first) && word.is_empty())
    }

    fn is_known(&self, word: &str) -> bool {
        words::is_builtin(word) || word == "." || programs::known(word) || self.asked.is_program(word)
    }

    /// A line that is a command, unless the shell says otherwise.
    fn command(&mut self, at: usize, text: &str, prompted: bool, place: &mut Place<'_>) -> usize {
        let line = place.block.lines[at];
        let word = words::program(text);
        let (text, length, syntax) = self.joined(at, text, place);
        let sure = prompted || words::is_certain(&text);
        if syntax != Syntax::Whole && !sure {
            self.output(&line, place);
            return 1;
        }
        let unread = match syntax {
            Syntax::Whole => None,
            Syntax::Incomplete => Some("it is not finished".to_owned()),
            Syntax::Wrong(reason) => Some(format!("the shell can't read it: {reason}")),
        };
        let reason = words::placeholder(&text).or(unread);
        let is_there = || {
            let first = text.split_whitespace().next().unwrap_or_default();
            word.is_empty()
                || words::is_keyword(first)
                || self.defined.contains(word)
                || self.is_known(word)
                || word.starts_with(['$', '"'])
        };
        let absent = || (prompted && !is_there()).then(|| format!("there is no program {word} here"));
        let lines = &place.block.lines[at..at + length];
        match reason.or_else(absent) {
            Some(reason) => {
                lines.iter().for_each(|line| self.leave(line, &reason, true));
                place.before = Before::Left;
            }
            None => {
                let lines = lines.iter().filter(|line| !line.text.trim().is_empty()).count();
                self.out.count.lines += lines;
                self.out.count.commands += lines;
                let step = Step { line: line.number, text, ..Step::default() };
                self.last = Some(self.out.items.len());
                self.out.items.push(Item::Step(step));
                place.before = Before::Command;
            }
        }
        length
    }

    /// The command with the lines that complete it, how many these are, and what the shell says.
    fn joined(&self, at: usize, first: &str, place: &Place<'_>) -> (String, usize, Syntax) {
        let (mut text, mut length) = (first.to_owned(), 1);
        let syntax = loop {
            let syntax = self.syntax(&text);
            let next = place.block.lines.get(at + length).filter(|_| length < LONGEST);
            match (syntax, next) {
                (Syntax::Incomplete, Some(next)) => {
                    let more = if place.begun { continued(next.text) } else { next.text };
                    text = format!("{text}\n{more}");
                    length += 1;
                }
                (syntax, _) => break syntax,
            }
        };
        match syntax {
            Syntax::Whole => (text, length, syntax),
            other => (first.to_owned(), 1, other),
        }
    }

    fn syntax(&self, text: &str) -> Syntax {
        let plain = |c: char| c.is_alphanumeric() || " -_./:=,@%+~".contains(c);
        if text.ends_with('\\') {
            Syntax::Incomplete
        } else if text.chars().all(plain) && !words::is_keyword(text.split(' ').next().unwrap_or_default()) {
            Syntax::Whole
        } else {
            self.ask(text)
        }
    }

    /// Texts are made to be read, some to keep their reader busy.
    fn ask(&self, text: &str) -> Syntax {
        match self.budget.get().checked_sub(text.len() + CALL) {
            Some(left) => self.budget.set(left),
            None => return Syntax::Wrong("the text has too much that a shell has to read".to_owned()),
        }
        self.asked.syntax(text)
    }

    fn output(&mut self, line: &Line<'_>, place: &mut Place<'_>) {
        self.out.count.lines += 1;
        if matches!(place.before, Before::Command | Before::Output(true)) && claims::is_of_terminal(line.text)
        {
            self.out.count.comments += 1;
            return;
        }
        self.out.count.output += 1;
        let shown = (line.number, line.text.trim_end().to_owned());
        let of_command = matches!(place.before, Before::Command | Before::Output(true));
        let alone = matches!(place.before, Before::Nothing | Before::Output(false)) && self.ready;
        let last = self.last.and_then(|at| match self.out.items.get_mut(at) {
            Some(Item::Step(step)) => Some(step),
            _ => None,
        });
        match last.filter(|step| of_command || (alone && step.output.is_empty())) {
            Some(step) if of_command => step.output.push(shown),
            Some(step) => step.loose.push(shown),
            None => self.out.unowned.push(shown),
        }
        place.before = match place.before {
            Before::Left => Before::Left,
            _ => Before::Output(of_command),
        };
    }

    fn leave(&mut self, line: &Line<'_>, reason: &str, command: bool) {
        if line.text.trim().is_empty() {
            return;
        }
        self.out.count.lines += 1;
        let (text, reason) = (line.text.trim().to_owned(), reason.to_owned());
        self.out.items.push(Item::Left(Left { line: line.number, text, reason, command }));
    }
}

/// Whether `# ` is root's prompt in this block, and not a comment.
fn is_root(prompt: Prompted<'_>, block: &Block<'_>) -> bool {
    let bare = |line: &Line<'_>| words::prompted(line.text).is_none() && words::is_certain(line.text.trim());
    let command = words::is_command_of_root(prompt.command) || words::is_of_shell(prompt.command);
    command && !block.lines.iter().any(bare)
}

/// Whether a line sets what follows apart from what is before.
fn apart(line: &Line<'_>) -> bool {
    let text = line.text.trim();
    text.is_empty() || text.starts_with('#')
}

/// Without the prompt of a line that goes on.
fn continued(line: &str) -> &str {
    line.strip_prefix("> ").or(line.strip_prefix('>').filter(|rest| rest.is_empty())).unwrap_or(line)
}

/// Whether it has words by which its commands are told from sentences.
fn has_words_of_its_own(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or_default();
    [
        "ip",
        "bridge",
        "tc",
        "nft",
        "iptables",
        "ip6tables",
        "route",
        "arp",
        "sysctl",
        "nsenter",
        "unshare",
        "local",
    ]
    .contains(&name)
}

fn is_name_of_program(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase() || "./~".contains(c))
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./~+".contains(c))
        && word.chars().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine with few programs, and a shell that reads quotes, loops and here-documents.
    struct Machine;

    impl Asked for Machine {
        fn is_program(&self, name: &str) -> bool {
            ["frob", "link", "./lab.sh"].contains(&name)
        }

        fn syntax(&self, text: &str) -> Syntax {
            let words: Vec<&str> = text.split_whitespace().collect();
            let open = words.contains(&"do") && !words.contains(&"done")
                || text.contains("<<E") && text.matches('E').count() < 2
                || text.ends_with('{')
                || text.matches('{').count() > text.matches('}').count();
            match text.contains('\u{2502}') || text.contains("+--") {
                true => Syntax::Wrong("no".to_owned()),
                false if open => Syntax::Incomplete,
                false => Syntax::Whole,
            }
        }
    }

    /// `$` for commands with what they show, `!` for what is left out, `?` for output of no command.
    fn shown(text: &str) -> Vec<String> {
        let text = decide(text, &Machine);
        let Count { lines, commands, output, comments } = text.count;
        assert_eq!(lines, commands + output + comments + text.left().count(), "all lines are counted");
        let mut out = Vec::new();
        for item in &text.items {
            if let Item::Step(Step { line, text, output, loose }) = item {
                let lines = output.iter().chain(loose).map(|(_, line)| line.trim());
                let printed: Vec<_> = lines.collect();
                out.push(format!("{line}$ {} => {}", text.replace('\n', "|"), printed.join("|")));
            }
        }
        out.extend(text.left().map(|left| format!("{}! {}: {}", left.line, left.text, left.reason)));
        out.extend(text.unowned.iter().map(|(line, text)| format!("{line}? {text}")));
        out
    }

    fn block(lines: &str) -> Vec<String> {
        shown(&format!("```\n{lines}\n```\n"))
    }

    #[test]
    fn commands_are_told_from_what_they_print() {
        assert_eq!(
            block("sudo ip netns add a\nip netns\n\na\n# then\nip -n a link\n1: lo: <UP>\n    link/loopback"),
            [
                "2$ sudo ip netns add a => ",
                "3$ ip netns => a",
                "7$ ip -n a link => 1: lo: <UP>|link/loopback"
            ]
        );
        assert_eq!(
            block("brctl show\nbridge name bridge id\nlink 3"),
            ["2$ brctl show => bridge name bridge id|link 3"]
        );
        assert_eq!(
            block("ping a\n64 bytes\nexit\n\ncat /proc/x\n0"),
            ["2$ ping a => 64 bytes", "4$ exit => ", "6$ cat /proc/x => 0"]
        );
        assert_eq!(block("A=1\nfrob $A\n: eth0: x"), ["2$ A=1 => ", "3$ frob $A => : eth0: x"]);
    }

    #[test]
    fn what_echo_says_or_the_terminal_shows_is_no_command() {
        assert_eq!(block("$ ping a\n64 b\n^C\n$ exit\nexit"), ["2$ ping a => 64 b", "5$ exit => "]);
        assert_eq!(block("echo yes\nyes"), ["2$ echo yes => yes"]);
        assert_eq!(block("[ -n x ] && echo \"date\"\ndate"), ["2$ [ -n x ] && echo \"date\" => date"]);
        assert_eq!(block("echo yes\nip l"), ["2$ echo yes => ", "3$ ip l => "]);
    }

    #[test]
    fn prompts_say_what_is_a_command() {
        assert_eq!(
            block("N=a\nh1$ ip netns add b\nb\n/ # ip netns\nroute is here\n$ "),
            [
                "2$ N=a => ",
                "3$ ip netns add b => b",
                "5$ ip netns => route is here",
                "7! $: a prompt without a command"
            ]
        );
        assert_eq!(
            block("# ip link set lo up\n# see the link\n# ip l"),
            ["2$ ip link set lo up => ", "4$ ip l => "]
        );
        assert_eq!(
            block("# ip netns exec red bash\n# cd /\n# exit\n# leave it"),
            ["2$ ip netns exec red bash => ", "3$ cd / => ", "4$ exit => "]
        );
        assert_eq!(block("ip l\n# ip link shows all"), ["2$ ip l => "]);
        assert_eq!(
            block("R1# show ip route\nx"),
            ["2! R1# show ip route: there is no program show here", "3? x"]
        );
    }

    #[test]
    fn lines_that_belong_together_are_joined() {
        assert_eq!(block("ip link \\\n  add x\nx"), ["2$ ip link \\|  add x => x"]);
        assert_eq!(block("for i in 1 2; do\n  ip l\n\ndone\n1:"), ["2$ for i in 1 2; do|  ip l||done => 1:"]);
        assert_eq!(block("$ cat <<E\n> x\n> E\nx"), ["2$ cat <<E|x|E => x"]);
        assert_eq!(
            block("add_ns() {\n ip netns add $1\n}\nadd_ns a\nout\nadd_ns b"),
            ["2$ add_ns() {| ip netns add $1|} => ", "5$ add_ns a => out", "7$ add_ns b => ",]
        );
        assert_eq!(block("for i in 1; do"), ["2? for i in 1; do"]);
        assert_eq!(block("sudo ip l {\nx"), ["2! sudo ip l {: it is not finished", "3? x"]);
    }

    #[test]
    fn what_is_left_out_has_a_reason() {
        assert_eq!(block("ip link add <name>"), ["2! ip link add <name>: <name> stands for a word"]);
        assert_eq!(shown("```yaml\na: b\n```"), ["2! a: b: a block of yaml"]);
        assert_eq!(shown("```bash\nnowhere x\n```"), ["2! nowhere x: there is no program nowhere here"]);
        assert_eq!(shown("```bash\n+--+\n| a |\n+--+\n```"), ["2? +--+", "3? | a |", "4? +--+"]);
        assert_eq!(shown("```text\nip l\n$ ip l\n```"), ["3$ ip l => ", "2? ip l"]);
    }

    #[test]
    fn output_in_a_block_of_its_own_may_be_of_the_command_before() {
        assert_eq!(shown("```sh\nip l\n```\nprints\n```\n1: lo\n```\n"), ["2$ ip l => 1: lo"]);
        assert_eq!(shown("    ip l\n    1: lo\n\ntext\n\n    2: x\n"), ["1$ ip l => 1: lo", "6? 2: x"]);
    }
}
