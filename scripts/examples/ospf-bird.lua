-- Three routers in a triangle run BIRD with OSPF; the link in use is cut, and they find the way around.
-- needs: bird, birdc

local bird = require("nsh.bird")
local topology = require("nsh.topology")

local B4, B6 = "10.20.0.2", "fd20::2"
local net = topology({
  routers = { "r1", "r2", "r3" },
  hosts = { "a", { "b", addr = { B4 .. "/24", B6 .. "/64" } } },
  links = { { "r1", "r2" }, { "r2", "r3" }, { "r1", "r3" }, { "a", "r1" }, { "b", "r3" } },
  loopbacks = true,
  routing = false,
})

-- All of them at once, with OSPFv2 for IPv4 and OSPFv3 for IPv6. No hellos are sent to the hosts.
local hosts = { r1 = { "to-a" }, r3 = { "to-b" } }
local routers = bird.start_all(net.routers, function(ns)
  return { router_id = net:addr(ns), ospf = { type = "ptp", passive = hosts[ns.name] } }
end)

-- Waits until r1 sends what is for b through this link, and replies come back.
local function converge(what, dev)
  local took = eventually(function()
    for family, address in pairs({ inet = B4, inet6 = B6 }) do
      check.equal(net.r1.route.get(address).dev, dev)
      check.reachable(net.a, net.b, { family = family, timeout = 0.2 })
    end
  end, { timeout = 40, interval = 0.02 })
  print(("%s: %.2f s"):format(what, took))
end

converge("until all routes are there", "to-r3")
for _, n in ipairs(routers[1]:show("ospf neighbors")) do
  print(n.protocol, n.router_id, n.state, n.dev)
end

net:cut("r1", "r3")
converge("around the link that was cut", "to-r2")

net:mend("r1", "r3")
converge("back on the link that was mended", "to-r3")

check.equal(#proc.deaths(), 0)
