//! `ip` and its objects.

pub(super) mod addr;
mod kinds;
mod link;
pub(super) mod maddr;
pub(super) mod mpls;
pub(super) mod mptcp;
pub(super) mod mroute;
pub(super) mod neigh;
mod netns;
pub(super) mod nexthop;
mod object;
pub(super) mod route;
pub(super) mod rule;
pub(super) mod tuntap;
pub(super) mod xfrm;

use super::act::{Act, Call, Space};
use super::args::{Arg, Args, Fields, Reason, Result, WordList, abbreviates};
use super::lua::Expr;

/// What `ip`'s options in front of the object say.
#[derive(Clone, Debug, Default)]
pub struct Global {
    /// `-4`, `-6`, `-M`, `-f FAMILY`
    pub family: Option<&'static str>,
    pub json: bool,
    pub stats: bool,
    /// `-all`: all namespaces
    pub all: bool,
}

impl Global {
    /// Sets the option `family`, where one was asked for.
    pub fn set_family(&self, fields: &mut Fields) {
        if let Some(family) = self.family {
            fields.set("family", Expr::text(family));
        }
    }

    /// Prints what a call gives.
    pub fn show(&self, space: &Space, function: &'static str, args: Vec<Expr>) -> Act {
        Act::Show(self.shown(Call::new(space, function, args)))
    }

    /// The call, with what it gives as JSON where that was asked for.
    fn shown(&self, mut call: Call) -> Call {
        if self.json {
            call.after = JSON.to_owned();
        }
        call
    }
}

/// Stands behind a call whose result is printed as JSON.
pub const JSON: &str = "\0json";

/// What a command line of `ip` comes to; `space` is where it is run.
pub struct Done {
    pub acts: Vec<Act>,
    /// The command that `ip netns exec` is to run, and where.
    pub inner: Option<(Space, Vec<Arg>)>,
}

impl From<Vec<Act>> for Done {
    fn from(acts: Vec<Act>) -> Done {
        Done { acts, inner: None }
    }
}

/// In the order in which `ip` tries them, so that abbreviations mean the same. Those without a binding are left to
/// the program.
const OBJECTS: WordList = WordList(
    "address addrlabel maddress route rule neighbor neighbour ntable ntbl link l2tp fou ila macsec tunnel \
     tunl tuntap tap token tcpmetrics tcp_metrics monitor xfrm mroute mrule netns netconf vrf sr nexthop \
     mptcp ioam help stats",
);

/// Objects, and the module whose page tells what can be done with them.
const PAGES: &[(&str, &str)] = &[
    ("address", "addr"),
    ("link", "link"),
    ("route", "route"),
    ("nexthop", "nexthop"),
    ("rule", "rule"),
    ("neighbor", "neigh"),
    ("neighbour", "neigh"),
    ("netns", "namespace"),
    ("maddress", "maddr"),
    ("mroute", "mroute"),
    ("tuntap", "tun"),
    ("tap", "tun"),
    ("mptcp", "mptcp"),
    ("xfrm", "xfrm"),
];

/// Options of `ip` that take no value and change only how it prints.
const LOOKS: WordList = WordList(
    "details oneline timestamp tshort resolve color brief pretty human human-readable iec echo force \
     Numeric graph numeric",
);

