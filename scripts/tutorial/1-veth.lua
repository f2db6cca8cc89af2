-- The tutorial, part 1: two network namespaces, joined by a veth cable.
--
--   nsh scripts/tutorial/1-veth.lua

local function heading(text)
  print("\n## " .. text)
end

heading("Creating network namespaces")

local ns1, ns2 = namespace.add("ns1"), namespace.add("ns2")
print(namespace.list())
check.equal(#namespace.list(), 2, "there are two namespaces")

-- Every interface of a new namespace is down, even its loopback.
for _, ns in ipairs({ ns1, ns2 }) do
  check.equal(ns.link.get("lo").up, false, "the loopback of a new namespace is down")
  check.equal(#ns.link.list(), 1, "and there is nothing else")

  ns.link.set("lo", { up = true })
  local lo = ns.link.get("lo")
  print(lo)
  check.equal(lo.flags, { "LOOPBACK", "UP", "LOWER_UP" })
  check.equal(lo.operstate, "UNKNOWN", "a loopback has no carrier that could be known")
end

heading("A cable between them")

link.add("veth0", { kind = "veth", peer = { name = "veth1" } })
link.set("veth0", { ns = ns1 })
link.set("veth1", { ns = ns2 })
-- (In one line: ns1.link.add("veth0", { kind = "veth", peer = { name = "veth1", ns = ns2 } }).)

local veth0, veth1 = ns1.link.get("veth0"), ns2.link.get("veth1")
print(veth0)
print(veth1)
check.equal(veth0.link_netns, "ns2", "the other end of veth0 is in ns2")
check.equal(veth1.link_netns, "ns1", "the other end of veth1 is in ns1")
check.equal(veth0.link_index, veth1.index, "it is veth1")
check.equal(veth0.operstate, "DOWN", "a new interface is down")
check.equal(veth0.qdisc, "noop")

heading("Setting the interfaces up")

-- One end up is not enough: nobody is at the other end of the cable.
ns1.link.set("veth0", { up = true })
veth0 = ns1.link.get("veth0")
print(veth0)
check.equal(veth0.flags, { "NO-CARRIER", "BROADCAST", "MULTICAST", "UP" })
check(not veth0.carrier, "veth0 is up, its peer is not")
-- Older kernels tell LOWERLAYERDOWN here; newer ones do so only if the peer is in the same namespace.
check(veth0.operstate == "LOWERLAYERDOWN" or veth0.operstate == "DOWN")

ns2.link.set("veth1", { up = true })
eventually(function()
  return ns1.link.get("veth0").operstate == "UP"
end)
veth0 = ns1.link.get("veth0")
print(veth0)
check.equal(veth0.flags, { "BROADCAST", "MULTICAST", "UP", "LOWER_UP" }, "now both ends are")

heading("Assigning addresses and checking the connection")

ns1.addr.add("10.0.1.1/24", { dev = "veth0" })
ns2.addr.add("10.0.1.2/24", { dev = "veth1" })
print(ns1.addr.list({ dev = "veth0" }))

local v4 = ns1.addr.list({ dev = "veth0", family = "inet" })
check.equal(#v4, 1)
check.equal(v4[1].address, "10.0.1.1/24")
check.equal(v4[1].valid_lft, "forever")
local v6 = ns1.addr.list({ dev = "veth0", family = "inet6" })
check(v6[1].address:find("^fe80::"), "IPv6 has given itself a link-local address")
check.equal(v6[1].scope, "link")

for _, probe in ipairs({ { ns1, "10.0.1.2" }, { ns2, "10.0.1.1" } }) do
  local ns, there = probe[1], probe[2]
  local result = ns.ping(there, { count = 2, interval = 0.05 })
  print(result)
  check.equal(result.received, 2, ns.name .. " reaches " .. there)
  check.equal(result.loss, 0)
end

print("\n" .. check.passed() .. " checks passed")
