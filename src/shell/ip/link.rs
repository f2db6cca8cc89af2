//! `ip link`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Arg, Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use super::{Global, garbage, kinds, verb};
use crate::model::{Access, Table};
use crate::net::link::{Common as Attributes, is_pair};

pub fn translate(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let Some(word) = args.take() else { return show(args, space, global) };
    let verbs: &[(&'static str, &[&str])] = &[
        ("add", &[]),
        ("set", &["change"]),
        ("replace", &[]),
        ("delete", &[]),
        ("show", &["lst"]),
        ("list", &[]),
        ("xstats", &[]),
        ("afstats", &[]),
        ("property", &[]),
        ("help", &[]),
    ];
    match verb("link", &word, verbs.iter().copied())? {
        "add" => add(args, space),
        "set" => set(args, space),
        "delete" => del(args, space),
        "show" | "list" => show(args, space, global),
        "property" => property(args, space),
        other => Err(Reason::beyond(format!("ip link {other} has no binding"))),
    }
}

/// What `ip link add`, `ip link set` and a veth's peer have in common.
#[derive(Default)]
struct Common {
    name: Option<Arg>,
    fields: Fields,
    netns: Option<Arg>,
    link: Option<Arg>,
    kind: Option<Arg>,
    nomaster: bool,
}

/// Words besides those of the attributes.
const WORDS: &str =
    "name down master nomaster netns type link numtxqueues numrxqueues dev broadcast vf state";

/// Those without a binding.
const BEYOND: &str = "broadcast brd vf state xdp trailers dynamic link-netns link-netnsid gso_max_size gso_max_segs vrf \
                      index_to";

/// Reads options up to `type`, whose arguments are the kind's.
fn common(args: &mut Args, setting: bool) -> Result<Common> {
    let mut out = Common::default();
    while let Some(arg) = args.take() {
        let long = arg.text().len() > 3 && abbreviates(arg.text(), "address");
        let option = if long { "address".to_owned() } else { arg.text().to_owned() };
        let row = Attributes::row(&option);
        let access = row.map(|row| row.access);
        let fields = &mut out.fields;
        match option.as_str() {
            "name" if !setting || out.name.is_none() => out.name = Some(args.value("name")?),
            "name" => fields.set("name", args.value("name")?.expr()),
            "dev" => out.name = Some(args.value("dev")?),
            "link" => out.link = Some(args.value("link")?),
            "netns" => out.netns = Some(args.value("netns")?),
            "master" => fields.set("master", args.value("master")?.expr()),
            "nomaster" => out.nomaster = true,
            "numtxqueues" | "numrxqueues" if !setting => {
                fields.set("queues", args.value(&option)?.integer(&option)?)
            }
            "numtxqueues" | "numrxqueues" => {
                return Err(Reason::new("queues can't be changed once the link is there"));
            }
            "type" => {
                out.kind = Some(args.value("type")?);
                break;
            }
            _ if access == Some(Access::Make) && setting => {
                return Err(Reason::new(format!("the {option} can't be changed once the link is there")));
            }
            _ if (setting || access != Some(Access::Change))
                && fields.row::<Attributes>(&option, args)? => {}
            word if row.is_some() || BEYOND.split_whitespace().any(|beyond| beyond == word) => {
                return Err(Reason::beyond(format!("ip link's {option} has no binding")));
            }
            _ if out.name.is_none() => out.name = Some(arg),
            _ => {
                let known: Vec<&str> =
                    Attributes::keywords().into_iter().chain(WORDS.split_whitespace()).collect();
                return Err(garbage(&arg, &known));
            }
        }
    }
    Ok(out)
}

fn add(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let mut common = common(&mut args, false)?;
    let Some(kind) = common.kind.take() else {
        return Err(Reason::new("Not enough information: \"type\" argument is required"));
    };
    let Some(kind) = kind.known else {
        return Err(Reason::new("the type of a link is only known when the script runs"));
    };
    let mut fields = Fields::default();
    fields.set("kind", Expr::text(kind.clone()));
    if let Some(link) = &common.link {
        fields.set("link", link.expr());
    }
    let home = space_of(common.netns.as_ref());
    if kinds::options(&kind, false, &mut args, &mut fields)? {
        fields.set("peer", peer(&kind, &mut args, home.is_some().then_some(space))?);
    } else if home.is_some() && is_pair(&kind) {
        fields.set("peer", Expr::Table(vec![("ns".to_owned(), Expr::Space(space.clone()))]));
    }
    let name = common.name.take().ok_or_else(|| {
        Reason::beyond("the link has no name").hint("give it one: ip link add NAME type KIND")
    })?;
    let down = common.fields.0.iter().any(|(n, v)| n == "up" && *v == Expr::code("false"));
    if down {
        common.fields.take("up");
    }
    // A link below or a master is looked for where the command is run, so the link moves only afterwards.
    let moves = fields.has("link") || common.fields.has("master") || fields.has("vxlan");
    if home.is_some() && common.fields.has("master") {
        return Err(Reason::new("master and netns exclude each other: a port is where its bridge is"));
    }
    let up = if moves && home.is_some() { common.fields.take("up") } else { None };
    fields.0.extend(common.fields.0);
    let first = name.expr();
    match home {
        Some(home) if moves => {
            let mut acts = vec![Act::Do(Call::new(space, "link.add", fields.after([first.clone()])))];
            let to = Expr::Table(vec![("ns".to_owned(), Expr::Space(home.clone()))]);
            acts.push(Act::Do(Call::new(space, "link.set", vec![first.clone(), to])));
            if let Some(up) = up {
                let up = Expr::Table(vec![("up".to_owned(), up)]);
                acts.push(Act::Do(Call::new(&home, "link.set", vec![first, up])));
            }
            Ok(acts)
        }
        home => {
            let space = home.as_ref().unwrap_or(space);
            Ok(vec![Act::Do(Call::new(space, "link.add", fields.after([first])))])
        }
    }
}

/// The other end of a pair; `from` is where the command is run, if the near end is made elsewhere.
fn peer(kind: &str, args: &mut Args, from: Option<&Space>) -> Result<Expr> {
    let common = common(args, false)?;
    if common.kind.is_some() || common.link.is_some() || common.nomaster {
        return Err(Reason::new(format!("{kind}: a peer has neither type nor link")));
    }
    let mut fields = Fields::default();
    if let Some(name) = common.name {
        fields.set("name", name.expr());
    }
    match (space_of(common.netns.as_ref()), from) {
        (Some(space), _) => fields.set("ns", Expr::Space(space)),
        (None, Some(from)) => fields.set("ns", Expr::Space(from.clone())),
        (None, None) => {}
    }
    fields.0.extend(common.fields.0);
    Ok(fields.table())
}

/// The namespace that `netns` names: 1 is the process in whose namespace everything began.
fn space_of(netns: Option<&Arg>) -> Option<Space> {
    let netns = netns?;
    Some(if netns.is("1") { Space::Named(Arg::of("host")) } else { Space::Named(netns.clone()) })
}

fn set(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    // The first word is the link's name unless it is one of these.
    if args.peek().is_some_and(|a| a.is("group")) && args.rest().len() > 2 {
        return Err(Reason::beyond("ip link set group has no binding"));
    }
    let mut common = common(&mut args, true)?;
    let mut fields = std::mem::take(&mut common.fields);
    let Some(name) = common.name else {
        return Err(Reason::new("Not enough of information: \"dev\" argument is required"));
    };
    if common.link.is_some() {
        return Err(Reason::beyond("ip link set link has no binding"));
    }
    if common.nomaster {
        fields.set("master", Expr::code("false"));
    }
    if let Some(kind) = common.kind {
        match kind.text() {
            "bridge_slave" => kinds::port(&mut args, &mut fields)?,
            other => drop(kinds::options(other, true, &mut args, &mut fields)?),
        }
    }
    if let Some(word) = args.take() {
        return Err(garbage(&word, &[]));
    }
    let mut acts = Vec::new();
    let mut name = name.expr();
    let mut place = space.clone();
    if let Some(home) = space_of(common.netns.as_ref()) {
        if fields.has("master") {
            return Err(Reason::new("master and netns exclude each other: a port is where its bridge is"));
        }
        let to = Expr::Table(vec![("ns".to_owned(), Expr::Space(home.clone()))]);
        acts.push(Act::Do(Call::new(space, "link.set", vec![name.clone(), to])));
        place = home;
    }
    // A new name is given while the link is down, and counts from then on.
    if let Some(new) = fields.take("name") {
        let renamed = Expr::Table(vec![("name".to_owned(), new.clone())]);
        acts.push(Act::Do(Call::new(&place, "link.set", vec![name, renamed])));
        name = new;
    }
    if !fields.is_empty() {
        acts.push(Act::Do(Call::new(&place, "link.set", fields.after([name]))));
    }
    match acts.is_empty() {
        true => Err(Reason::new("ip link set: nothing to set")),
        false => Ok(acts),
    }
}

fn del(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let common = common(&mut args, true)?;
    if common.fields.has("group") {
        return Err(Reason::beyond("ip link del group has no binding"));
    }
    let name =
        common.name.ok_or_else(|| Reason::new("Not enough information: \"dev\" argument is required"))?;
    if !common.fields.is_empty() {
        return Err(Reason::new("ip link del takes a name alone"));
    }
    Ok(vec![Act::Do(Call::new(space, "link.del", vec![name.expr()]))])
}

fn show(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let (mut name, mut fields) = (None, Fields::default());
    while let Some(arg) = args.take() {
        match arg.text() {
            "dev" => name = Some(args.value("dev")?),
            "up" => fields.flag("up"),
            "master" => fields.set("master", args.value("master")?.expr()),
            "type" => fields.set("kind", args.value("type")?.expr()),
            "group" => fields.set("group", args.value("group")?.number_or_name()),
            option @ ("vrf" | "nomaster" | "novf") => {
                return Err(Reason::beyond(format!("ip link show {option} has no binding")));
            }
            _ if name.is_none() => name = Some(arg),
            _ => return Err(garbage(&arg, &["dev", "up", "master", "type", "group"])),
        }
    }
    Ok(vec![match name {
        Some(name) if global.stats => global.show(space, "link.stats", vec![name.expr()]),
        Some(name) => global.show(space, "link.get", vec![name.expr()]),
        None => global.show(space, "link.list", fields.after([])),
    }])
}

/// `ip link property add dev NAME altname OTHER`
fn property(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let word = args.value("ip link property")?;
    let field = match verb("link property", &word, [("add", &[][..]), ("delete", &[])].into_iter())? {
        "add" => "altname",
        _ => "altname_del",
    };
    let (mut name, mut names) = (None, Vec::new());
    while let Some(arg) = args.take() {
        match arg.text() {
            "dev" => name = Some(args.value("dev")?),
            "altname" => names.push(args.value("altname")?.expr()),
            _ if name.is_none() => name = Some(arg),
            _ => return Err(garbage(&arg, &["dev", "altname"])),
        }
    }
    let name = name.ok_or_else(|| Reason::new("Not enough information: \"dev\" argument is required"))?;
    let value = match names.len() {
        0 => return Err(Reason::new("altname is missing")),
        1 => names.remove(0),
        _ => Expr::List(names),
    };
    let table = Expr::Table(vec![(field.to_owned(), value)]);
    Ok(vec![Act::Do(Call::new(space, "link.set", vec![name.expr(), table]))])
}
