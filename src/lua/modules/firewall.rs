//! `firewall`: rules that let packets pass or not, chains with policies, sets.

use std::time::Duration;

use mlua::Value;

use crate::base::error::{Error, Result};
use crate::lua::registry::Module;
use crate::lua::schema::ty::No;
use crate::lua::schema::{Builder, Cx, Failure, Function, Record, Shape, Type, opts, param, ret, shape, ty};
use crate::model::{self, Words};
use crate::net::nf::elements::{KeyType, Span};
use crate::net::nf::firewall::{
    self, Element, FirewallRule, NamedSet, Plan, RuleSpec, SetSpec, Tables, span_of, value_of,
};
use crate::net::nf::message::{Chain, Place, Placed};
use crate::net::nf::text;

#[derive(Default)]
struct AddOptions {
    spec: RuleSpec,
    before: Option<u64>,
    after: Option<u64>,
}

#[derive(Default)]
struct ListOptions {
    tables: Tables,
    filter: RuleSpec,
}

#[derive(Default)]
struct FlushOptions {
    chain: Option<String>,
}

/// A set's options, its elements as a script gave them.
#[derive(Clone, Default)]
struct SetOptions {
    key: Option<KeyType>,
    timeout: Option<Duration>,
    elements: Vec<model::Value>,
}

#[derive(Default)]
struct ElementOptions {
    timeout: Option<Duration>,
}

#[derive(Default)]
struct ApplyOptions {
    policy: Vec<(String, bool)>,
    chains: Vec<String>,
    sets: Vec<(String, SetOptions)>,
    rules: Vec<RuleSpec>,
}

/// A rule, or its handle.
fn rule() -> Type<u64> {
    Type::new("nsh.FirewallRule|integer", "a rule or its handle", |_, value| match value {
        Value::Integer(i) => u64::try_from(*i).map_err(|_| No::Other),
        Value::Table(t) => t.raw_get::<Option<u64>>("handle").ok().flatten().ok_or(No::Other),
        _ => Err(No::Other),
    })
}

fn rule_options(name: &'static str) -> Shape<RuleSpec> {
    Shape::<RuleSpec>::rows(name).requiring("action").requiring("chain")
}

fn add_options() -> Shape<AddOptions> {
    Shape::<AddOptions>::new("nsh.firewall.AddOptions")
        .include(rule_options(""), |o| &mut o.spec)
        .field("before", rule(), "put it before this rule of the chain", |o, v| o.before = Some(v))
        .field("after", rule(), "put it behind this rule of the chain", |o, v| o.after = Some(v))
}

fn tables() -> Type<Tables> {
    ty::parsed("\"FAMILY NAME\" such as \"ip filter\", or \"all\"", |text: &str| match text {
        "all" => Ok(Tables::All),
        name if name.split_whitespace().count() == 2 => Ok(Tables::One(name.to_owned())),
        _ => Err(Error::argument(format!(
            "expected a table's family and name such as \"ip filter\", or \"all\", got {text:?}"
        ))),
    })
}

fn list_options() -> Shape<ListOptions> {
    let filter = Shape::<RuleSpec>::rows_where("", |row| row != "insert");
    Shape::<ListOptions>::new("nsh.firewall.ListOptions")
        .field("table", tables(), "the rules of this table, or of \"all\"; default nsh's own", |o, v| {
            o.tables = v
        })
        .include(filter, |o| &mut o.filter)
}

pub fn record() -> Record<FirewallRule> {
    Record::of(
        "nsh.FirewallRule",
        "A rule, as the kernel holds it. It prints as `nft -a list` shows it, behind its chain.",
    )
    .field("handle", "its number in the table, to delete it by", |r: &FirewallRule| r.handle)
    .field("table", "the table's family and name", |r| r.table())
    .include(Builder::<RuleSpec>::rows("", "").plain(), |r| Some(&r.spec))
    .field("packets", "packets that it counted", |r| r.packets)
    .field("bytes", "bytes of those packets", |r| r.bytes)
    .field("text", "what it matches and does, as nft writes it", |r| r.text.clone())
    .shown(|r| r.to_string())
}

fn chain_record() -> Record<Placed<Chain>> {
    Record::of("nsh.firewall.Chain", "A chain of rules.")
        .field("name", "its name", |c: &Placed<Chain>| c.thing.name.clone())
        .field("table", "the table's family and name", |c| {
            format!("{} {}", text::family(c.family).unwrap_or("unknown"), c.table)
        })
        .field("type", "filter, nat or route, if it hangs on a hook", |c| c.thing.kind.clone())
        .field("hook", "where it hangs", |c| c.thing.hook.map(Words::name))
        .field("priority", "the lowest comes first on a hook", |c| c.thing.hook.map(|_| c.thing.priority))
        .field("policy", "accept or drop, for what no rule decides about", |c| {
            c.thing.hook.map(|_| if c.thing.drop { "drop" } else { "accept" })
        })
        .plain()
}

