-- Routes as `ip -d -j route` sees them.
-- needs: ip
local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})
local function ip(...)
  return json.decode(ns1.exec({ "ip", "-d", "-j", ... }, { check = true }).stdout)
end

check.equal(ns1.route.list({ family = "inet" })[1].dst, "10.0.0.0/24", "the connected route")
check.equal(ns1.route.list({ dst = "fd00::/64" })[1].dev, "eth0")
check.error(function()
  ns1.route.get("8.8.8.8")
end, "network_unreachable")

ns1.route.add("default", { via = "10.0.0.1" })
ns1.route.add("default", { via = "fd00::1" })
local d = ip("route", "show", "default")[1]
check.equal(d.gateway, "10.0.0.1")
check.equal(d.dev, "eth0")
check.equal(d.protocol, "boot")
check.equal(ip("-6", "route", "show", "default")[1].gateway, "fd00::1")
check.equal(ns1.route.get("8.8.8.8").via, "10.0.0.1")
check.equal(ns1.route.get("8.8.8.8").src, "10.0.0.2")
check.equal(ns1.route.get("2001:db8::1").via, "fd00::1")
check.equal(ns1.route.get("10.0.0.1").via, nil)
check.equal(ns1.route.get("10.0.0.2").type, "local")

ns1.route.add("10.9.0.0/16", {
  via = "10.8.0.1",
  dev = "eth0",
  onlink = true,
  src = "10.0.0.2",
  metric = 50,
  table = 1000,
  proto = "static",
  metrics = { mtu = 1300, advmss = 1200, rto_min = 0.25 },
})
check.equal(ip("route", "show", "table", "1000"), {
  {
    type = "unicast",
    dst = "10.9.0.0/16",
    gateway = "10.8.0.1",
    dev = "eth0",
    protocol = "static",
    scope = "global",
    prefsrc = "10.0.0.2",
    metric = 50,
    flags = { "onlink" },
    metrics = { { mtu = 1300, advmss = 1200, rto_min = 250 } },
  },
})
local r = ns1.route.list({ table = 1000 })[1]
check.equal(r.via, "10.8.0.1")
check.equal(r.metric, 50)
check.equal(r.src, "10.0.0.2")
check.equal(r.proto, "static")
check.equal(#ns1.route.list({ table = "all", proto = "static" }), 1)

for i, kind in ipairs({ "blackhole", "unreachable", "prohibit", "throw" }) do
  ns1.route.add(("10.66.%d.0/24"):format(i), { type = kind })
  ns1.route.add(("fd66:%d::/32"):format(i), { type = kind })
  check.equal(ip("route", "show", "type", kind)[1].dst, ("10.66.%d.0/24"):format(i))
  check.equal(ns1.route.list({ type = kind, family = "inet6" })[1].dst, ("fd66:%d::/32"):format(i))
end
check.error(function()
  ns1.route.get("10.66.2.1")
end, "host_unreachable")
check.error(function()
  ns1.route.get("fd66:2::1")
end, "host_unreachable")
check.error(function()
  ns1.route.get("10.66.3.1")
end, "permission")
check.error(function()
  ns1.route.get("fd66:3::1")
end, "permission")

-- Several hops, and a gateway of the other family.
ns1.route.add(
  "10.5.0.0/16",
  { nexthops = { { via = "10.0.0.1", weight = 3 }, { via = "10.0.0.7", dev = "eth0" } } }
)
local hops = ip("route", "show", "10.5.0.0/16")[1].nexthops
check.equal(hops[1].gateway, "10.0.0.1")
check.equal(hops[1].weight, 3)
check.equal(hops[2].dev, "eth0")
ns1.route.add("fd05::/16", { nexthops = { { via = "fd00::1" }, { via = "fd00::7", weight = 2 } } })
check.equal(#ip("-6", "route", "show", "fd05::/16")[1].nexthops, 2)
check.equal(ns1.route.list({ dst = "fd05::/16" })[1].nexthops[2].weight, 2)
ns1.route.add("10.6.0.0/16", { via = "fd00::1", dev = "eth0" })
check.equal(ip("route", "show", "10.6.0.0/16")[1].via, { family = "inet6", host = "fd00::1" })
check.equal(ns1.route.list({ via = "fd00::1", family = "inet" })[1].dst, "10.6.0.0/16")

-- replace, del, flush.
ns1.route.replace("default", { via = "10.0.0.9" })
check.equal(ip("route", "show", "default")[1].gateway, "10.0.0.9")
ns1.route.del("default")
check.equal(ip("route", "show", "default"), {})
check.equal(#ns1.route.list({ dst = "default" }), 1, "the IPv6 one stayed")
check.equal(ns1.route.flush({ type = "blackhole" }), 2)
check.equal(ns1.route.flush({ table = 1000 }), 1)
check.equal(#ns1.route.list({ proto = "kernel", family = "inet" }), 1, "the connected one stayed")

-- From, and an incoming link: what the kernel would do with a packet to forward.
sysctl.set("net.ipv4.ip_forward", 1)
addr.add("10.3.0.1/24", { dev = "lo" })
check.equal(route.get("10.3.0.1", { from = "10.0.0.2", iif = "veth0" }).type, "local")
