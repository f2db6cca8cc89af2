//! `iptables` and `ip6tables`: NAT by the module `nat`, everything else as text for `nft.load`.

mod nat;
mod rule;
mod ruleset;

use super::act::{Act, Call, Space};
use super::args::{Args, Reason, Result, WordList};
use super::lua::{self, Expr, Piece};
use rule::Rule;

/// What earlier commands of the same text have made.
#[derive(Clone, Default)]
pub struct Made {
    /// Tables and chains that are there, each with its namespace.
    chains: Vec<(Space, String)>,
    /// Chains of one's own, with their namespace and table.
    own: Vec<(Space, String, String)>,
    /// Whether a loop or condition is being translated: it may run several times, or not at all.
    pub nested: bool,
}

/// The family of a command: `ip` or `ip6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    pub six: bool,
}

impl Version {
    fn family(self) -> &'static str {
        if self.six { "ip6" } else { "ip" }
    }

    fn inet(self) -> &'static str {
        if self.six { "inet6" } else { "inet" }
    }
}

/// What is asked for.
enum Verb {
    Append,
    Insert,
    Delete,
    Policy(String),
    Flush,
    New,
    Remove,
    List,
}

const COMMANDS: WordList = WordList(
    "--append --insert --delete --policy --flush --new-chain --delete-chain --list --list-rules --table \
     --zero --check --replace",
);

/// Translates `iptables ARGS`.
pub fn translate(mut args: Args, space: &Space, six: bool, made: &mut Made) -> Result<Vec<Act>> {
    let version = Version { six };
    let (mut table, mut verb, mut chain) = ("filter".to_owned(), None, None);
    let mut rest = Vec::new();
    while let Some(arg) = args.take() {
        let option = arg.text().to_owned();
        let mut begin = |new: Verb, name: Option<String>| match verb.replace(new) {
            None => {
                chain = name;
                Ok(())
            }
            Some(_) => Err(Reason::new("iptables does one thing at a time")),
        };
        match option.as_str() {
            "-t" | "--table" => match args.value("-t")?.known {
                Some(name) => table = name,
                None => return Err(Reason::new("the table is only known when the script runs")),
            },
            "-A" | "--append" => begin(Verb::Append, Some(chain_name(&mut args)?))?,
            "-I" | "--insert" => begin(Verb::Insert, Some(chain_name(&mut args)?))?,
            "-D" | "--delete" => begin(Verb::Delete, Some(chain_name(&mut args)?))?,
            "-P" | "--policy" => {
                let name = chain_name(&mut args)?;
                let policy = args.value("-P")?.text().to_ascii_lowercase();
                if policy != "accept" && policy != "drop" {
                    return Err(Reason::new("a policy is ACCEPT or DROP"));
                }
                begin(Verb::Policy(policy), Some(name))?
            }
            "-F" | "--flush" => begin(Verb::Flush, optional_chain(&mut args))?,
            "-N" | "--new-chain" | "--new" => begin(Verb::New, Some(chain_name(&mut args)?))?,
            "-X" | "--delete-chain" => begin(Verb::Remove, optional_chain(&mut args))?,
            "-L" | "--list" | "-S" | "--list-rules" => begin(Verb::List, optional_chain(&mut args))?,
            "-n" | "--numeric" | "-v" | "--verbose" | "-x" | "--exact" | "--line-numbers" | "-w"
            | "--wait" | "-vn" | "-nv" | "-4" | "-6" => {}
            "-nL" | "-vL" | "-nvL" | "-vnL" => begin(Verb::List, optional_chain(&mut args))?,
            word if word.len() > 2
                && word.starts_with("-L")
                && word[2..].chars().all(|c| "nvx".contains(c)) =>
            {
                begin(Verb::List, optional_chain(&mut args))?
            }
            "-Z" | "--zero" | "-C" | "--check" | "-R" | "--replace" | "-E" => {
                return Err(Reason::new(format!("iptables {option} has no binding")));
            }
            word if verb.is_none() && word.starts_with("--") => {
                return Err(
                    Reason::new(format!("iptables: unknown option \"{word}\"")).near(word, COMMANDS.iter())
                );
            }
            _ => rest.push(arg),
        }
    }
    let Some(verb) = verb else { return Err(Reason::new("iptables: no command specified, such as -A")) };
    if !["filter", "nat", "mangle", "raw"].contains(&table.as_str()) {
        return Err(Reason::new(format!("iptables: there is no table \"{table}\""))
            .near(&table, ["filter", "nat", "mangle", "raw"]));
    }
    if table == "nat" {
        return of_nat(verb, chain, rest, space, version, made);
    }
    of_others(verb, &table, chain, rest, space, version, made)
}

fn chain_name(args: &mut Args) -> Result<String> {
    let name = args.value("the chain")?;
    name.known.ok_or_else(|| Reason::new("the chain is only known when the script runs"))
}

fn optional_chain(args: &mut Args) -> Option<String> {
    let name = args.peek().and_then(|a| a.known.clone()).filter(|name| !name.starts_with('-'))?;
    args.take();
    Some(name)
}

