//! A route as `ip route` prints it.

use mlua::{Table, Value};

use crate::net::names;
use crate::net::route::Metrics;

/// Words of a line, each with a blank behind, as iproute2 writes them.
struct Line<'a> {
    table: &'a Table,
    out: String,
}

impl Line<'_> {
    fn word(&mut self, word: &str) {
        self.out.push_str(word);
        self.out.push(' ');
    }

    fn value(&self, key: &str) -> mlua::Result<Option<String>> {
        match self.table.raw_get::<Value>(key)? {
            Value::Nil => Ok(None),
            value => value.to_string().map(Some),
        }
    }

    /// The word, and the value of the field, if there is one that isn't the usual.
    fn pair(&mut self, word: &str, key: &str, usual: &str) -> mlua::Result<()> {
        if let Some(value) = self.value(key)?.filter(|value| value != usual) {
            self.word(word);
            self.word(&value);
        }
        Ok(())
    }

    fn words(&mut self, key: &str) -> mlua::Result<()> {
        for word in self.table.raw_get::<Option<Vec<String>>>(key)?.unwrap_or_default() {
            self.word(&word);
        }
        Ok(())
    }

    /// A gateway of the other family is told with its family.
    fn via(&mut self, family: &str) -> mlua::Result<()> {
        if let Some(via) = self.value("via")? {
            self.word("via");
            if via.contains(':') && family == "inet" {
                self.word("inet6");
            }
            self.word(&via);
        }
        Ok(())
    }

    /// The mark in hexadecimal, but for small ones.
    fn mark(&mut self) -> mlua::Result<()> {
        match self.table.raw_get::<Option<u32>>("mark")? {
            Some(mark) if mark >= 16 => self.word(&format!("mark {mark:#x}")),
            Some(mark) => self.word(&format!("mark {mark}")),
            None => {}
        }
        Ok(())
    }

    fn realms(&mut self) -> mlua::Result<()> {
        if let Some(realms) = self.value("realms")? {
            self.word(if realms.contains('/') { "realms" } else { "realm" });
            self.word(&realms);
        }
        Ok(())
    }

    /// That it is an entry of the cache (of IPv4 alone), and how long it is one.
    fn cache(&mut self) -> mlua::Result<()> {
        if let Some(flags) = self.table.raw_get::<Option<Vec<String>>>("cache")? {
            self.out.push_str("\n    cache ");
            if !flags.is_empty() {
                self.word(&format!("<{}>", flags.join(",")));
            }
        }
        if let Some(seconds) = self.table.raw_get::<Option<f64>>("expires")? {
            self.word(&format!("expires {}sec", seconds as i64));
        }
        if let Some(error) = self.table.raw_get::<Option<i32>>("error")? {
            self.word(&format!("error {}", error as u32));
        }
        Ok(())
    }
}

fn metrics(line: &mut Line<'_>) -> mlua::Result<()> {
    let Some(metrics) = line.table.raw_get::<Option<Table>>("metrics")? else { return Ok(()) };
    let locked = metrics.raw_get::<Option<Vec<String>>>("lock")?.unwrap_or_default();
    for name in Metrics::NAMES {
        let value = metrics.raw_get::<Value>(name)?;
        let lock = locked.iter().any(|l| l == name);
        if value.is_nil() && !lock {
            continue;
        }
        line.word(name);
        if lock {
            line.word("lock");
        }
        let text = match (name, &value) {
            ("rtt" | "rttvar" | "rto_min", value) => time(value),
            (_, Value::Nil) => "0".to_owned(),
            (_, value) => value.to_string()?,
        };
        line.word(&text);
    }
    Ok(())
}

/// Milliseconds, from a second on seconds.
fn time(value: &Value) -> String {
    let seconds = value.as_number().unwrap_or_default();
    match seconds >= 1.0 {
        true => format!("{seconds}s"),
        false => format!("{:.0}ms", seconds * 1000.0),
    }
}

fn nexthops(line: &mut Line<'_>, family: &str) -> mlua::Result<()> {
    let hops = line.table.raw_get::<Option<Table>>("nexthops")?;
    for hop in hops.iter().flat_map(|hops| hops.sequence_values::<Table>()) {
        let hop = hop?;
        let mut own = Line { table: &hop, out: "\n\tnexthop ".to_owned() };
        own.pair("encap", "encap", "")?;
        own.via(family)?;
        own.pair("dev", "dev", "")?;
        own.pair("weight", "weight", "")?;
        own.words("flags")?;
        line.out.push_str(&own.out);
    }
    Ok(())
}

/// As `ip route` prints it, and `ip route get` what was looked up.
pub fn show(route: &Table) -> mlua::Result<String> {
    let mut line = Line { table: route, out: String::new() };
    let family = line.value("family")?.unwrap_or_default();
    if let Some(kind) = line.value("type")?.filter(|kind| kind != "unicast") {
        line.word(&kind);
    }
    line.word(&line.value("dst")?.unwrap_or_default());
    line.pair("from", "from", "")?;
    line.pair("nhid", "nhid", "")?;
    line.pair("encap", "encap", "")?;
    if let Some(tos) = route.raw_get::<Option<u32>>("tos")? {
        line.word(&format!("tos {}", names::DSFIELD.hexadecimal(tos)));
    }
    line.via(&family)?;
    line.pair("dev", "dev", "")?;
    line.pair("table", "table", "main")?;
    // What the cache holds was added by nobody, and is of no scope.
    if !route.contains_key("cache")? {
        line.pair("proto", "proto", "boot")?;
        line.pair("scope", "scope", "global")?;
    }
    line.pair("src", "src", "")?;
    line.pair("metric", "metric", "")?;
    line.words("flags")?;
    line.mark()?;
    line.realms()?;
    line.pair("uid", "uid", "")?;
    line.cache()?;
    metrics(&mut line)?;
    line.pair("iif", "iif", "")?;
    line.pair("pref", "pref", "")?;
    nexthops(&mut line, &family)?;
    let lines: Vec<&str> = line.out.lines().map(str::trim_end).collect();
    Ok(lines.join("\n"))
}