/// Translates `ip ARGS`.
pub fn translate(mut args: Args, space: &Space) -> Result<Done> {
    let (mut space, mut global) = (space.clone(), Global::default());
    while let Some(arg) = args.peek().cloned() {
        let Some(option) = arg.known.as_deref().and_then(|a| a.strip_prefix('-')) else { break };
        args.take();
        let option = option.strip_prefix('-').unwrap_or(option);
        match option {
            "" => break,
            "4" => global.family = Some("inet"),
            "6" => global.family = Some("inet6"),
            "M" => global.family = Some("mpls"),
            "0" | "B" => return Err(Reason::beyond(format!("ip -{option} has no binding"))),
            "d" | "h" | "o" | "t" | "ts" | "c" | "br" | "p" | "N" => {}
            "a" => global.all = true,
            "s" | "stats" => global.stats = true,
            "j" => global.json = true,
            "n" => space = Space::Named(args.value("ip -n")?),
            "b" | "batch" => return Err(Reason::beyond("ip -batch has no binding")),
            "V" | "Version" => return Err(Reason::beyond("ip -V has no binding")),
            "rc" | "rcvbuf" | "l" | "loops" => drop(args.value("ip")?),
            option if option.starts_with("color=") || option.starts_with("c=") => {}
            option if abbreviates(option, "family") => {
                global.family = match args.value("ip -family")?.text() {
                    "inet" => Some("inet"),
                    "inet6" => Some("inet6"),
                    "mpls" => Some("mpls"),
                    other => return Err(Reason::beyond(format!("ip -family {other} has no binding"))),
                }
            }
            option if abbreviates(option, "netns") => space = Space::Named(args.value("ip -netns")?),
            option if abbreviates(option, "all") => global.all = true,
            option if option.starts_with('s') && abbreviates(option, "statistics") => global.stats = true,
            option if abbreviates(option, "json") => global.json = true,
            option if LOOKS.iter().any(|l| abbreviates(option, l)) => {}
            option => {
                let known = LOOKS.iter().chain(["family", "netns", "all", "statistics", "json", "batch"]);
                return Err(Reason::new(format!("Option \"-{option}\" is unknown, try \"ip -help\""))
                    .near(option, known));
            }
        }
    }
    let Some(object) = args.take() else {
        return Err(Reason::new("ip: the object is missing, such as link, addr or route"));
    };
    let Some(word) = object.known.clone() else {
        return Err(Reason::new("ip: the object is only known when the script runs"));
    };
    let Some(name) = OBJECTS.iter().find(|o| abbreviates(&word, o)) else {
        let known =
            ["addr", "link", "route", "neigh", "netns", "rule", "address", "monitor", "tuntap", "vrf"];
        let reason = Reason::new(format!("Object \"{word}\" is unknown, try \"ip help\""));
        return Err(reason.near(&word, known));
    };
    if args.peek().is_some_and(|arg| arg.is("help"))
        && let Some((_, module)) = PAGES.iter().find(|(object, _)| *object == name)
    {
        return Ok(Done::from(vec![Act::Lua(vec![format!("help({module})")])]));
    }
    match name {
        "route" if global.family == Some("mpls") => translate_object::<mpls::Labels>(args, &space, &global),
        other if global.family == Some("mpls") => {
            Err(Reason::beyond(format!("ip -family mpls {other} has no binding")))
        }
        "address" => translate_object::<addr::Addresses>(args, &space, &global),
        "link" => link::translate(args, &space, &global).map(Done::from),
        "route" => translate_object::<route::Routes>(args, &space, &global),
        "nexthop" => translate_object::<nexthop::Nexthops>(args, &space, &global),
        "rule" => translate_object::<rule::Rules>(args, &space, &global),
        "neighbor" | "neighbour" => translate_object::<neigh::Neighbours>(args, &space, &global),
        "netns" => netns::translate(args, &space, &global),
        "maddress" => translate_object::<maddr::Groups>(args, &space, &global),
        "tuntap" | "tap" => tuntap::translate(args, &space, &global).map(Done::from),
        "mroute" => translate_object::<mroute::Routes>(args, &space, &global),
        "mptcp" => mptcp::translate(args, &space, &global),
        "xfrm" => xfrm::translate(args, &space, &global),
        "help" => Err(Reason::new(
            "ip help: help(link), help(addr), help(route), help(neigh), help(rule) and \
             help(namespace) tell what nsh has",
        )),
        "monitor" => Err(Reason::beyond("ip monitor has no binding")),
        other => Err(Reason::beyond(format!("ip {other} has no binding"))),
    }
}

fn translate_object<O: object::Object>(args: Args, space: &Space, global: &Global) -> Result<Done> {
    object::translate::<O>(args, space, global).map(Done::from)
}

/// Finds the command that `word` is short for among those in their order, each with the names that must be written
/// out.
fn verb<'a>(
    object: &str,
    word: &Arg,
    mut verbs: impl Iterator<Item = (&'static str, &'a [&'a str])> + Clone,
) -> Result<&'static str> {
    let known = verbs.clone().map(|(verb, _)| verb);
    let Some(text) = &word.known else {
        return Err(Reason::new(format!("ip {object}: the command is only known when the script runs")));
    };
    let found = verbs.find(|(verb, whole)| abbreviates(text, verb) || whole.contains(&text.as_str()));
    found.map(|(verb, _)| verb).ok_or_else(|| {
        Reason::new(format!("Command \"{text}\" is unknown, try \"ip {object} help\"")).near(text, known)
    })
}

/// What `ip` says to a word that is neither an option nor, after the first, a name.
fn garbage(word: &Arg, known: &[&'static str]) -> Reason {
    let shown = word.shown();
    Reason::new(format!("either \"dev\" is duplicate, or \"{shown}\" is a garbage"))
        .near(&shown, known.iter().copied())
}
