-- ns1 - host - ns2: one way is not the other. Without forwarding nothing gets through.
local ns1, ns2 = namespace.add("ns1", { up = true }), namespace.add("ns2", { up = true })
link.add("v1", {
  kind = "veth",
  up = true,
  addr = { "10.0.1.1/24", "fd00:1::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.1.2/24", "fd00:1::2/64" } },
})
link.add("v2", {
  kind = "veth",
  up = true,
  addr = { "10.0.2.1/24", "fd00:2::1/64" },
  peer = { name = "eth0", ns = ns2, up = true, addr = { "10.0.2.2/24", "fd00:2::2/64" } },
})
ns1.route.add("default", { via = "10.0.1.1" })
ns1.route.add("default", { via = "fd00:1::1" })

check.lost(ns1, ns2, { timeout = 0.1 })
check.error(function()
  check.arrives(ns1, ns2, { timeout = 0.1, message = "the way there" })
end, {
  kind = "check",
  match = "^check%.arrives: the way there: expected packets from ns1 to ns2 to arrive: 1 sent to 10%.0%.2%.2, 0 arrived at ns2",
})

sysctl.set("net.ipv4.ip_forward", 1)
sysctl.set("net.ipv6.conf.all.forwarding", 1)
-- ns2 has no way back.
for _, family in ipairs({ "inet", "inet6" }) do
  check.arrives(ns1, ns2, { family = family })
  check.unreachable(ns1, ns2, { family = family, timeout = 0.1 })
end
check.arrives(ns1, "10.0.2.2")
check.arrives(ns1, "fd00:2::2")
check.error(function()
  check.lost(ns1, ns2)
end, { kind = "check", match = "to be lost: 1 sent to 10%.0%.2%.2, 1 arrived at ns2 from 10%.0%.1%.2" })

-- No way at all.
check.lost(ns2, ns1)
check.error(function()
  check.arrives(ns2, ns1)
end, { kind = "check", match = "network is unreachable" })

-- To whom an address belongs must be known.
check.error(function()
  check.arrives(ns1, "10.0.2.9")
end, { kind = "not_found", match = "no namespace of the lab has 10.0.2.9" })
check.lost(ns1, "10.0.2.9", { at = ns2, timeout = 0.1 })

-- Behind DNAT the packet arrives elsewhere than at the address that it was sent to.
nat.dnat({ dest = "10.0.1.1", iif = "v1", to = "10.0.2.2" })
check.arrives(ns1, "10.0.1.1", { at = ns2 })
check.lost(ns1, "10.0.1.1", { timeout = 0.1, message = "not at the router itself" })
