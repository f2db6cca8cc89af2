-- A ring of three routers lives on when any one of its links is cut: each router has a second route to each host, the
-- other way round, with a higher metric. When a link goes down, the kernel forgets the routes through it, and the
-- second one is left.
--
--   nsh scripts/topology/ring.lua

local topology = require("nsh.topology")

local net = topology(topology.ring(3))
print(net)

local ring = { "r1", "r2", "r3" }

-- The third one of the ring.
local function other(a, b)
  for _, router in ipairs(ring) do
    if router ~= a and router ~= b then
      return router
    end
  end
end

for _, here in ipairs(ring) do
  for _, there in ipairs(ring) do
    if here ~= there then
      local subnets = net.links[there .. "-" .. there:gsub("r", "h")].subnets
      local around = other(here, there)
      for i, family in ipairs({ "inet", "inet6" }) do
        -- IPv4 routes have the metric 0 unless another is given, IPv6 routes 1024: 2000 is worse than both.
        local via = net:addr(around, { to = here, family = family })
        net[here].route.add(subnets[i], { via = via, metric = 2000 })
      end
    end
  end
end

print("\nRoutes of r1:")
print(net.r1.route.list({ family = "inet" }))

local function everyone_reaches_everyone(when)
  for _, from in ipairs(net.hosts) do
    for _, to in ipairs(net.hosts) do
      check.reachable(from, to, { family = "inet", message = when })
      check.reachable(from, to, { family = "inet6", message = when })
    end
  end
end

everyone_reaches_everyone("the ring is whole")
check.equal(net.h1.ping(net.h2).replies[1].ttl, 64 - 2, "the short way: r1, r2")

for _, pair in ipairs({ { 1, 2 }, { 2, 3 }, { 3, 1 } }) do
  local here, there = "r" .. pair[1], "r" .. pair[2]
  net:cut(here, there)
  everyone_reaches_everyone(here .. "-" .. there .. " is cut")
  local ttl = net["h" .. pair[1]].ping(net["h" .. pair[2]]).replies[1].ttl
  check.equal(ttl, 64 - 3, "the long way, over all three")
  net:mend(here, there)
end

everyone_reaches_everyone("the ring is whole again")
check.equal(net.h1.ping(net.h2).replies[1].ttl, 64 - 2)

-- Two cuts are too many.
net:cut("r1", "r2")
net:cut("r1", "r3")
check.unreachable(net.h1, net.h2)
check.reachable(net.h2, net.h3)

print("\n" .. check.passed() .. " checks passed")

-- (In a ring of four the same would not do: r4 doesn't know that r1-r2 is cut, and sends back to r1 what r1 sends
-- round. That is what routing protocols are for; `routing = false` leaves the routes to them.)