/// Ports are numbers, addresses texts.
struct Elements(Vec<model::Value>);

impl model::Give for Elements {
    fn luals() -> String {
        "(integer|string)[]".into()
    }

    fn give(self, to: &mut model::Values) {
        to.value(&model::Value::List(self.0));
    }
}

fn element_record() -> Record<Element> {
    Record::of("nsh.firewall.Element", "An element that goes after a time.")
        .field("timeout", "how many seconds it stays", |e: &Element| e.timeout.map(|time| time.as_secs_f64()))
        .field("expires", "how many seconds it stays from now on", |e| {
            e.expires.map(|time| time.as_secs_f64())
        })
        .plain()
}

/// A set, and its elements as texts.
struct Shown {
    set: NamedSet,
    names: Vec<String>,
}

impl Shown {
    fn of(set: NamedSet) -> Self {
        let names = set.elements.iter().map(|e| value_of(set.key, &e.span).to_string()).collect();
        Shown { set, names }
    }
}

fn set_record() -> Record<Shown> {
    Record::of("nsh.firewall.Set", "A set that rules look into. It prints as nft shows it, on one line.")
        .field("name", "its name", |s: &Shown| s.set.name.clone())
        .field("handle", "its number in the table", |s| s.set.handle)
        .field("type", "what it holds, in nft's words", |s| s.set.key.map(Words::name))
        .field("interval", "whether it may hold prefixes and ranges", |s| s.set.has_ranges())
        .field(
            "timeout",
            "how many seconds elements stay; 0: those that are given no time stay for good",
            |s| s.set.has_timeouts().then(|| s.set.timeout.unwrap_or_default().as_secs_f64()),
        )
        .field("elements", "what is in it", |s| {
            Elements(s.set.elements.iter().map(|e| value_of(s.set.key, &e.span)).collect())
        })
        .map("times", element_record(), "the times of those that go, by the element's text", |s| {
            let all = s.names.iter().map(String::as_str).zip(&s.set.elements);
            all.filter(|(_, element)| element.timeout.is_some() || element.expires.is_some()).collect()
        })
        .shown(|s| s.set.to_string())
}

fn element() -> Type<model::Value> {
    let number = ty::int(0..=i64::from(u32::MAX)).map(model::Value::Int);
    number.or(ty::string().map(model::Value::Text)).called("an element such as \"10.0.0.0/8\" or 80")
}

fn set_options(name: &'static str) -> Shape<SetOptions> {
    let types: Vec<(&str, KeyType)> = KeyType::WORDS.to_vec();
    Shape::<SetOptions>::new(name)
        .required(
            "type",
            ty::one_of(&types),
            "what it holds, in nft's words; addresses and inet_service (ports) may be ranges",
            |o, v| o.key = Some(v),
        )
        .field(
            "timeout",
            ty::seconds(),
            "how many seconds elements stay; 0: only those go that are given a time",
            |o, v| o.timeout = Some(v),
        )
        .field("elements", ty::list(element()), "what is in it at first", |o, v| o.elements = v)
}

impl SetOptions {
    fn spec(&self) -> Result<SetSpec> {
        let key = self.key.unwrap_or(KeyType::Ipv4Addr);
        Ok(SetSpec { key: Some(key), timeout: self.timeout, spans: spans(key, &self.elements)? })
    }
}

fn spans(key: KeyType, values: &[model::Value]) -> Result<Vec<Span>> {
    values.iter().map(|value| span_of(key, value)).collect()
}

fn verdict() -> Type<bool> {
    ty::one_of(&[("accept", false), ("drop", true)])
}

fn apply_options() -> Shape<ApplyOptions> {
    shape!(ApplyOptions = "nsh.firewall.ApplyOptions" => {
        policy: ty::map(verdict()), "what becomes of packets that no rule of a chain decides about; default accept";
        chains: ty::list(ty::string()), "chains to jump to";
        sets: ty::map(set_options("nsh.firewall.SetOptions").into()), "sets, by name";
        rules: ty::list(rule_options("nsh.firewall.RuleOptions").into()), "the rules, in order";
    })
}

fn add(cx: &Cx<'_>, (options,): (AddOptions,)) -> std::result::Result<FirewallRule, Failure> {
    let insert = options.spec.insert == Some(true);
    let place = match (insert, options.before, options.after) {
        (false, None, None) => Place::Back,
        (true, None, None) => Place::Front,
        (false, Some(handle), None) => Place::Before(handle),
        (false, None, Some(handle)) => Place::After(handle),
        _ => return Err(Error::argument("`insert`, `before` and `after` exclude each other").into()),
    };
    Ok(firewall::add(cx.ns, &options.spec, place)?)
}

