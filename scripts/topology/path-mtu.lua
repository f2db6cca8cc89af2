-- A line with a smaller MTU in the middle: routers say so with ICMP, hosts remember it, and send smaller packets.
--
--   nsh scripts/topology/path-mtu.lua

local topology = require("nsh.topology")

local plan = topology.dumbbell(1, 1)
for _, link in ipairs(plan.links) do
  if link[1] == "r1" and link[2] == "r2" then
    link.mtu = 1400
  end
end
local net = topology(plan)
print(net)
check.equal(net.links["r1-r2"].mtu, 1400)

-- What fits, passes.
check.equal(net.a1.ping(net.b1, { size = 1300 }).received, 1)

for _, family in ipairs({ "inet", "inet6" }) do
  local there = net:addr("b1", { family = family })
  local seen <close> = net.a1.capture.start("eth0", { proto = { "icmp", "icmp6" } })

  -- The first packet is too big for the line: r1 drops it and tells which size it would take.
  local first = net.a1.ping(there, { size = 1450, df = true, timeout = 0.5 })
  check.equal(first.received, 0, "too big for the line")
  print("\n" .. family)
  print(seen:packets())

  -- a1 has learned.
  eventually(function()
    local route = net.a1.route.get(there)
    return route.metrics and route.metrics.mtu == 1400
  end, { message = "a1 remembers the path's MTU" })
  print(net.a1.route.get(there))
end

print("\n" .. check.passed() .. " checks passed")
