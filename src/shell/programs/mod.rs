//! The programs that are known, and what a command line of one of them comes to.

pub(super) mod bridge;
pub(super) mod ethtool;
mod old;
mod probes;
mod shell;
mod sysctl;
mod tc;
mod touch;
pub mod watch;
pub(super) mod wg;

pub use touch::{STAND_INS, asks_iptables, batch, is_iptables, is_other, runs_others, touches};
pub use watch::SHOWN;

use super::act::{Act, Call, Space};
use super::args::{Arg, Args, Fields, Reason, Result, WordList};
use super::iptables::{self, Made};
use super::lua::Expr;
use super::{ip, nft};

/// What a command is run with.
pub struct Context<'a> {
    pub space: Space,
    /// The shell doesn't wait for it.
    pub background: bool,
    /// What it reads, if that is known.
    pub input: Option<Arg>,
    pub made: &'a mut Made,
    /// How many commands run this one.
    pub depth: usize,
}

/// How many commands may run each other.
const DEPTH: usize = 8;

/// Programs that only look, or make traffic: they are run as they are.
const HARMLESS: WordList = WordList(
    "arping cat cut date df dig echo env file fping free getent grep groups head host hostname \
     hping3 id iperf iperf3 jq ls lsmod lsof mtr nc ndisc6 netperf netserver netstat nmap nping nslookup \
     printf ps pstree pwd rdisc6 readlink seq socat sort ss stat tail test tracepath tracepath6 \
     traceroute traceroute6 tree tshark uname uniq uptime wc wg which who whoami",
);

/// Programs that are translated; those of them that touch only the lab's network can be run as they are, too.
const TRANSLATED: WordList = WordList(
    "arp bridge brctl conntrack curl ethtool ifconfig ip ip6tables iptables netcat ncat nft nsenter ping ping6 \
     route sysctl tc tcpdump telnet wget",
);

/// Those of the harmless programs that are for networks, and print what they have to say without being asked.
const TYPED: WordList = WordList(
    "arping dig fping iperf3 nc netstat nslookup ss tracepath tracepath6 traceroute traceroute6 \
     wg",
);

/// Programs and words of the shell that a text for people to follow may have, besides those.
const SHELL: WordList = WordList(
    "[ [[ alias apk apt apt-get bash break case cd chmod chown clear command continue cp declare dhclient \
     dnf dnsmasq do docker done else eval exec exit export false fi firewall-cmd for function git if \
     ip6tables-save iptables-legacy iptables-nft iptables-restore iptables-save kill killall lxc make man \
     mkdir modprobe mount mv nano nohup pip pip3 pkill python python2 python3 read return rm screen sed \
     service set sh shift sleep source ssh su sudo systemctl tee then time timeout tmux touch trap true \
     ufw umount unset unshare until vi vim wait while xargs yum zsh",
);

/// Whether a line that begins with this word is a command rather than what one printed.
pub fn known(word: &str) -> bool {
    translated(word) || HARMLESS.has(word) || SHELL.has(word)
}

/// Whether this is a program that the translation understands.
pub fn translated(word: &str) -> bool {
    TRANSLATED.has(base(word))
}

/// Whether a line that begins with this word is a command at the prompt, where most words are Lua's.
pub fn typed(word: &str) -> bool {
    translated(word) || TYPED.has(base(word))
}

/// A program's name without its directory.
pub fn base(word: &str) -> &str {
    match word.rsplit_once('/') {
        Some((directory, name)) if directory.ends_with("bin") => name,
        _ => word,
    }
}

/// What `echo ARGS` prints, for whoever reads it.
pub fn echoed(args: &[Arg]) -> Arg {
    shell::echoed(args)
}

/// What `echo ARGS` prints, without the end of the line, for a parameter.
pub fn printed(args: &[Arg]) -> Arg {
    let n = Arg::of("-n");
    shell::echoed(&[&[n], args].concat())
}

/// Translates one command.
pub fn command(words: &[Arg], cx: &mut Context) -> Result<Vec<Act>> {
    if cx.depth > DEPTH {
        return Err(Reason::new("too many commands run each other"));
    }
    cx.depth += 1;
    let mut words = words;
    // What stands in front of a command and doesn't change what it does.
    for _ in 0..8 {
        match shell::unwrap(words)? {
            shell::Wrapped::Command(inner) => words = inner,
            shell::Wrapped::Shell => return Ok(vec![Act::Enter(None)]),
            shell::Wrapped::Plain => break,
        }
    }
    let Some(name) = words.first() else { return Ok(vec![Act::Nothing(String::new())]) };
    let Some(name) = name.known.clone() else {
        return Err(Reason::new("which command it is, is only known when the script runs"));
    };
    let name = base(&name).to_owned();
    let result = translate(&name, words, cx);
    match result {
        Err(reason) if reason.by_program && (HARMLESS.has(&name) || translated(&name)) => {
            Ok(by_program(&name, words, cx, Some(reason)))
        }
        other => other,
    }
}

