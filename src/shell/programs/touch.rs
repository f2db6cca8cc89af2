//! What a command may do to a lab, by its words alone.

use super::super::args::WordList;
use super::base;

/// What a command does, as far as its words tell.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Touch {
    pub changes: bool,
    pub deletes: bool,
    /// What it reads from stdin says what it does.
    pub reads_stdin: bool,
    /// So does this file.
    pub reads: Option<String>,
}

const CHANGING: &[&str] = &[
    "ip",
    "bridge",
    "tc",
    "brctl",
    "nft",
    "iptables",
    "ip6tables",
    "sysctl",
    "ifconfig",
    "route",
    "arp",
    "ethtool",
    "wg",
    "vconfig",
    "ipset",
];
const DELETING: &[&str] = &[
    "del", "delete", "d", "flush", "delbr", "delif", "destroy", "-D", "-F", "-X", "--delete", "--flush",
    "down",
];
const LOOKING: &[&str] =
    &["show", "list", "ls", "lst", "sh", "s", "get", "-L", "-S", "--list", "-C", "--check"];

pub fn touches(words: &[String]) -> Touch {
    let Some((program, rest)) = words.split_first() else { return Touch::default() };
    let program = base(program);
    let short = short(program);
    let restores = matches!(short, "iptables-restore" | "ip6tables-restore");
    let has = |known: &[&str]| rest.iter().any(|word| known.contains(&word.as_str()));
    let changes = CHANGING.contains(&short) && (has(DELETING) || !has(LOOKING));
    let behind = |options: &[&str]| {
        let at = rest.iter().position(|word| options.contains(&word.as_str()))?;
        Some(rest.get(at + 1).cloned())
    };
    let file = match short {
        "nft" => behind(&["-f", "--file"]).flatten(),
        "ip" | "bridge" | "tc" => behind(&["-b", "-ba", "-bat", "-batc", "-batch"]).flatten(),
        "sysctl" => {
            behind(&["-p", "--load", "-f"]).map(|file| file.unwrap_or_else(|| "/etc/sysctl.conf".to_owned()))
        }
        _ if restores => {
            Some(rest.iter().find(|word| !word.starts_with('-')).cloned().unwrap_or_else(|| "-".to_owned()))
        }
        _ => None,
    };
    let reads_stdin = file.as_deref().is_some_and(|file| file == "-" || file == "/dev/stdin");
    Touch {
        changes: changes || restores,
        deletes: changes && has(DELETING),
        reads: file.filter(|_| !reads_stdin),
        reads_stdin,
    }
}

/// `program` without what tells which of two programs it is.
fn short(program: &str) -> &str {
    program.trim_end_matches("-nft").trim_end_matches("-legacy")
}

/// Whether a program makes rules of iptables.
pub fn is_iptables(program: &str) -> bool {
    ["iptables", "ip6tables", "iptables-restore", "ip6tables-restore"].contains(&short(program))
}

/// Whether a command only asks iptables whether a rule is there, or what there is.
pub fn asks_iptables(words: &[String]) -> bool {
    const ASKING: [&str; 6] = ["-C", "--check", "-S", "--list-rules", "-L", "--list"];
    words.first().is_some_and(|program| is_iptables(base(program)))
        && words.iter().any(|word| ASKING.contains(&word.as_str()))
}

/// Where a lab's stand-ins are.
pub const STAND_INS: &str = "/run/nsh/programs/";

/// Programs that only run others.
const WRAPPERS: WordList = WordList(
    "ash bash busybox chroot dash doas env fish flock ionice nice nohup parallel screen setpriv setsid sh stdbuf su sudo \
     time timeout tmux unbuffer unshare watch xargs zsh",
);

/// Programs that change no lab: of texts, files, time and processes.
const OTHERS: WordList = WordList(
    "[ apt apt-get awk base64 basename bc cat chgrp chmod chown clear cmp comm cp cut date dd df diff dirname du egrep \
     expand expr factor false fgrep file find fold free gawk getconf getent git grep groups gunzip gzip head hexdump \
     hostname id install join jq kill killall less ln locale logger logname ls lsmod lsof make man mawk md5sum mkdir mkfifo \
     mktemp modinfo modprobe more mount mv nproc numfmt od paste pgrep pidof pkill printenv printf ps pstree pwd readlink \
     realpath rev rm rmdir sed seq sha256sum shuf sleep sort split stat strings stty sync tac tail tar tee test touch tput \
     tr true truncate tty umount uname uniq unlink uptime wc which who whoami xxd yes",
);

pub fn runs_others(program: &str) -> bool {
    WRAPPERS.has(program)
}

pub fn is_other(program: &str) -> bool {
    OTHERS.has(program)
}

/// The commands in a file of `ip -batch`, `sysctl -p` and the like, if the command reads one.
pub fn batch(words: &[String], input: &str) -> Option<Vec<Vec<String>>> {
    let program = base(words.first()?).to_owned();
    let lines = input.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    match program.as_str() {
        "ip" | "bridge" | "tc" => {
            let at = words.iter().position(|word| word.starts_with("-b"))?;
            let options = &words[1..at];
            let command = |line: &str| {
                let rest =
                    line.split_whitespace().take_while(|word| !word.starts_with('#')).map(str::to_owned);
                std::iter::once(program.clone()).chain(options.iter().cloned()).chain(rest).collect()
            };
            Some(lines.map(command).collect())
        }
        _ => None,
    }
}
