//! `tc`: qdisc, class and filter.

use super::super::act::{Act, Call, Space};
use super::super::args::{Arg, Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use crate::net::tc::{self, Control, Kind};

/// What a command is about, and the verbs that it has.
struct Object {
    name: &'static str,
    verbs: &'static [(&'static str, &'static str)],
}

const OBJECTS: &[Object] = &[
    Object {
        name: "qdisc",
        verbs: &[
            ("add", "tc.qdisc.add"),
            ("replace", "tc.qdisc.replace"),
            ("change", "tc.qdisc.replace"),
            ("delete", "tc.qdisc.del"),
            ("show", "tc.qdisc.list"),
            ("list", "tc.qdisc.list"),
        ],
    },
    Object {
        name: "class",
        verbs: &[
            ("add", "tc.class.add"),
            ("replace", "tc.class.replace"),
            ("change", "tc.class.replace"),
            ("delete", "tc.class.del"),
            ("show", "tc.class.list"),
            ("list", "tc.class.list"),
        ],
    },
    Object {
        name: "filter",
        verbs: &[
            ("add", "tc.filter.add"),
            ("replace", "tc.filter.replace"),
            ("change", "tc.filter.replace"),
            ("delete", "tc.filter.del"),
            ("show", "tc.filter.list"),
            ("list", "tc.filter.list"),
        ],
    },
];

/// Translates `tc ARGS`.
pub fn translate(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let mut space = space.clone();
    while let Some(option) = args.peek().and_then(|a| a.known.clone()).filter(|a| a.starts_with('-')) {
        args.take();
        match option.trim_start_matches('-') {
            "n" | "netns" => space = Space::Named(args.value("tc -n")?),
            "s" | "stats" | "statistics" | "d" | "details" | "p" | "pretty" | "c" | "color" | "g"
            | "graph" => {}
            other => return Err(Reason::beyond(format!("tc -{other} has no binding"))),
        }
    }
    let word = args.value("tc's object")?;
    let Some(object) = OBJECTS.iter().find(|object| abbreviates(word.text(), object.name)) else {
        return Err(Reason::beyond(format!("tc {} has no binding", word.shown()))
            .near(word.text(), ["qdisc", "class", "filter"]));
    };
    let verb = args.take().unwrap_or_else(|| Arg::of("show"));
    let Some((verb, function)) = object.verbs.iter().find(|(name, _)| abbreviates(verb.text(), name)) else {
        return Err(Reason::beyond(format!("tc {} {} has no binding", object.name, verb.shown()))
            .near(verb.text(), object.verbs.iter().map(|(name, _)| *name)));
    };
    let line = Line::read(args, object.name)?;
    let call = line.call(&space, object.name, verb, function)?;
    Ok(vec![if function.ends_with(".list") { Act::Show(call) } else { Act::Do(call) }])
}

/// A command line behind the verb.
#[derive(Default)]
struct Line {
    dev: Option<Arg>,
    block: Option<Expr>,
    classid: Option<Arg>,
    fields: Fields,
}

impl Line {
    fn read(mut args: Args, object: &str) -> Result<Self> {
        let mut line = Line::default();
        while let Some(arg) = args.take() {
            match arg.text() {
                "dev" => line.dev = Some(args.value("dev")?),
                "root" => line.fields.set("parent", Expr::text("root")),
                "parent" => line.fields.set("parent", args.value("parent")?.expr()),
                "classid" => line.classid = Some(args.value("classid")?),
                "handle" => line.handle(&args.value("handle")?, object),
                word @ ("ingress" | "egress") if object == "filter" => {
                    line.fields.set("parent", Expr::text(word))
                }
                "protocol" => line.fields.set("protocol", args.value("protocol")?.number_or_name()),
                word @ ("prio" | "pref" | "preference" | "priority") if object == "filter" => {
                    line.fields.set("pref", args.value(word)?.integer(word)?);
                }
                "chain" => line.fields.set("chain", args.value("chain")?.integer("chain")?),
                "block" if object == "filter" => line.block = Some(args.value("block")?.integer("block")?),
                word @ ("ingress_block" | "egress_block") if object == "qdisc" => {
                    line.fields.set(word, args.value(word)?.integer(word)?);
                }
                word @ ("block" | "estimator" | "stab" | "ingress_block" | "egress_block") => {
                    return Err(Reason::beyond(format!("tc's {word} has no binding")));
                }
                _ => {
                    line.kind(&arg, &mut args, object)?;
                    break;
                }
            }
        }
        if let Some(rest) = args.take() {
            return Err(Reason::new(format!("tc {object}: unknown word \"{}\"", rest.shown())));
        }
        Ok(line)
    }

    fn handle(&mut self, handle: &Arg, object: &str) {
        let text = handle.text();
        if object == "filter" {
            // fw has a mask behind it.
            let (number, mask) = text.split_once('/').unwrap_or((text, ""));
            self.fields.set("handle", Arg::of(number).number_or_name());
            if !mask.is_empty() {
                let mask = ("mask".to_owned(), Arg::of(mask).number_or_name());
                self.fields.set("fw", Expr::Table(vec![mask]));
            }
            return;
        }
        let whole = if text.contains(':') { handle.clone() } else { handle.clone().with(":") };
        self.fields.set("handle", whole.expr());
    }

    /// The kind, its options, and the actions behind them.
    fn kind(&mut self, kind: &Arg, args: &mut Args, object: &str) -> Result<()> {
        let mask = self.fields.take("fw");
        let mut reader = Reader::of(kind.text(), args);
        match object {
            "qdisc" => tc::visit_qdiscs(&mut reader),
            "class" => tc::visit_classes(&mut reader),
            _ => tc::visit_filters(&mut reader),
        }
        let mut own = reader.done()?;
        if let Some(Expr::Table(mask)) = mask {
            own.0.extend(mask);
        }
        match own.is_empty() {
            true => self.fields.set("kind", kind.expr()),
            false => self.fields.set(kind.text(), own.table()),
        }
        let mut actions = Vec::new();
        while args.skip("action") || !args.is_empty() && !actions.is_empty() {
            actions.push(action(args)?);
        }
        match actions.len() {
            0 => {}
            1 => self.fields.set("actions", actions.remove(0)),
            _ => self.fields.set("actions", Expr::List(actions)),
        }
        Ok(())
    }

    fn call(mut self, space: &Space, object: &str, verb: &str, function: &'static str) -> Result<Call> {
        if function.ends_with(".list") {
            self.fields.set("dev", self.dev.as_ref().map_or(Expr::code("nil"), Arg::expr));
            if self.dev.is_none() {
                self.fields.take("dev");
            }
            if let Some(block) = self.block {
                self.fields.set("block", block);
            }
            return Ok(Call::new(space, function, self.fields.after([])));
        }
        if let Some(block) = self.block.take() {
            return Ok(Call::new(space, function, self.fields.after([block])));
        }
        let dev = self.dev.take().ok_or_else(|| Reason::new("tc: dev is missing"))?;
        if object != "class" {
            if function == "tc.qdisc.del" {
                self.only(&["parent", "handle", "kind"]);
            }
            return Ok(Call::new(space, function, self.fields.after([dev.expr()])));
        }
        let classid = self.classid.take().ok_or_else(|| Reason::new("tc class: classid is missing"))?;
        if verb == "delete" {
            self.only(&[]);
        }
        Ok(Call::new(space, function, self.fields.after([dev.expr(), classid.expr()])))
    }

    /// Leaves out what a deletion doesn't need, but not the kind.
    fn only(&mut self, names: &[&str]) {
        let kind =
            self.fields.0.iter().map(|(name, _)| name.clone()).find(|name| tc::QDISCS.of(name).is_some());
        self.fields.0.retain(|(name, _)| names.contains(&name.as_str()));
        if let Some(kind) = kind.filter(|_| names.contains(&"kind")) {
            self.fields.set("kind", Expr::text(kind));
        }
    }
}

/// Reads the options of a kind, up to `action` or what it doesn't know.
struct Reader<'a> {
    kind: String,
    args: &'a mut Args,
    fields: Fields,
    failed: Option<Reason>,
}

