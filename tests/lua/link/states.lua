-- The tutorial's claims: links start down; without its other end a link is up but has no carrier.
local ns1, ns2 = namespace.add("ns1"), namespace.add("ns2")
ns1.link.add("veth0", { kind = "veth", peer = { name = "veth1", ns = ns2 } })

local l = ns1.link.get("veth0")
check.equal(l.up, false)
check.equal(l.operstate, "DOWN")
check.equal(l.flags, { "BROADCAST", "MULTICAST" })

ns1.link.set("veth0", { up = true })
l = ns1.link.get("veth0")
check.equal(l.up, true)
-- Which of the two depends on what else has the peer's index in ns1 (net/core/link_watch.c, default_operstate).
check(l.operstate == "LOWERLAYERDOWN" or l.operstate == "DOWN", l.operstate)
check.equal(l.carrier, false)
check.equal(l.flags, { "NO-CARRIER", "BROADCAST", "MULTICAST", "UP" })

ns2.link.set("veth1", { up = true })
eventually(function()
  l = ns1.link.get("veth0")
  return l.operstate == "UP"
end)
check.equal(l.carrier, true)
check.equal(l.flags, { "BROADCAST", "MULTICAST", "UP", "LOWER_UP" })
check(l.carrier_changes >= 1)

ns2.link.set("veth1", { up = false })
eventually(function()
  return ns1.link.get("veth0").operstate ~= "UP"
end)
check.equal(ns1.link.get("veth0").flags[1], "NO-CARRIER")

-- With one end goes the other.
ns2.link.del("veth1")
check.equal(ns1.link.get("veth0"), nil)
