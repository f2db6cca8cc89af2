-- needs: ip
-- Routes: the shortest paths, default routes where one will do, and what the table says instead.
local topology = require("nsh.topology")

---The routes that aren't the kernel's own, as `ip` sees them.
local function routes(ns, family)
  local out = {}
  for _, route in ipairs(json.decode(ns.exec({ "ip", "-j", family or "-4", "route" }).stdout)) do
    if route.protocol ~= "kernel" then
      table.insert(out, ("%s via %s dev %s"):format(route.dst, route.gateway, route.dev))
    end
  end
  table.sort(out)
  return out
end

do
  local net <close> = topology(topology.chain(4))
  -- Links: r1-r2 is 1, r2-r3 2, r3-r4 3, r1-h1 4, r4-h2 5.
  check.equal(routes(net.h1), { "default via 10.0.4.1 dev eth0" })
  check.equal(routes(net.h1, "-6"), { "default via fd00:4::1 dev eth0" })
  check.equal(routes(net.r1), { "default via 10.0.1.2 dev to-r2" }, "all of its ways go through r2")
  check.equal(routes(net.r2), {
    "10.0.3.0/24 via 10.0.2.2 dev to-r3",
    "10.0.4.0/24 via 10.0.1.1 dev to-r1",
    "10.0.5.0/24 via 10.0.2.2 dev to-r3",
  })
  check.equal(routes(net.r2, "-6"), {
    "fd00:3::/64 via fd00:2::2 dev to-r3",
    "fd00:4::/64 via fd00:1::1 dev to-r1",
    "fd00:5::/64 via fd00:2::2 dev to-r3",
  })
  check.equal(net.h1.ping(net.h2).replies[1].ttl, 64 - 4, "over four routers")
end

-- Two routers that have only each other: no default routes, in which the unknown would go to and fro.
do
  local net <close> = topology(topology.chain(2, { hosts = 2 }))
  check.equal(#routes(net.r1), 2)
  check.equal(routes(net.r1)[1], "10.0.4.0/24 via 10.0.1.2 dev to-r2")
  check.unreachable(net.h1_1, "10.99.0.1")
  check(net.h1_1.ping("10.99.0.1", { timeout = 0.5 }).errors[1] ~= nil, "a router says that it knows no way")
end

-- Costs, and ties: the router that the table has first.
do
  local lab = topology.ring(4)
  local net <close> = topology(lab)
  check.equal(net.r1.route.get(net:addr("h3")).dev, "to-r2")
  check.equal(net.r3.route.get(net:addr("h1")).dev, "to-r2")
end
do
  -- Over r4 the next router is nearer to the end, but the way as a whole costs the same.
  local lab = topology.ring(4)
  lab.links[1].cost, lab.links[2].cost, lab.links[3].cost, lab.links[4].cost = 1, 3, 1, 3
  local net <close> = topology(lab)
  check.equal(net.r1.route.get(net:addr("h3")).dev, "to-r2")
end
do
  local lab = topology.ring(4)
  lab.links[1].cost = 10
  local net <close> = topology(lab)
  check.equal(net.r1.route.get(net:addr("h2")).dev, "to-r4", "r1-r2 is dear")
  check.equal(net.h1.ping(net.h2).replies[1].ttl, 64 - 4)
end

-- Several routers in one subnet; a host chooses its own gateway, or none.
do
  local net <close> = topology({
    routers = { "r1", "r2" },
    hosts = { "a", { "b", gateway = "r2" }, { "c", gateway = false }, "d" },
    switches = { "s1" },
    links = { { "s1", "a" }, { "s1", "b" }, { "s1", "c" }, { "s1", "r1" }, { "s1", "r2" }, { "r2", "d" } },
  })
  check.equal(routes(net.a), { "default via 10.0.1.1 dev eth0" })
  check.equal(routes(net.b), { "default via 10.0.1.2 dev eth0" })
  check.equal(routes(net.c), {})
  check.equal(routes(net.r1), { "10.0.2.0/24 via 10.0.1.2 dev to-s1" })
  check.reachable(net.a, net.d, { count = 2 })
end

-- Routes that the table gives stand instead of those that would be worked out.
do
  local net <close> = topology({
    routers = {
      {
        "r1",
        routes = { { "10.0.3.0/24", via = "r2", metric = 7 }, { "10.66.0.0/16", type = "blackhole" } },
      },
      "r2",
    },
    hosts = { { "a", routes = { { "default", via = "r1" }, { "10.9.0.0/16", via = "10.0.1.1" } } }, "b" },
    links = { { "r1", "a" }, { "r1", "r2" }, { "r2", "b" } },
  })
  check.equal(routes(net.a), { "10.9.0.0/16 via 10.0.1.1 dev eth0", "default via 10.0.1.1 dev eth0" })
  check.equal(routes(net.a, "-6"), { "default via fd00:1::1 dev eth0" })
  check.equal(net.r1.route.list({ dst = "10.0.3.0/24" })[1].metric, 7)
  check.equal(#net.r1.route.list({ type = "blackhole", table = "all" }), 1)
  check.reachable(net.a, net.b)
end

-- Labs that run a routing daemon: addresses and forwarding, and hosts' default routes.
do
  local net <close> = topology(topology.ring(3, { routing = false }))
  check.equal(routes(net.r1), {})
  check.equal(#routes(net.h1), 1)
  check.equal(net.r1.sysctl.get("net.ipv6.conf.all.forwarding"), "1")
  check.unreachable(net.h1, net.h2)
end

-- Sysctls that the table gives.
do
  local net <close> = topology({ routers = { { "r1", sysctl = { ["net.ipv4.ip_default_ttl"] = 32 } } } })
  check.equal(net.r1.exec("cat /proc/sys/net/ipv4/ip_default_ttl").stdout, "32\n")
end