fn apply(cx: &Cx<'_>, (options,): (ApplyOptions,)) -> std::result::Result<Vec<FirewallRule>, Failure> {
    let sets = options
        .sets
        .iter()
        .map(|(name, set)| Ok((name.clone(), set.spec().map_err(|e| e.detail(format!("sets.{name}")))?)));
    let sets = sets.collect::<Result<_>>()?;
    let plan = Plan { policies: options.policy, chains: options.chains, sets, rules: options.rules };
    Ok(firewall::apply(cx.ns, &plan)?)
}

fn elements(cx: &Cx<'_>, set: &str, values: &[model::Value]) -> Result<Vec<Span>> {
    spans(firewall::set_type(cx.ns, set)?, values)
}

pub fn module() -> Module {
    sets(chains(rules(Module::new(
        "firewall",
        "Rules that let packets pass or not, for IPv4 and IPv6, by nf_tables and without the program nft.\n\n\
         The rules stand in the table `inet nsh` of the namespace, in chains that are made when first needed and accept what \
         no rule decides about unless `firewall.policy` says otherwise. The first rule with a verdict decides within a \
         chain; what one table accepts, another one on the same hook may still drop. A rule for connections (`state`) turns \
         on connection tracking: see `conntrack.list`.",
    ))))
}

fn rules(module: Module) -> Module {
    let which = || param("rule", rule(), "a rule or its handle");
    module
        .function(
            Function::new("firewall.add", (opts(add_options()),), ret::record(record(), "the rule"), add)
                .doc(
                    "Adds a rule. All that is given must be so for it to match.\n\nRaises `argument` for options that \
                     contradict each other or never match in that chain, `not_found` for a chain, set or rule that isn't \
                     there, `unsupported` where the kernel lacks what the rule needs.",
                )
                .command("nft add rule inet nsh input iifname eth0 tcp dport 22 ct state new counter accept"),
        )
        .function(
            Function::new(
                "firewall.list",
                (opts(list_options()),),
                ret::list(record(), "the rules"),
                |cx, (o,)| Ok(firewall::list(cx.ns, &o.tables, &o.filter)?),
            )
            .doc(
                "Lists the rules with their counters, or those that all given options fit, chain by chain in the order in \
                 which they are tried. Rules of NAT are in `nat.list`. Those of other tables are told too, if asked for: \
                 what has no words here has the action `other` and its text.",
            )
            .command("nft -a list table inet nsh"),
        )
        .function(
            Function::new(
                "firewall.get",
                (which(),),
                ret::optional(record(), "the rule with its present counters, or nil"),
                |cx, (handle,)| Ok(firewall::get(cx.ns, handle)?),
            )
            .doc("Finds a rule of nsh's table by its handle.")
            .command("nft -a list table inet nsh"),
        )
        .function(
            Function::new("firewall.del", (which(),), ret::nothing(), |cx, (handle,)| {
                Ok(firewall::del(cx.ns, handle).map_err(|e| e.on(handle.to_string()))?)
            })
            .doc("Deletes a rule.\n\nRaises `not_found` if it is gone.")
            .command("nft delete rule inet nsh CHAIN handle HANDLE"),
        )
        .function(
            Function::new(
                "firewall.flush",
                (opts(shape!(FlushOptions = "nsh.firewall.FlushOptions" => {
                    chain: ty::string().map(Some), "only the rules of this chain, which stays with its policy";
                })),),
                ret::nothing(),
                |cx, (o,)| Ok(firewall::flush(cx.ns, o.chain.as_deref())?),
            )
            .doc(
                "Deletes all rules, chains and sets of nsh's table but those of NAT, and the table itself if nothing else is \
                 in it; policies go with the chains.\n\nRaises `not_found` for a chain that isn't there.",
            )
            .command("nft flush chain inet nsh CHAIN"),
        )
        .function(
            Function::new(
                "firewall.apply",
                (opts(apply_options()),),
                ret::list(record(), "the rules"),
                apply,
            )
            .doc(
                "Puts a whole firewall in the place of the one that is there, in one transaction: packets meet the old rules \
                 or the new ones, and on any error nothing is changed. NAT stays as it is.\n\nRaises as `firewall.add`, with \
                 the rule's place in the list.",
            )
            .command("nft -f FILE"),
        )
}

