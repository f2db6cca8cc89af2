-- The way of a packet; the kernel's own lookups, and counters of ICMP, are the witness.
-- needs: ip, nft
local topology = require("nsh.topology")
local net = topology(topology.chain(3, { ipv6 = true }))

-- Routers answer one host six times, and then once a second.
for _, router in ipairs({ net.r1, net.r2, net.r3 }) do
  router.sysctl.set("net.ipv4.icmp_ratelimit", 0)
end

for _, proto in ipairs({ "icmp", "udp", "tcp" }) do
  for _, family in ipairs({ "inet", "inet6" }) do
    local way = net.h1.traceroute("h2", { proto = proto, family = family })
    check.equal(way.reached, true)
    local names = {}
    for i, hop in ipairs(way.hops) do
      check.equal(hop.ttl, i)
      check.equal(hop.lost, 0)
      names[i] = hop.namespace
    end
    check.equal(names, { "r1", "r2", "r3", "h2" })
    check.equal(way.hops[4].addr, way.addr)
    -- Each hop is the gateway of the one before.
    local from = "h1"
    for i = 1, 3 do
      local said = json.decode(net[from].proc.exec({ "ip", "-j", "route", "get", way.addr }).stdout) --[[@as any]]
      if family == "inet" then
        check.equal(way.hops[i].addr, said[1].gateway)
      end
      from = names[i]
    end
  end
end

-- Several packets a hop, and a part of the way.
local part = net.h1.traceroute("h2", { first_ttl = 2, max_ttl = 3, queries = 2 })
check.equal(part.reached, false)
check.equal({ part.hops[1].namespace, part.hops[2].namespace, #part.hops }, { "r2", "r3", 2 })
check.equal({ part.hops[1].sent, #part.hops[1].answers }, { 2, 2 })

-- A router without a way says so.
net.r2.route.add("10.99.0.0/16", { type = "unreachable" })
net.r1.route.add("10.99.0.0/16", { via = net.r1.route.get(net.h1.traceroute("h2").addr).via })
local refused = net.h1.traceroute("10.99.0.1")
check.equal(refused.reached, false)
check.equal(refused.hops[2].namespace, "r2")
check.equal(refused.hops[2].message, "Destination Host Unreachable")
check(tostring(refused):find("!H$"), tostring(refused))

-- A router that says nothing is a hop without an address.
net.r2.nft.load([[
table inet silent {
  chain out {
    type filter hook output priority 0;
    icmp type time-exceeded drop
  }
}
]])
local silent = net.h1.traceroute("h2", { timeout = 0.2 })
check.equal(silent.reached, true)
check.equal({ silent.hops[2].addr, silent.hops[2].lost }, { nil, 1 })
check.equal(silent.hops[3].namespace, "r3")
