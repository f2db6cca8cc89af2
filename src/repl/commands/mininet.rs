//! What people know from Mininet's prompt.

use std::net::IpAddr;

use mlua::{MultiValue, Value};

use super::Flow;
use crate::lua::runtime::explain;
use crate::net::addr;
use crate::net::order::of_namespaces;
use crate::net::prefix::is_link_local;
use crate::repl::Session;

/// Words of Mininet's prompt, and the command that does the same.
pub const WORDS: &[(&str, &str)] = &[
    ("dump", "ns"),
    ("intfs", "ns"),
    ("links", "net"),
    ("net", "net"),
    ("nodes", "ns"),
    ("pingall", "pingall"),
    ("ports", "ns"),
];

/// All requests of one namespace are on their way at the same time.
const PINGALL: &str = r#"
local names = { ... }
local sent, received = 0, 0
for _, from in ipairs(names) do
  local ns = from == "host" and host or namespace.get(from)
  local started = {}
  for i, to in ipairs(names) do
    local ok, ping = pcall(ns.ping.start, to, { count = 1 })
    started[i] = ok and ping or nil
  end
  local line = { from .. " ->" }
  for i, to in ipairs(names) do
    if to ~= from then
      local there = started[i] and started[i]:wait().received > 0
      sent, received = sent + 1, received + (there and 1 or 0)
      line[#line + 1] = there and to or "X"
    end
  end
  print(table.concat(line, " "))
end
print(("%d of %d received"):format(received, sent))
"#;

/// Pings from each namespace that has an address to each other one.
pub fn pingall(session: &mut Session<'_>, _: &str) -> mlua::Result<Flow> {
    let mut names: Vec<String> = session
        .lab
        .namespaces
        .all()
        .unwrap_or_default()
        .iter()
        .filter(|ns| addr::prefixes(ns).unwrap_or_default().iter().any(|p| reaches_far(p.ip())))
        .map(|ns| ns.name().to_owned())
        .collect();
    if names.len() < 2 {
        return session.refuse("there are no two namespaces with addresses; :ns lists all");
    }
    names.sort_by(|a, b| of_namespaces(a, b));
    let chunk = session.lua.load(PINGALL).set_name("=pingall").into_function()?;
    let names: mlua::Result<Vec<Value>> =
        names.iter().map(|name| session.lua.create_string(name).map(Value::String)).collect();
    if let Err(raised) = explain::call(session.lua, session.lab, chunk, MultiValue::from_vec(names?))? {
        session.tell(&raised);
    }
    Ok(Flow::GoOn)
}

/// Neither of the loopback nor of one link alone.
pub fn reaches_far(ip: IpAddr) -> bool {
    !ip.is_loopback() && !is_link_local(ip)
}
