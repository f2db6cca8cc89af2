-- The state of every namespace, as ip, ss, nft and /proc tell it.
-- needs: ip, ss
local fresh = lab.state()
check.equal(#fresh.namespaces.host.sysctls, 0)
check.equal(#fresh.namespaces.host.sockets, 0)
check.equal(fresh.namespaces.host.nft, nil)
check.equal(#fresh.processes, 0)
check.equal(#fresh.namespaces.host.problems, 0)

local ns1, ns2 = namespace.add("ns1"), namespace.add("ns2")
link.add("br0", { kind = "bridge", up = true, addr = { "10.0.0.1/24", "fd00::1/64" } })
for i, ns in ipairs({ ns1, ns2 }) do
  link.add("veth" .. i, {
    kind = "veth",
    up = true,
    master = "br0",
    peer = { name = "eth0", ns = ns, up = true, addr = { "10.0.0.1" .. i .. "/24", "fd00::1" .. i .. "/64" } },
  })
  ns.route.add("default", { via = "10.0.0.1" })
  ns.route.add("default", { via = "fd00::1" })
end
ns1.route.add("10.9.0.0/16", { type = "blackhole", table = 100 })
ns1.route.add("10.8.0.1", { type = "local", dev = "eth0", proto = "static" })
ns1.rule.add({ from = "10.0.0.0/8", table = 100, priority = 50 })
ns1.neigh.add("10.0.0.77", { dev = "eth0", lladdr = "02:00:00:00:00:77" })
ns1.neigh.add("10.0.0.78", { dev = "eth0", proxy = true })
fdb.add("02:00:00:00:00:99", { dev = "veth1" })
ns2.sysctl.set("net.ipv4.tcp_ecn", 1)
ns2.sysctl.set("net.ipv6.conf.eth0.hop_limit", 9)
ns2.sysctl.set("net.ipv4.neigh.eth0.ucast_solicit", 8)
check.equal(ns1.ping("10.0.0.12").received, 1)
local web <close> = ns2.tcp.listen("10.0.0.12:80")
local sleeper <close> = ns2.spawn({ "sleep", "1000" })

-- What is looked at twice must not change meanwhile.
eventually(function()
  for _, ns in ipairs({ host, ns1, ns2 }) do
    for _, a in ipairs(ns.addr.list({ family = "inet6" })) do
      check(not a.tentative)
    end
  end
end)
local state = lab.state()
for _, ns in ipairs({ host, ns1, ns2 }) do
  local space = state.namespaces[ns.name]
  local function ip(...)
    return json.decode(ns.exec({ "ip", "-j", ... }, { check = true }).stdout)
  end
  check.equal(#space.links, #ip("link"))
  local addresses = 0
  for _, l in ipairs(ip("addr")) do
    addresses = addresses + #l.addr_info
  end
  check.equal(#space.addresses, addresses)
  check.equal(#space.rules, #ip("rule") + #ip("-6", "rule"))
  check.equal(#space.problems, 0)
  -- Each as the module's own list.
  check.equal(tostring(space.links), tostring(ns.link.list()))
  check.equal(tostring(space.addresses), tostring(ns.addr.list()))
  check.equal(tostring(space.rules), tostring(ns.rule.list()))
  check.equal(#space.fdb, #ns.fdb.list())
end

local one, two = state.namespaces.ns1, state.namespaces.ns2
local function has(list, text)
  for _, item in ipairs(list) do
    if tostring(item):find(text, 1, true) then
      return true
    end
  end
  return false
end
check(has(one.routes, "blackhole 10.9.0.0/16 table 100"), tostring(one.routes))
check(has(one.routes, "local 10.8.0.1"), "a route of the table local that isn't the kernel's")
check(not has(one.routes, "broadcast"), tostring(one.routes))
check(has(one.neighbours, "10.0.0.77 dev eth0 lladdr 02:00:00:00:00:77 PERMANENT"))
check(has(one.neighbours, "10.0.0.78 dev eth0 proxy"))
check(has(state.namespaces.host.fdb, "02:00:00:00:00:99 dev veth1"))
check(has(two.sockets, "LISTEN"))
check.equal(
  tostring(two.sysctls),
  table.concat({
    "net.ipv4.neigh.eth0.ucast_solicit = 8 (default 3)",
    "net.ipv4.tcp_ecn = 1 (default 2)",
    "net.ipv6.conf.eth0.hop_limit = 9 (default 64)",
  }, "\n")
)
check.equal(#one.sysctls, 0)
check.equal(#state.processes, 1)
local p = state.processes[1]
check.equal({ p.pid, p.name, p.command, p.namespace }, { sleeper:pid(), "sleep", "sleep 1000", "ns2" })

-- As JSON and as text.
local decoded = json.decode(json.encode(state))
check.equal(decoded.namespaces.ns2.sysctls[2].value, "1")
check.equal(decoded.namespaces.ns1.nat, {})
local text = tostring(state)
check(text:find("^namespace host\n\nlinks\n  1: lo "), text)
check(text:find("\nnamespace ns2\n", 1, true) and text:find("\nprocesses\n", 1, true), text)

-- Nothing differs once all has come to rest.
local before = eventually(function()
  local first = lab.state()
  check.equal(lab.difference(first, lab.state()), "")
  return first
end, { timeout = 20 })
ns1.addr.del("10.0.0.11/24", { dev = "eth0" })
ns2.sysctl.set("net.ipv4.tcp_ecn", 0)
namespace.add("ns3")
local changed = lab.difference(before, lab.state())
for _, line in ipairs({
  "ns1: addresses\n  - eth0    inet 10.0.0.11/24",
  "  - default via 10.0.0.1 dev eth0\n",
  "ns2: sysctls\n  - net.ipv4.tcp_ecn = 1 (default 2)\n  + net.ipv4.tcp_ecn = 0 (default 2)\n",
  "+ namespace ns3\n",
}) do
  check(changed:find(line, 1, true), changed)
end
namespace.del("ns3")
check(not lab.difference(before, lab.state()):find("ns3", 1, true))

check.equal(lab.info().namespaces, { "host", "ns1", "ns2" })
check(lab.info().sandboxed)
