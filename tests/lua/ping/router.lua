-- An IPv6 router forwards the first packet, though its link-local addresses are fresh.
local h1, r, h2 =
  namespace.add("h1", { up = true }), namespace.add("r", { up = true }), namespace.add("h2", { up = true })
h1.link.add("eth0", {
  kind = "veth",
  up = true,
  addr = "fd00:1::2/64",
  peer = { name = "eth1", ns = r, up = true, addr = "fd00:1::1/64" },
})
h2.link.add("eth0", {
  kind = "veth",
  up = true,
  addr = "fd00:2::2/64",
  peer = { name = "eth2", ns = r, up = true, addr = "fd00:2::1/64" },
})
r.sysctl.set("net.ipv6.conf.all.forwarding", 1)
h1.route.add("default", { via = "fd00:1::1" })
h2.route.add("default", { via = "fd00:2::1" })
check.equal(h1.ping("fd00:2::2").received, 1)
check.equal(h1.ping("h2").received, 1)
check.equal(h1.ping("fd00:2::2", { ttl = 1 }).errors[1].from, "fd00:1::1")
