-- One LAN that stands for many places: what a host sends to each of its peers takes its own time, as if they were in other
-- cities. Needs a kernel with netem and htb.
--
--   nsh scripts/examples/per-peer-delay.lua
--   nsh test scripts/examples/per-peer-delay.lua
-- needs: netem, htb

local topology = require("nsh.topology")

-- Seconds from the hub to each of them, one way.
local AWAY = { near = 0.005, far = 0.03, farthest = 0.12 }

local net = topology({
  hosts = { "hub", "near", "far", "farthest", "neighbour" },
  switches = { "lan" },
  links = {
    { "lan", "hub" },
    { "lan", "near" },
    { "lan", "far" },
    { "lan", "farthest" },
    { "lan", "neighbour" },
  },
})

---What the hub sends to each peer, by its address of each family.
local function paths()
  local to = {}
  for name, delay in pairs(AWAY) do
    for _, family in ipairs({ "inet", "inet6" }) do
      to[net:addr(name, { family = family })] = { delay = delay }
    end
  end
  return to
end

local function rtt(to, family)
  return net.hub.ping(net:addr(to, { family = family }), { count = 3, interval = 0.01 }).rtt.min
end

-- Neighbours are found before anything is delayed.
for _, node in ipairs({ "near", "far", "farthest", "neighbour" }) do
  check.reachable(net.hub, net:addr(node))
  check.reachable(net.hub, net:addr(node, { family = "inet6" }))
end
net.hub.link.shape("eth0", { to = paths() })

for _, family in ipairs({ "inet", "inet6" }) do
  test.each("{} is as far as it should be, by " .. family, AWAY, function(delay, name)
    check.at_least(rtt(name, family), delay)
  end)

  test("who isn't named is near, by " .. family, function()
    check.less(rtt("neighbour", family), AWAY.far)
  end)
end

test("the way to one of them changes, and the others stay", function()
  local to = paths()
  to[net:addr("near")] = { delay = 0.2 }
  net.hub.link.shape("eth0", { to = to })
  check.at_least(rtt("near", "inet"), 0.2)
  check.at_least(rtt("far", "inet"), AWAY.far)
  check.less(rtt("far", "inet"), 0.2)
end)

print(net.hub.link.get("eth0").shape)
