-- Neighbours as `ip -j neigh` sees them.
-- needs: ip
local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})
local function ip(...)
  local by = {}
  for _, n in ipairs(json.decode(proc.exec({ "ip", "-j", "neigh", "show", ... }, { check = true }).stdout)) do
    by[n.dst] = n
  end
  return by
end

neigh.add("10.0.0.9", { dev = "veth0", lladdr = "02:00:00:00:00:09" })
neigh.add("fd00::9", { dev = "veth0", lladdr = "02:00:00:00:00:09", router = true, state = "stale" })
local seen = ip()
check.equal(seen["10.0.0.9"].lladdr, "02:00:00:00:00:09")
check.equal(seen["10.0.0.9"].state, { "PERMANENT" })
check.equal(seen["fd00::9"].state, { "STALE" })
check(proc.exec({ "ip", "neigh", "show", "to", "fd00::9" }).stdout:find(" router ", 1, true))
neigh.replace("10.0.0.9", { dev = "veth0", lladdr = "02:00:00:00:00:0a", state = "reachable" })
check.equal(ip()["10.0.0.9"].lladdr, "02:00:00:00:00:0a")

-- What a ping teaches.
check.equal(ping("10.0.0.2").received, 1)
check.equal(ping("fd00::2").received, 1)
local mac = ns1.link.get("eth0").mac
check.equal(neigh.get("10.0.0.2", { dev = "veth0" }).lladdr, mac)
check.equal(neigh.get("fd00::2", { dev = "veth0" }).lladdr, mac)
check.equal(ip()["10.0.0.2"].lladdr, mac)

local function addresses(filter)
  local out = {}
  for _, n in ipairs(neigh.list(filter)) do
    out[#out + 1] = n.dst
  end
  table.sort(out)
  return out
end
check.equal(addresses({ family = "inet" }), { "10.0.0.2", "10.0.0.9" })
check.equal(addresses({ dst = "fd00::9" }), { "fd00::9" })
check.equal(addresses({ dev = "lo" }), {})
check.equal(addresses({ state = "permanent" }), {})
check.equal(
  tostring(neigh.get("fd00::9", { dev = "veth0" })),
  "fd00::9 dev veth0 lladdr 02:00:00:00:00:09 router STALE"
)

neigh.add("10.0.0.77", { dev = "veth0", proxy = true })
check.equal(addresses({ proxy = true }), { "10.0.0.77" })
check(proc.exec({ "ip", "neigh", "show", "proxy" }).stdout:find("10.0.0.77 dev veth0", 1, true))
neigh.del("10.0.0.77", { dev = "veth0", proxy = true })
check.equal(addresses({ proxy = true }), {})

neigh.add("10.0.0.8", { dev = "veth0", lladdr = "02:00:00:00:00:08" })
check.equal(neigh.flush({ family = "inet" }), 2, "the permanent one stays")
check(ip()["10.0.0.8"])
neigh.del("10.0.0.8", { dev = "veth0" })
check.equal(ip("dev", "veth0", "nud", "permanent"), {})

-- Mistakes.
local e = check.error(function()
  neigh.add("10.0.0.9", { dev = "veth0" })
end, "argument")
e = check.error(function()
  neigh.add("fd00::9", { dev = "veth0", lladdr = "02:00:00:00:00:09" })
end, "exists")
check.equal(e.hint, "neigh.replace changes it")
check.error(function()
  neigh.del("10.0.0.55", { dev = "veth0" })
end, "not_found")
e = check.error(function()
  neigh.list({ state = "stael" })
end, "argument")
check(tostring(e):find('did you mean "stale"?', 1, true), tostring(e))
check.error(function()
  neigh.add("10.0.0.9/24", { dev = "veth0", lladdr = "02:00:00:00:00:09" })
end, "argument")
check.error(function()
  neigh.add("10.0.0.9", { dev = "veth0", lladdr = "02:00:00:00:00" })
end, "argument")
