local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.1.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.1.2/24", "fd00::2/64" } },
})

check.no_route(ns1, "8.8.8.8")
check.no_route(ns1, "2001:db8::1", "none for IPv6 either")
check.error(function()
  check.route(ns1, "8.8.8.8", { message = "out" })
end, {
  kind = "check",
  match = "^check%.route: out: expected packets from ns1 to 8%.8%.8%.8 to go: network is unreachable",
})

ns1.route.add("default", { via = "10.0.1.1" })
ns1.route.add("default", { via = "fd00::1" })
check.route(ns1, "8.8.8.8")
check.route(
  ns1,
  "8.8.8.8",
  { via = "10.0.1.1", dev = "eth0", src = "10.0.1.2", table = "main", direct = false }
)
check.route(ns1, "2001:db8::1", { via = "fd00::1" })
check.route(ns1, host, { direct = true, family = "inet6" })
check.error(
  function()
    check.route(ns1, "8.8.8.8", { via = "10.0.1.9" })
  end,
  { kind = "check", match = "to go via 10.0.1.9, they go via 10.0.1.1 dev eth0 src 10.0.1.2", plain = true }
)
check.error(function()
  check.no_route(ns1, "8.8.8.8")
end, {
  kind = "check",
  match = "expected no route from ns1 to 8.8.8.8, but packets go via 10.0.1.1",
  plain = true,
})

-- Routes that drop are none.
ns1.route.add("10.9.0.0/16", { type = "unreachable" })
ns1.route.add("10.8.0.0/16", { type = "blackhole" })
ns1.route.add("10.7.0.0/16", { type = "prohibit" })
for _, dst in ipairs({ "10.9.0.1", "10.8.0.1", "10.7.0.1" }) do
  check.no_route(ns1, dst)
end

-- What the packet is decides, too.
ns1.route.add("default", { via = "10.0.1.77", table = 100 })
ns1.rule.add({ fwmark = 7, table = 100 })
check.route(ns1, "8.8.8.8", { mark = 7, via = "10.0.1.77", table = 100 })
check.error(function()
  check.route(ns1, "nobody")
end, "not_found")