fn of_nat(
    verb: Verb,
    chain: Option<String>,
    rest: Vec<super::args::Arg>,
    space: &Space,
    version: Version,
    made: &mut Made,
) -> Result<Vec<Act>> {
    let hook = chain.as_deref().unwrap_or_default();
    match verb {
        Verb::Append | Verb::Insert => {
            let insert = matches!(verb, Verb::Insert);
            let rules = rule::read(rest, version, insert)?;
            let mut acts = Vec::new();
            for rule in rules {
                acts.extend(match nat::call(&rule, hook, insert, space, version)? {
                    Some(call) => vec![Act::Rule { call, name: key(hook, &rule, version) }],
                    None => ruleset::nat(&rule, hook, insert, space, version, made)?,
                });
            }
            Ok(acts)
        }
        Verb::Delete => {
            let rules = rule::read(rest, version, false)?;
            let names = rules.iter().map(|rule| key(hook, rule, version));
            Ok(names.map(|name| Act::DelRule { space: space.clone(), name }).collect())
        }
        Verb::Flush if chain.is_none() => Ok(vec![Act::Do(Call::new(space, "nat.flush", Vec::new()))]),
        Verb::List => Ok(vec![Act::Show(Call::new(space, "nat.list", Vec::new()))]),
        Verb::Policy(policy) if policy == "accept" => {
            Ok(vec![Act::Nothing("what NAT doesn't change passes in any case".to_owned())])
        }
        Verb::Remove => Ok(vec![Act::Nothing("there are no chains of one's own for NAT".to_owned())]),
        Verb::Flush => {
            Err(Reason::new("one chain of nat alone can't be flushed").hint("iptables -t nat -F flushes all"))
        }
        _ => Err(Reason::new("chains of one's own for NAT have no binding")),
    }
}

/// By what a rule is found again to be deleted.
fn key(chain: &str, rule: &Rule, version: Version) -> String {
    format!("{} {chain} {rule:?}", version.family())
}

fn of_others(
    verb: Verb,
    table: &str,
    chain: Option<String>,
    rest: Vec<super::args::Arg>,
    space: &Space,
    version: Version,
    made: &mut Made,
) -> Result<Vec<Act>> {
    let family = version.family();
    let name = chain.clone().unwrap_or_default();
    let constant = |lines: Vec<String>| vec![load(space, lines.into_iter().map(line).collect())];
    match verb {
        Verb::Append | Verb::Insert => {
            let insert = matches!(verb, Verb::Insert);
            let mut lines = ruleset::chain(table, &name, space, version, made)?;
            for rule in rule::read(rest, version, insert)? {
                let verb = if insert { "insert" } else { "add" };
                let mut text = vec![Piece::Text(format!("{verb} rule {family} {table} {name} "))];
                text.extend(ruleset::rule(&rule, version, false)?);
                lines.push(text);
            }
            Ok(vec![load(space, lines)])
        }
        Verb::Policy(policy) => {
            let hook = ruleset::hook(table, &name)
                .ok_or_else(|| Reason::new(format!("{name} has no policy: it is no chain of {table}")))?;
            Ok(constant(vec![
                format!("add table {family} {table}"),
                format!("add chain {family} {table} {name} {{ {hook} policy {policy}; }}"),
            ]))
        }
        Verb::Flush => {
            let what = match &chain {
                None => format!("flush table {family} {table}"),
                Some(chain) => format!("flush chain {family} {table} {chain}"),
            };
            let mut lines = match &chain {
                None => vec![line(format!("add table {family} {table}"))],
                Some(chain) => ruleset::chain(table, chain, space, version, made)?,
            };
            lines.push(line(what));
            Ok(vec![load(space, lines)])
        }
        Verb::New => {
            made.own.push((space.clone(), format!("{family} {table}"), name.clone()));
            Ok(constant(vec![
                format!("add table {family} {table}"),
                format!("add chain {family} {table} {name}"),
            ]))
        }
        Verb::Remove => {
            let whole = format!("{family} {table}");
            let chains: Vec<String> = made
                .own
                .iter()
                .filter(|(s, t, c)| {
                    s == space && *t == whole && chain.as_ref().is_none_or(|chain| chain == c)
                })
                .map(|(_, _, c)| c.clone())
                .collect();
            made.own.retain(|(s, t, c)| !(s == space && *t == whole && chains.contains(c)));
            match (&chain, chains.is_empty()) {
                (Some(chain), true) => Ok(constant(vec![format!("delete chain {whole} {chain}")])),
                (None, true) => Ok(vec![Act::Nothing("there are no chains of one's own".to_owned())]),
                _ => Ok(constant(chains.iter().map(|c| format!("delete chain {whole} {c}")).collect())),
            }
        }
        Verb::List => {
            // Of the whole family: a table that has no rule yet need not be there.
            let fields = vec![("family".to_owned(), Expr::text(family))];
            Ok(vec![Act::Probe(Call::new(space, "nft.list", vec![Expr::Table(fields)]))])
        }
        Verb::Delete => Err(Reason::new(format!("a rule of {table} can't be deleted by what it says"))
            .hint("nft.objects() tells its handle, and nft.load(\"delete rule ...\") deletes it")),
    }
}

fn line(text: impl Into<String>) -> Vec<Piece> {
    vec![Piece::Text(text.into())]
}

/// A call of `nft.load` with these lines.
fn load(space: &Space, lines: Vec<Vec<Piece>>) -> Act {
    let text = |piece: &Piece| if let Piece::Text(text) = piece { Some(text.clone()) } else { None };
    let constant: Option<Vec<String>> =
        lines.iter().map(|line| line.iter().map(text).collect::<Option<String>>()).collect();
    let text = match constant {
        Some(lines) if lines.len() == 1 => Expr::text(lines.concat()),
        Some(lines) => Expr::Long(lines.iter().map(|line| format!("  {line}\n")).collect()),
        None => Expr::Text(joined(lines)),
    };
    Act::Do(Call::new(space, "nft.load", vec![text]))
}

fn joined(lines: Vec<Vec<Piece>>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for (i, line) in lines.into_iter().enumerate() {
        let newline = (i > 0).then(|| Piece::Text("\n".to_owned()));
        for piece in newline.into_iter().chain(line) {
            lua::push(&mut out, piece);
        }
    }
    out
}
