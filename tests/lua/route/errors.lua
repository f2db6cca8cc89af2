local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})
-- The kernel itself adds IPv6 routes when it is ready.
local function routes()
  return tostring(ns1.route.list({ table = "all", family = "inet" }))
    .. tostring(ns1.route.list({ table = "all", family = "inet6", proto = "boot" }))
end
local before = routes()
local function fails(kind, text, f)
  check.equal(tostring(check.error(f, kind)):gsub("^[^:]*:%d+: ", ""), text)
  check.equal(routes(), before, "nothing has changed")
end

fails(
  "network_unreachable",
  [[route.add "10.9.0.0/16" in ns1: network is unreachable (ENETUNREACH): Nexthop has invalid gateway
  hint: no interface of ns1 has an address in the subnet of 10.9.9.9]],
  function()
    ns1.route.add("10.9.0.0/16", { via = "10.9.9.9" })
  end
)
fails(
  "argument",
  [[route.add: dst: "10.9.1.0/16" has host bits set
  hint: the network is 10.9.0.0/16]],
  function()
    ns1.route.add("10.9.1.0/16", { via = "10.0.0.1" })
  end
)
fails(
  "argument",
  [[route.add: dst: "fd09::1/64" has host bits set
  hint: the network is fd09::/64]],
  function()
    ns1.route.add("fd09::1/64", { via = "fd00::1" })
  end
)
fails("argument", [[route.add: dst: "defualt" is not an IP address]], function()
  ns1.route.add("defualt", { via = "10.0.0.1" })
end)
local e = check.error(function()
  ns1.route.add("fd09::/16", { via = "fd99::1" })
end, "network_unreachable")
check.equal(e.hint, "no interface of ns1 has an address in the subnet of fd99::1")
e = check.error(function()
  ns1.route.add("10.9.0.0/16", { via = "10.0.0.1", dev = "lo" })
end)
check(
  e.hint == "10.0.0.1 is in the subnet of eth0 (10.0.0.2/24), not of lo" or e.kind == "network_down",
  tostring(e)
)
e = check.error(function()
  ns1.route.add("10.9.0.0/16", { dev = "eth1" })
end, "not_found")
check.equal(e.hint, 'did you mean "eth0"?')
e = check.error(function()
  ns1.route.add("10.0.0.0/24", { dev = "eth0", proto = "kernel", src = "10.0.0.2" })
end, "exists")
e = check.error(function()
  ns1.route.del("10.77.0.0/16")
end, "not_found")
check.equal(e.errno, "ESRCH")
check.equal(e.hint, "ns1 has no route to this destination")
e = check.error(function()
  ns1.route.del("10.0.0.0/24", { metric = 99 })
end, "not_found")
check.equal(e.hint, "there is 10.0.0.0/24 dev eth0")
e = check.error(function()
  ns1.route.add("10.9.0.0/16", { via = "10.0.0.1", table = "mian" })
end, "argument")
check(tostring(e):find('did you mean "main"?', 1, true), tostring(e))
for _, opts in ipairs({
  {},
  { via = "10.0.0.1", onlink = true },
  { via = "10.0.0.1", src = "fd00::2" },
  { type = "blackhole", via = "10.0.0.1" },
  { via = "10.0.0.1", nexthops = { { via = "10.0.0.1" } } },
  { nexthops = { {} } },
  { nexthops = { { via = "10.0.0.1", weight = 257 } } },
  { via = "10.0.0.1/24" },
  { vai = "10.0.0.1" },
}) do
  check.error(function()
    ns1.route.add("10.9.0.0/16", opts)
  end, "argument")
end
check.error(function()
  ns1.route.add("fd09::/16", { via = "10.0.0.1" })
end, "argument")
check.equal(routes(), before, "nothing has changed")

ns1.link.set("eth0", { up = false })
e = check.error(function()
  ns1.route.add("10.9.0.0/16", { via = "10.0.0.1" })
end, "network_unreachable")
check.equal(e.hint, 'eth0 has 10.0.0.2/24 but is down; ns1.link.set("eth0", { up = true })')
e = check.error(function()
  ns1.route.get("8.8.8.8")
end, "network_unreachable")
check.equal(e.hint, "ns1 has no route to 8.8.8.8 and no default route")
