//! What a line of a text looks like: a prompt with a command, a command, or neither.

use crate::shell::programs;

/// Words that begin what a shell may need several lines for.
const KEYWORDS: &[&str] =
    &["for", "while", "until", "if", "case", "select", "function", "{", "(", "((", "[", "[[", "!", "time"];
#[rustfmt::skip]
const BUILTINS: &[&str] = &[
    "alias", "bg", "bind", "builtin", "cd", "command", "declare", "dirs", "disown", "echo", "enable", "eval",
    "exec", "exit", "export", "false", "fg", "hash", "help", "history", "jobs", "kill", "let", "logout", "mapfile",
    "popd", "printf", "pushd", "pwd", "read", "readonly", "return", "set", "shift", "shopt", "source", "test", "times",
    "trap", "true", "type", "ulimit", "umask", "unalias", "unset", "wait",
];
/// Words of `ip`'s objects, with what may be left out of them.
#[rustfmt::skip]
const IP: &[&str] = &[
    "address", "addrlabel", "fou", "help", "ila", "ioam", "l2tp", "link", "macsec", "maddress", "monitor", "mptcp",
    "mroute", "mrule", "neighbor", "neighbour", "netconf", "netns", "nexthop", "ntable", "ntbl", "route", "rule", "sr",
    "stats", "tap", "tcpmetrics", "token", "tunnel", "tuntap", "vrf", "xfrm",
];
const BRIDGE: &[&str] = &["fdb", "link", "mdb", "monitor", "mst", "vlan", "vni"];
const TC: &[&str] = &["action", "actions", "chain", "class", "exec", "filter", "monitor", "qdisc"];
#[rustfmt::skip]
const NFT: &[&str] = &[
    "add", "create", "delete", "describe", "destroy", "export", "flush", "get", "insert", "list", "monitor", "rename",
    "replace", "reset",
];
/// Words that stand in sentences and in no command about a network.
const PROSE: &[&str] = &[
    "a", "an", "and", "are", "for", "is", "let's", "now", "of", "our", "the", "this", "using", "we", "with",
    "you",
];

pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word) || word.starts_with('(')
}

pub fn is_builtin(word: &str) -> bool {
    BUILTINS.contains(&word)
}

/// Whether a line begins with one of the shell's own commands, which no output looks like.
pub fn is_of_shell(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["exit" | "logout" | "cd"] | ["cd" | "unset" | "source" | ".", _] => true,
        ["export" | "alias", word, ..] => word.contains('='),
        _ => false,
    }
}

/// Whether a program's name is followed by what looks like its operands.
pub fn has_operands(line: &str) -> bool {
    let operand = |word: &str| word.starts_with('-') || word.contains(['/', '.', '=']);
    line.split_whitespace().nth(1).is_some_and(operand) && !line.ends_with([':', '.'])
}

/// Whether a line that isn't indented has options or paths behind its first word.
pub fn has_options(line: &str) -> bool {
    let mut words = line.split(' ');
    words.next().is_some_and(|first| !first.is_empty())
        && words.any(|word| word.starts_with(['-', '/', '~', '$']))
}

/// `NAME=VALUE`
pub fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}

pub fn is_name(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

/// The word that says what a line does: without `sudo`, assignments and what stands behind the word.
pub fn program(line: &str) -> &str {
    let mut words = line.split_whitespace().skip_while(|word| is_assignment(word));
    let first = words.next().unwrap_or_default();
    let first = match first {
        "sudo" | "doas" => words.find(|word| !word.starts_with('-') && !is_assignment(word)).unwrap_or(first),
        first => first,
    };
    // `f() {` defines f.
    first.split("()").next().unwrap_or_default().trim_end_matches(';')
}

/// Whether a line begins with a program whose words are known, and these follow.
pub fn is_certain(line: &str) -> bool {
    let word = program(line);
    let Some((_, rest)) = line.split_once(word) else { return false };
    let rest: Vec<&str> = rest.split_whitespace().collect();
    let first = rest.first().copied();
    let operand = || operand(&rest);
    let any_of = |words: &[&str]| operand().is_some_and(|word| abbreviates(word, words));
    match word.rsplit('/').next().unwrap_or_default() {
        "ip" => any_of(IP),
        "bridge" => any_of(BRIDGE),
        "tc" => any_of(TC),
        "nft" => first.is_some_and(|word| word.starts_with('-') || NFT.contains(&word)),
        "iptables" | "ip6tables" | "nsenter" | "unshare" => rest.iter().any(|word| word.starts_with('-')),
        "route" | "arp" => first.is_none_or(|w| w.starts_with('-') || ["add", "del", "|"].contains(&w)),
        "sysctl" => rest.iter().any(|word| word.starts_with('-') || word.contains('.')),
        _ => programs::translated(word) && first.is_some_and(|word| word != "=") && !line.contains(": "),
    }
}

/// The first word that is no option of `ip` and its like.
fn operand<'a>(words: &[&'a str]) -> Option<&'a str> {
    const WITH_VALUE: &[&str] =
        &["-n", "-netns", "-b", "-batch", "-f", "-family", "-rc", "-rcvbuf", "-l", "-loops"];
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(word) {
            words.next();
        } else if !word.starts_with('-') {
            return Some(word);
        }
    }
    None
}