fn translate(name: &str, words: &[Arg], cx: &mut Context) -> Result<Vec<Act>> {
    let rest = words.get(1..).unwrap_or_default();
    let args = Args::new(rest.to_vec());
    let space = cx.space.clone();
    match name {
        "ip" => {
            let done = ip::translate(args, &space)?;
            match done.inner {
                None => Ok(done.acts),
                Some((space, words)) => {
                    cx.space = space;
                    command(&words, cx)
                }
            }
        }
        "nsenter" => match shell::nsenter(rest)? {
            (space, words) if words.is_empty() => Ok(vec![Act::Enter(Some(space))]),
            (space, words) => {
                cx.space = space;
                command(&words, cx)
            }
        },
        "bridge" => bridge::translate(args, &space),
        "tc" => tc::translate(args, &space),
        "brctl" => bridge::brctl(args, &space),
        "ethtool" => ethtool::translate(rest, &space),
        "sysctl" => sysctl::translate(args, &space),
        "iptables" | "iptables-nft" | "iptables-legacy" => iptables::translate(args, &space, false, cx.made),
        "ip6tables" | "ip6tables-nft" | "ip6tables-legacy" => {
            iptables::translate(args, &space, true, cx.made)
        }
        "iptables-save" | "ip6tables-save" => Ok(vec![Act::Probe(Call::new(&space, "nft.list", Vec::new()))]),
        "nft" => nft::translate(args, cx.input.take(), &space),
        "ping" | "ping4" => probes::ping(rest, &space, false, cx.background),
        "ping6" => probes::ping(rest, &space, true, cx.background),
        "curl" => probes::curl(rest, &space),
        "wget" => probes::wget(rest, &space),
        "nc" | "netcat" | "ncat" => probes::nc(rest, cx.input.clone(), &space, cx.background),
        "telnet" => probes::telnet(rest, &space),
        "tcpdump" => watch::tcpdump(rest, &space, cx.background),
        "python" | "python3" | "python2" => watch::python(rest, &space, cx.background),
        "ss" => watch::ss(rest, &space),
        "netstat" => old::netstat(rest, &space),
        "conntrack" => watch::conntrack(rest, &space),
        "ifconfig" => old::ifconfig(args, &space),
        "route" => old::route(args, &space),
        "arp" => old::arp(args, &space),
        "tee" => tee(rest, cx),
        "cat" => match rest {
            [file] => match sysctl::parameter(file) {
                Some(name) => Ok(vec![Act::Show(Call::new(&space, "sysctl.get", vec![name.expr()]))]),
                None => Err(Reason::beyond("cat")),
            },
            _ => Err(Reason::beyond("cat")),
        },
        name => match shell::builtin(name, rest, cx) {
            Some(result) => result,
            None if HARMLESS.has(name) => Ok(by_program(name, words, cx, None)),
            None => Err(Reason::new(format!("{name}: what it does is not known"))),
        },
    }
}

/// `echo 1 | tee /proc/sys/net/ipv4/ip_forward`
fn tee(rest: &[Arg], cx: &mut Context) -> Result<Vec<Act>> {
    let input = cx.input.take().ok_or_else(|| Reason::new("what tee reads is not known"))?;
    write(rest.iter().find(|arg| !arg.text().starts_with('-')), input, &cx.space)
}

/// Writing a text to a file: that of a parameter.
pub fn write(file: Option<&Arg>, text: Arg, space: &Space) -> Result<Vec<Act>> {
    let name = file.and_then(sysctl::parameter);
    match name {
        Some(name) => Ok(vec![sysctl::set(name, text, space)]),
        None => {
            Err(Reason::new("files are not written").hint("io.open can write one in the working directory"))
        }
    }
}

/// Runs the program itself, inside the lab.
fn by_program(name: &str, words: &[Arg], cx: &Context, reason: Option<Reason>) -> Vec<Act> {
    let command = Expr::List(words.iter().map(Arg::expr).collect());
    // What changes the lab must not fail silently.
    let changes =
        matches!(name, "ip" | "bridge" | "tc" | "brctl" | "ethtool") && reason.is_some() || name == "tc";
    let shows = words.iter().skip(1).any(|w| ["show", "list", "ls", "sh", "s"].contains(&w.text()));
    let mut fields = Fields::default();
    if let Some(input) = &cx.input {
        fields.set("stdin", input.expr());
    }
    if cx.background {
        let call = Call::new(&cx.space, "proc.spawn", fields.after([command]));
        return vec![Act::Start { call, word: "process", blocks: false, report: None }];
    }
    if changes && !shows {
        fields.flag("check");
        return vec![Act::Do(Call::new(&cx.space, "proc.exec", fields.after([command])))];
    }
    vec![Act::Probe(Call::new(&cx.space, "proc.exec", fields.after([command])))]
}