fn chains(module: Module) -> Module {
    let name = || param("name", ty::string(), "the chain's name");
    module
        .function(
            Function::new(
                "firewall.policy",
                (param("chain", ty::string(), "a chain on a hook"), param("policy", verdict(), "what becomes of the packets")),
                ret::nothing(),
                |cx, (chain, drop)| Ok(firewall::policy(cx.ns, &chain, drop).map_err(|e| e.on(chain))?),
            )
            .doc("Says what becomes of packets that no rule of a chain decides about. `firewall.chains` tells it.")
            .command("nft add chain inet nsh forward '{ policy drop; }'"),
        )
        .function(
            Function::new(
                "firewall.chains",
                (opts(Shape::<ListOptions>::new("nsh.firewall.ChainsOptions").field(
                    "table",
                    tables(),
                    "the chains of this table, or of \"all\"; default nsh's own",
                    |o, v| o.tables = v,
                )),),
                ret::list(chain_record(), "the chains"),
                |cx, (o,)| Ok(firewall::chains(cx.ns, &o.tables)?),
            )
            .doc("Lists the chains with their policies, without those of NAT.")
            .command("nft list chains"),
        )
        .function(
            Function::new("firewall.add_chain", (name(),), ret::nothing(), |cx, (name,)| {
                Ok(firewall::add_chain(cx.ns, &name).map_err(|e| e.on(name))?)
            })
            .doc("Makes a chain for rules with the action \"jump NAME\".\n\nRaises `exists` if there is one.")
            .command("nft add chain inet nsh NAME"),
        )
        .function(
            Function::new("firewall.del_chain", (name(),), ret::nothing(), |cx, (name,)| {
                Ok(firewall::del_chain(cx.ns, &name).map_err(|e| e.on(name))?)
            })
            .doc("Deletes a chain with its rules.\n\nRaises `not_found` if there is none, `busy` if a rule jumps there.")
            .command("nft delete chain inet nsh NAME"),
        )
}

fn sets(module: Module) -> Module {
    let name = || param("name", ty::string(), "the set's name");
    let list = || param("elements", ty::one_or_list(element()), "an element, or several");
    module
        .function(
            Function::new(
                "firewall.add_set",
                (name(), opts(set_options("nsh.firewall.AddSetOptions"))),
                ret::nothing(),
                |cx, (name, o)| {
                    let made = o.spec().and_then(|spec| firewall::add_set(cx.ns, &name, &spec));
                    Ok(made.map_err(|e| e.on(name))?)
                },
            )
            .doc(
                "Makes a set of addresses, ports, interfaces and so on, into which rules look by its name: \
                 `source = \"@NAME\"`. It can be changed while the rules stand.\n\nRaises `exists` if there is one.",
            )
            .command("nft add set inet nsh NAME '{ type ipv4_addr; flags interval; }'"),
        )
        .function(
            Function::new("firewall.sets", (), ret::list(set_record(), "the sets"), |cx, ()| {
                Ok(firewall::sets(cx.ns)?.into_iter().map(Shown::of).collect::<Vec<_>>())
            })
            .doc("Lists the sets that have names, with what is in them.")
            .command("nft list sets table inet nsh"),
        )
        .function(
            Function::new(
                "firewall.get_set",
                (name(),),
                ret::optional(set_record(), "the set, or nil"),
                |cx, (name,)| Ok(firewall::sets(cx.ns)?.into_iter().find(|set| set.name == name).map(Shown::of)),
            )
            .doc("Finds a set by its name.")
            .command("nft list set inet nsh NAME"),
        )
        .function(
            Function::new("firewall.del_set", (name(),), ret::nothing(), |cx, (name,)| {
                Ok(firewall::del_set(cx.ns, &name).map_err(|e| e.on(name))?)
            })
            .doc("Deletes a set.\n\nRaises `not_found` if there is none, `busy` if a rule looks into it.")
            .command("nft delete set inet nsh NAME"),
        )
        .function(
            Function::new(
                "firewall.add_elements",
                (
                    name(),
                    list(),
                    opts(shape!(ElementOptions = "nsh.firewall.ElementOptions" => {
                        timeout: ty::seconds().map(Some), "how many seconds they stay; for a set with timeouts";
                    })),
                ),
                ret::nothing(),
                |cx, (name, values, o)| {
                    let added = elements(cx, &name, &values)
                        .and_then(|spans| firewall::add_elements(cx.ns, &name, spans, o.timeout));
                    Ok(added.map_err(|e| e.on(name))?)
                },
            )
            .doc("Puts elements into a set, all of them or none.\n\nRaises `exists` if one is there, `not_found` for the set.")
            .command("nft add element inet nsh NAME '{ 10.0.0.1 timeout 60s }'"),
        )
        .function(
            Function::new(
                "firewall.del_elements",
                (name(), list()),
                ret::nothing(),
                |cx, (name, values)| {
                    let deleted = elements(cx, &name, &values)
                        .and_then(|spans| firewall::del_elements(cx.ns, &name, spans));
                    Ok(deleted.map_err(|e| e.on(name))?)
                },
            )
            .doc("Takes elements out of a set, all of them or none.\n\nRaises `not_found` if one isn't there.")
            .command("nft delete element inet nsh NAME '{ 10.0.0.1 }'"),
        )
}