impl<'a> Reader<'a> {
    fn of(kind: &str, args: &'a mut Args) -> Self {
        Reader { kind: kind.to_owned(), args, fields: Fields::default(), failed: None }
    }

    fn done(self) -> Result<Fields> {
        self.failed.map_or(Ok(self.fields), Err)
    }

    fn read<K: Kind>(&mut self) -> Result<()> {
        while let Some(arg) = self.args.peek().cloned() {
            let word = arg.text().to_owned();
            if word == "action" {
                break;
            }
            self.args.take();
            let known = self.own(&word)? || self.fields.phrase::<K>(&word, self.args)?;
            if !known {
                return Err(Reason::beyond(format!("tc's {} {} has no binding", self.kind, arg.shown()))
                    .near(&word, K::keywords()));
            }
        }
        Ok(())
    }

    /// Words that no row has.
    fn own(&mut self, word: &str) -> Result<bool> {
        match (self.kind.as_str(), word) {
            (_, "goto") if self.args.skip("chain") => {
                let chain = self.args.value("goto chain")?.behind("goto chain ");
                self.fields.set("control", chain.expr());
            }
            (_, "jump") => {
                let count = self.args.value("jump")?.behind("jump ");
                self.fields.set("control", count.expr());
            }
            ("netem", "delay" | "latency") => self.several(&["delay", "jitter", "delay_correlation"])?,
            ("netem", "loss" | "drop") => {
                self.args.skip("random");
                if self.args.peek().is_some_and(|arg| arg.is("state") || arg.is("gemodel")) {
                    return Err(Reason::beyond("tc's models of loss have no binding"));
                }
                self.several(&["loss", "loss_correlation"])?;
            }
            ("netem", "duplicate") => self.several(&["duplicate", "duplicate_correlation"])?,
            ("netem", "corrupt") => self.several(&["corrupt", "corrupt_correlation"])?,
            ("netem", "reorder") => self.several(&["reorder", "reorder_correlation"])?,
            ("u32", "match") => self.matched()?,
            ("police", "conform-exceed") => {
                let both = self.args.value(word)?;
                let (exceed, conform) = both.text().split_once('/').unwrap_or((both.text(), ""));
                self.fields.set("exceed", Expr::text(exceed));
                if !conform.is_empty() {
                    self.fields.set("conform", Expr::text(conform));
                }
            }
            ("police", word) if Control::words().any(|known| known == word) => {
                self.fields.set("exceed", Expr::text(word));
            }
            ("police", "action") => {}
            ("hfsc", "sc" | "rt" | "ls" | "ul") => self.curve(word)?,
            ("tunnel_key", "csum" | "nocsum") => self.fields.set("csum", Expr::code(word == "csum")),
            ("nat", "ingress" | "egress") => {
                self.fields.set("direction", Expr::text(word));
                for name in ["old", "new"] {
                    let value = self.args.value(word)?.expr();
                    self.fields.set(name, value);
                }
            }
            ("csum", "ip4h" | "icmp" | "igmp" | "tcp" | "udp" | "udplite" | "sctp") => {
                let mut all = vec![Expr::text(word)];
                while self.args.skip("and") {
                    all.push(self.args.value("csum")?.expr());
                }
                self.fields.set("update", Expr::List(all));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Values that stand behind one word; those behind the first may be left out.
    fn several(&mut self, names: &[&str]) -> Result<()> {
        for (n, name) in names.iter().enumerate() {
            let is_value = |arg: &&Arg| arg.text().starts_with(|c: char| c.is_ascii_digit() || c == '\0');
            if n > 0 && self.args.peek().filter(is_value).is_none() {
                break;
            }
            let value = self.args.value(name)?.expr();
            self.fields.set(name, value);
        }
        Ok(())
    }

    fn matched(&mut self) -> Result<()> {
        let first = self.args.value("match")?;
        let count = if matches!(first.text(), "u32" | "u16" | "u8") { 4 } else { 2 };
        let mut text = first;
        for _ in 0..count {
            text = text.joined(" ", self.args.value("match")?);
        }
        let is_mask = |arg: &&Arg| count == 2 && arg.text().starts_with(|c: char| c.is_ascii_digit());
        if self.args.peek().filter(is_mask).is_some() {
            text = text.joined(" ", self.args.value("match")?);
        }
        match self.fields.0.iter_mut().find(|(name, _)| name == "match") {
            Some((_, Expr::List(all))) => all.push(text.expr()),
            _ => self.fields.set("match", Expr::List(vec![text.expr()])),
        }
        Ok(())
    }

    fn curve(&mut self, name: &str) -> Result<()> {
        let mut text: Option<Arg> = None;
        while self.args.peek().is_some_and(|arg| ["m1", "d", "m2", "rate"].contains(&arg.text())) {
            let both = self.args.value(name)?.joined(" ", self.args.value(name)?);
            text = Some(match text {
                Some(text) => text.joined(" ", both),
                None => both,
            });
        }
        let text = text.ok_or_else(|| Reason::new(format!("hfsc: {name} needs a curve")))?;
        self.fields.set(name, text.expr());
        Ok(())
    }
}

impl tc::Visit for Reader<'_> {
    fn kind<K: Kind>(&mut self) {
        if K::NAME == self.kind
            && let Err(reason) = self.read::<K>()
        {
            self.failed = Some(reason);
        }
    }
}

/// An action behind the word.
fn action(args: &mut Args) -> Result<Expr> {
    let kind = args.value("action")?;
    if Control::words().any(|word| kind.is(word)) {
        return Ok(kind.expr());
    }
    let mut reader = Reader::of(kind.text(), args);
    if matches!(kind.text(), "goto" | "jump") {
        reader.own(kind.text())?;
        let control = reader.fields.take("control");
        return control.ok_or_else(|| Reason::new("tc: goto needs chain"));
    }
    tc::visit_actions(&mut reader);
    let mut own = reader.done()?;
    // Where nothing is said, `tc` passes the packet.
    if kind.is("csum") && !own.has("control") {
        own.set("control", Expr::text("pass"));
    }
    Ok(Expr::Table(vec![match own.is_empty() {
        true => ("kind".to_owned(), kind.expr()),
        false => (kind.text().to_owned(), own.table()),
    }]))
}
