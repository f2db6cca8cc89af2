-- Segment routing over IPv6 (SRv6): the first router says by which routers a packet goes. Here packets to the other site make
-- a detour by `south`, where they could be inspected; what comes back takes the shortest path.
--
--   nsh scripts/examples/srv6-path.lua

local topology = require("nsh.topology")

local net = topology({
  ipv4 = false,
  loopbacks = true,
  routers = { "west", "north", "south", "east" },
  hosts = { "a", "b" },
  links = {
    { "west", "north" },
    { "north", "east" },
    { "north", "south" },
    { "a", "west" },
    { "b", "east" },
  },
})

-- Routers take packets with a routing header where a sysctl says so, as a whole and for each link.
for _, name in ipairs({ "south", "east" }) do
  for _, link in ipairs({ "all", "to-north" }) do
    net[name].sysctl.set("net.ipv6.conf." .. link .. ".seg6_enabled", 1)
  end
end

-- A router's segment is the address on its loopback. The last one takes the outer header away.
local function segment(router)
  return net[router].addr.list({ dev = "lo", family = "inet6", scope = "global" })[1]["local"]
end
local B = net:addr("b", { family = "inet6" })
local detour = segment("south") .. "," .. segment("east")
net.west.route.add(B, { encap = "seg6 mode encap segs " .. detour, dev = "to-north" })

test("packets make the detour, and answers don't", function()
  local wire <close> = net.south.capture.start("to-north")
  check.equal(net.a.ping(B, { count = 1 }).received, 1)
  -- In for this segment, and out again for the next one.
  check.equal(#wire:wait({ dst = segment("south"), direction = "in" }), 1)
  check.equal(#wire:wait({ dst = segment("east"), direction = "out" }), 1)
  check.equal(wire:packets({ proto = "icmp6", type = "echo reply" }), {})
end)

test("a router that doesn't take them breaks the path", function()
  net.south.sysctl.set("net.ipv6.conf.to-north.seg6_enabled", 0)
  check.equal(net.a.ping(B, { count = 1, timeout = 0.5 }).received, 0)
end)
