//! `firewall`: rules that let packets pass or not, chains with policies, sets and maps.

mod flow;
mod sets;

use mlua::Value;

use crate::base::error::{Error, Result};
use crate::lua::registry::Module;
use crate::lua::schema::ty::No;
use crate::lua::schema::{
    Builder, Cx, Failure, Function, Record, Shape, Type, Wrong, opts, param, ret, shape, ty,
};
use crate::model::Words;
use crate::net::nf::firewall::{self, FirewallRule, Flowtable, Plan, RuleSpec, Tables};
use crate::net::nf::message::{Chain, Place, Placed};
use crate::net::nf::text;
use sets::SetOptions;

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

#[derive(Default)]
struct ApplyOptions {
    policy: Vec<(String, bool)>,
    chains: Vec<String>,
    sets: Vec<(String, SetOptions)>,
    maps: Vec<(String, SetOptions)>,
    flowtables: Vec<(String, Flowtable)>,
    rules: Vec<RuleSpec>,
}

/// A rule, or its handle.
fn rule() -> Type<u64> {
    Type::new("nsh.FirewallRule|integer", "a rule or its handle", |_, value| match value {
        Value::Integer(i) => u64::try_from(*i).map_err(|_| No::Other),
        Value::Table(t) => {
            let table = t.raw_get::<Option<String>>("table").ok().flatten();
            if let Some(other) = table.filter(|table| table != "inet nsh") {
                // Each table counts its handles by itself.
                let wrong = Wrong::new(format!("the rule is of the table {other}, not of nsh's own"));
                return Err(wrong.hint("`nft.load` changes other tables").into());
            }
            t.raw_get::<Option<u64>>("handle").ok().flatten().ok_or(No::Other)
        }
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

fn verdict() -> Type<bool> {
    ty::one_of(&[("accept", false), ("drop", true)])
}

fn apply_options() -> Shape<ApplyOptions> {
    shape!(ApplyOptions = "nsh.firewall.ApplyOptions" => {
        policy: ty::map(verdict()), "what becomes of packets that no rule of a chain decides about; default accept";
        chains: ty::list(ty::string()), "chains to jump to";
        sets: ty::map(sets::set_options("nsh.firewall.SetOptions").into()), "sets, by name";
        maps: ty::map(sets::map_options("nsh.firewall.MapOptions").into()), "maps, by name";
        flowtables: ty::map(flow::options("nsh.firewall.FlowtableOptions").into()), "flow tables, by name";
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
    let named = |(name, set): &(String, SetOptions)| {
        let sort = if set.to.is_some() { "maps" } else { "sets" };
        Ok((name.clone(), set.spec().map_err(|e| e.detail(format!("{sort}.{name}")))?))
    };
    let sets = options.sets.iter().chain(&options.maps).map(named).collect::<Result<_>>()?;
    let flowtables =
        options.flowtables.into_iter().map(|(name, table)| Flowtable { name, ..table }).collect();
    let plan =
        Plan { policies: options.policy, chains: options.chains, sets, flowtables, rules: options.rules };
    Ok(firewall::apply(cx.ns, &plan)?)
}

pub fn module() -> Module {
    flow::functions(sets::functions(chains(rules(Module::new(
        "firewall",
        "Rules that let packets pass or not, for IPv4 and IPv6, by nf_tables and without the program nft.\n\n\
         The rules stand in the table `inet nsh` of the namespace, in chains that are made when first needed and accept what \
         no rule decides about unless `firewall.policy` says otherwise. The first rule with a verdict decides within a \
         chain; what one table accepts, another one on the same hook may still drop. A rule for connections (`state`) turns \
         on connection tracking: see `conntrack.list`.",
    )))))
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
                "Deletes all rules, chains, sets and flow tables of nsh's table but those of NAT, and the table itself if nothing \
                 else is in it; policies go with the chains. Maps that a rule of NAT asks stay.\n\nRaises `not_found` for a chain that isn't there.",
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
                 or the new ones, and on any error nothing is changed. NAT stays as it is; a map that it asks stays \
                 too, and holds what the new firewall has for it, if it has it.\n\nRaises as `firewall.add`, with \
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