fn abbreviates(word: &str, words: &[&str]) -> bool {
    let word = word.trim_end_matches([';', ')']);
    !word.is_empty() && words.iter().any(|whole| whole.starts_with(word))
}

/// A line with a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prompted<'a> {
    pub command: &'a str,
    /// `# ` alone, which begins a comment as well.
    pub doubtful: bool,
}

/// What stands behind a prompt: `$ `, `# `, `user@host:~$ `, `[user@host ~]# `, `bash-5.1# `, `/ # `, `host1$ `,
/// `(venv) $ `.
pub fn prompted(line: &str) -> Option<Prompted<'_>> {
    let rest = environment(line.trim_start());
    let end = rest.find(['$', '#', '%']).filter(|at| *at < 80)?;
    let (prompt, behind) = rest.split_at(end);
    let mark = &behind[..1];
    let command = match &behind[1..] {
        "" => "",
        after => after.strip_prefix([' ', '\t'])?.trim_start(),
    };
    let doubtful = prompt.is_empty() && mark == "#";
    let bare = prompt.is_empty() && mark != "%";
    (bare || is_prompt(prompt, mark)).then_some(Prompted { command, doubtful })
}

/// Without the name of a virtual environment.
fn environment(line: &str) -> &str {
    let inner = line.strip_prefix('(').and_then(|inner| inner.split_once(") "));
    inner
        .filter(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .map_or(line, |(_, rest)| rest)
}

/// What stands behind a prompt, in a line that may be a comment.
pub fn behind_prompt(line: &str) -> Option<&str> {
    let Prompted { command, doubtful } = prompted(line)?;
    (!doubtful || programs::known(command.split_whitespace().next().unwrap_or_default())).then_some(command)
}

fn is_prompt(prompt: &str, mark: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "@:~/._-+".contains(c);
    let inner = prompt.strip_prefix('[').and_then(|inner| inner.trim_end().strip_suffix(']'));
    if let Some(inner) = inner {
        return inner.contains('@') && inner.chars().all(|c| plain(c) || c == ' ');
    }
    // `host:~ # `, `/ # `
    let word = prompt.strip_suffix(' ').unwrap_or(prompt);
    let path = word.contains('@') || word.contains('~') || word.starts_with('/') || word.ends_with(':');
    let sound = word.chars().all(plain) && word.chars().any(|c| !c.is_ascii_digit());
    sound && !word.is_empty() && (path || (word == prompt && mark != "%"))
}

/// Whether a comment may be the prompt of root with a command.
pub fn is_command_of_root(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let prose = |(at, word): (usize, &&str)| {
        PROSE.contains(&word.to_ascii_lowercase().as_str()) && !is_named_a(&words, at)
    };
    is_certain(line) && !words.iter().enumerate().any(prose)
}

/// Whether the word there is `a`, and a name as in `ip netns add a`, `ip -n a link set a up`; no article, as in `add a bridge`.
fn is_named_a(words: &[&str], at: usize) -> bool {
    #[rustfmt::skip]
    const BEHIND_A_NAME: &[&str] =
        &["address", "alias", "dev", "down", "master", "mtu", "name", "netns", "peer", "type", "up", "via"];
    let before = at.checked_sub(1).map(|before| words[before]);
    words[at] == "a"
        && (matches!(before, Some("exec" | "-n" | "-netns"))
            || words.get(at + 1).is_none_or(|next| BEHIND_A_NAME.contains(next)))
}

/// Why a command can't be run as it stands: words in it stand for others.
pub fn placeholder(line: &str) -> Option<String> {
    let plain = unquoted(line);
    let bytes = plain.as_bytes();
    for (at, _) in plain.match_indices('<') {
        let inner = plain[at + 1..].split('>').next().unwrap_or_default();
        let named = inner.starts_with(|c: char| c.is_ascii_alphabetic())
            && !inner.ends_with(' ')
            && inner.chars().all(|c| c.is_ascii_alphanumeric() || "-_ ./".contains(c));
        let closed = plain.len() > at + 1 + inner.len();
        if named && closed && (at == 0 || bytes[at - 1] != b'<') {
            return Some(format!("<{inner}> stands for a word"));
        }
    }
    let dots = |word: &str| {
        word == "…" || word.ends_with("...") && word.trim_end_matches('.').len() + 3 == word.len()
    };
    plain.split_whitespace().any(dots).then(|| "dots stand for words".to_owned())
}

/// A line without what is quoted, or behind a comment's mark.
fn unquoted(line: &str) -> String {
    let (mut out, mut quote) = (String::new(), None);
    for c in line.chars() {
        match quote {
            Some(mark) if c == mark => quote = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c == '#' && out.ends_with(' ') => break,
            None => out.push(c),
        }
    }
    out
}

/// Whether how many packets a command sends is its own affair: a ping without a count ends when somebody ends it.
pub fn counts(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let ping = words.any(|word| ["ping", "ping6"].contains(&base(word)));
    !ping || words.any(|word| word.starts_with("-c") || word.starts_with("-w"))
}

/// Whether a command tells by its status what it found, so that to fail is no fault of the text.
pub fn asks(command: &str) -> bool {
    #[rustfmt::skip]
    const ASK: &[&str] = &[
        "ping", "ping6", "arping", "traceroute", "tracepath", "curl", "wget", "nc", "ncat", "netcat", "socat", "telnet", "ssh",
        "dig", "host", "nslookup", "grep", "egrep", "fgrep", "test", "[", "diff", "cmp", "timeout", "false", "pgrep",
    ];
    command.split_whitespace().any(|word| ASK.contains(&base(word)))
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

/// Whether a command does nothing but show links, addresses, neighbours, routes or bridges' ports, which take a moment to
/// settle.
pub fn is_look(command: &str) -> bool {
    const SETTLE: &[&str] = &["address", "link", "neighbour", "neighbor", "route"];
    if command.contains([';', '&', '>', '`', '\n']) || command.contains("$(") {
        return false;
    }
    let mut words: Vec<&str> = command.split('|').next().unwrap_or_default().split_whitespace().collect();
    loop {
        let options = |with: &str| skip_options(words.get(1..).unwrap_or_default(), with).to_vec();
        words = match words.first().map(|word| base(word)) {
            Some("sudo") => options("-u -g"),
            Some("ip") => match options("-n -netns -f -family").as_slice() {
                [object, "exec", _, inner @ ..] if abbreviates(object, &["netns"]) => inner.to_vec(),
                [object, rest @ ..] => return abbreviates(object, SETTLE) && shows(rest),
                [] => return false,
            },
            Some("bridge") => match options("-n -netns").as_slice() {
                [object, rest @ ..] => return abbreviates(object, &["link", "fdb", "mdb"]) && shows(rest),
                [] => return false,
            },
            _ => return false,
        };
    }
}

fn shows(words: &[&str]) -> bool {
    words.first().is_none_or(|word| ["show", "list", "ls", "lst", "sh"].contains(word))
}

/// Whether a command opens a shell, in which what follows is run.
pub fn opens_shell(command: &str) -> bool {
    const SHELLS: &[&str] = &["bash", "sh", "dash", "ash", "zsh", "ksh"];
    let mut words: Vec<&str> = command.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
    for _ in 0..8 {
        let Some(first) = words.first().map(|word| word.rsplit('/').next().unwrap_or_default()) else {
            return false;
        };
        let options = |from: usize, with: &str| skip_options(&words[from..], with).to_vec();
        words = match first {
            "sudo" | "doas" => {
                let inner = options(1, "-u -g -h -p -C -r -t -T");
                let shell = words[1..words.len() - inner.len()]
                    .iter()
                    .any(|w| ["-i", "-s", "--login", "--shell"].contains(w));
                if inner.is_empty() {
                    return shell;
                }
                inner
            }
            "ip" => match skip_options(&words[1..], "-n -netns") {
                [object, "exec", _, inner @ ..] if abbreviates(object, &["netns"]) => inner.to_vec(),
                _ => return false,
            },
            "nsenter" | "unshare" | "chroot" => {
                match options(1, "-t --target -S --setuid -G --setgid -w --wd") {
                    inner if inner.is_empty() => return words.len() > 1,
                    inner => inner,
                }
            }
            "env" | "exec" | "command" | "setsid" => options(1, "-u"),
            "su" => return !words.contains(&"-c"),
            shell if SHELLS.contains(&shell) => {
                return words[1..].iter().all(|word| word.starts_with(['-', '+'])) && !words.contains(&"-c");
            }
            _ => return false,
        };
    }
    false
}

fn skip_options<'a, 'b>(words: &'b [&'a str], with: &str) -> &'b [&'a str] {
    let mut at = 0;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-') || is_assignment(word)) {
        at += 1 + usize::from(with.split(' ').any(|option| option == *word));
    }
    words.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_of_any_usual_kind_are_seen() {
        for (line, command) in [
            ("$ ip l", Some("ip l")),
            ("u@h:~/x$ ip l", Some("ip l")),
            ("[root@h ~]# ip l", Some("ip l")),
            ("host1$ ip l", Some("ip l")),
            ("/ # ip l", Some("ip l")),
            ("bash-5.1# ip l", Some("ip l")),
            ("(venv) u@h:~$ ip l", Some("ip l")),
            ("u@h ~ % ip l", None),
            ("u@h:~ % ip l", Some("ip l")),
            ("root@h:/# ip l", Some("ip l")),
            ("$", Some("")),
            ("$A", None),
            ("echo $A", None),
            ("100% packet", None),
            ("3 packets, 0% loss", None),
            ("ip l # all", None),
        ] {
            assert_eq!(prompted(line).map(|p| p.command), command, "{line}");
        }
        assert!(prompted("# ip l").unwrap().doubtful && !prompted("$ ip l").unwrap().doubtful);
    }

    #[test]
    fn certain_commands_have_words_of_their_program() {
        for line in
            ["ip -n ns1 a", "sudo ip l", "bridge link", "route -n", "A=1 ping -c 1 x", "/sbin/ip netns add a"]
        {
            assert!(is_certain(line), "{line}");
        }
        for line in
            ["ip forwarding is off", "bridge name bridge id", "route to the host", "ns1", "curl: (7) x"]
        {
            assert!(!is_certain(line), "{line}");
        }
        assert!(is_command_of_root("ip link set lo up") && !is_command_of_root("ping the other host"));
        for line in [
            "ip netns add a",
            "ip -n a link set a up",
            "ip netns exec a ip a",
            "ip link add a type veth peer name b",
        ] {
            assert!(is_command_of_root(line), "{line}");
        }
        for line in ["ip link add a bridge", "ip netns a namespace of its own", "ip route for a host"] {
            assert!(!is_command_of_root(line), "{line}");
        }
    }

    #[test]
    fn words_for_others_are_seen() {
        for line in ["ip netns add <name>", "ip link add ... type veth", "ip a show <your device>", "ping …"]
        {
            assert!(placeholder(line).is_some(), "{line}");
        }
        for line in ["cat <<EOF >x", "a <in >out", "echo '<b>'", "ls # ...", "cat < a > b", "ping 10.0.0.1"] {
            assert_eq!(placeholder(line), None, "{line}");
        }
    }

    #[test]
    fn what_only_looks_is_seen() {
        for command in
            ["ip a", "sudo ip -n ns1 -br addr show dev x", "ip netns exec a ip link | grep UP", "bridge link"]
        {
            assert!(is_look(command), "{command}");
        }
        for command in
            ["ip link set a up", "ip a; ip l", "ip a > x", "ip netns", "ip netns exec a ping b", "sudo", "ip"]
        {
            assert!(!is_look(command), "{command}");
        }
        assert!(asks("sudo ip netns exec a /bin/ping -c 1 b") && !asks("ip link add grep0 type veth"));
    }

    #[test]
    fn what_opens_a_shell_is_seen() {
        for command in [
            "bash",
            "sudo -i",
            "sudo su -",
            "ip netns exec a bash",
            "sudo ip netns exec a /bin/sh --norc",
            "sudo nsenter --net=/run/netns/a",
            "nsenter -t 1 -n bash",
            "unshare -n",
            "exec bash -l",
            "sudo -u root bash # in",
        ] {
            assert!(opens_shell(command), "{command}");
        }
        for command in [
            "bash x.sh",
            "bash -c ls",
            "sudo ls",
            "ip netns exec a ls",
            "ip netns",
            "nsenter --net=/x ls",
            "su -c ls",
        ] {
            assert!(!opens_shell(command), "{command}");
        }
    }
}
