//! What of a state stays as it is while nobody changes anything: what two states are compared by. The kernel by itself
//! detects duplicates, makes link-local addresses, joins groups, learns and forgets neighbours, and counts time.

use mlua::{Lua, Table, Value};

/// The line of an entry of a part, without what changes by itself; `None` for an entry that comes and goes so.
pub fn line(lua: &Lua, part: &str, item: &Value) -> mlua::Result<Option<String>> {
    let Value::Table(entry) = item else { return item.to_string().map(Some) };
    let own = match part {
        "addresses" => text(entry, "proto")? == "kernel_ll",
        "routes" => text(entry, "dst")? == "fe80::/64" && text(entry, "proto")? == "kernel",
        "fdb" => learned_or_joined(entry)?,
        "mdb" => text(entry, "state")? == "temp",
        "mroute" => entry.raw_get::<Option<bool>>("unresolved")? == Some(true),
        "sockets" => text(entry, "state")? == "TIME-WAIT",
        _ => false,
    };
    if own {
        return Ok(None);
    }
    let steady = match part {
        "links" => with(lua, entry, &["index"], "")?,
        "addresses" => address(lua, entry)?,
        "routes" => with(lua, entry, &["expires"], "")?,
        "neighbours" => neighbour(lua, entry)?,
        "xfrm_states" => with(lua, entry, &["bytes", "packets", "replay_seq", "replay_oseq"], "")?,
        "xfrm_policies" => with(lua, entry, &["bytes", "packets"], "")?,
        "wireguard" => tunnel(lua, entry)?,
        "processes" => with(lua, entry, &["state"], "")?,
        // What is printed needn't be made of the fields.
        _ => entry.clone(),
    };
    let lines = Value::Table(steady).to_string()?;
    Ok(Some(lines.lines().map(str::trim).collect::<Vec<_>>().join(" ")))
}

fn text(entry: &Table, key: &str) -> mlua::Result<String> {
    entry.raw_get::<Option<String>>(key).map(Option::unwrap_or_default)
}

/// A copy that prints in the same way, without these fields, or with `value` in them.
fn with(lua: &Lua, entry: &Table, keys: &[&str], value: &str) -> mlua::Result<Table> {
    let copy = lua.create_table()?;
    for pair in entry.pairs::<Value, Value>() {
        let (key, value) = pair?;
        copy.raw_set(key, value)?;
    }
    copy.set_metatable(entry.metatable())?;
    let value = if value.is_empty() { None } else { Some(value) };
    keys.iter().try_for_each(|key| copy.raw_set(*key, value))?;
    Ok(copy)
}

/// Usable or not yet, and however long still (`dynamic` tells that it has an end).
fn address(lua: &Lua, entry: &Table) -> mlua::Result<Table> {
    let steady = with(lua, entry, &["valid_lft", "preferred_lft"], "forever")?;
    steady.raw_set("index", Value::Nil)?;
    let flags = entry.raw_get::<Option<Vec<String>>>("flags")?.unwrap_or_default();
    let stay: Vec<String> =
        flags.into_iter().filter(|f| !matches!(f.as_str(), "tentative" | "deprecated")).collect();
    steady.raw_set("flags", stay)?;
    steady.raw_set("tentative", false)?;
    Ok(steady)
}

/// Whether its hardware address is known; of what was learned the state changes with time.
fn neighbour(lua: &Lua, entry: &Table) -> mlua::Result<Table> {
    let state = text(entry, "state")?;
    let learned = !state.contains("PERMANENT") && !state.contains("NOARP");
    with(lua, entry, if learned { &["state"] } else { &[] }, "")
}

/// Without what passed of its peers.
fn tunnel(lua: &Lua, entry: &Table) -> mlua::Result<Table> {
    let passed = ["latest_handshake", "rx_bytes", "tx_bytes"];
    let peers = entry.raw_get::<Option<Vec<Table>>>("peers")?.unwrap_or_default();
    let peers = peers.iter().map(|peer| with(lua, peer, &passed, "")).collect::<mlua::Result<Vec<_>>>()?;
    let steady = with(lua, entry, &[], "")?;
    steady.raw_set("peers", peers)?;
    Ok(steady)
}

/// Addresses that a bridge learned from what it saw, and those of groups (solicited nodes, all nodes) that a link
/// joined.
fn learned_or_joined(entry: &Table) -> mlua::Result<bool> {
    let flags = entry.raw_get::<Option<Vec<String>>>("flags")?.unwrap_or_default();
    let (mac, kind) = (text(entry, "mac")?, text(entry, "type")?);
    let group = ["33:33:", "01:00:5e:"].iter().any(|prefix| mac.starts_with(prefix));
    let learned = kind == "dynamic" && !flags.iter().any(|f| f == "extern_learn" || f == "sticky");
    Ok(learned || group && kind == "local" && flags.iter().any(|f| f == "self"))
}
