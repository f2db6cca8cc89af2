-- A path of MPLS through three routers: the first one puts a label on what goes to the other site, the second exchanges it
-- for another, and the third takes it away. The router in the middle has no routes to the sites at all.
--
--   nsh scripts/examples/mpls-path.lua
-- needs: mpls

local topology = require("nsh.topology")

local net = topology({
  ipv6 = false,
  routers = { "west", "core", "east" },
  hosts = { "a", "b" },
  links = {
    { "west", "core", subnet = "192.0.2.0/30" },
    { "core", "east", subnet = "198.51.100.0/30" },
    { "west", "a", subnet = "10.0.1.0/24" },
    { "east", "b", subnet = "10.0.2.0/24" },
  },
})

-- Room for labels, and links that take them.
for name, links in pairs({ west = { "to-core" }, core = { "to-west", "to-east" }, east = { "to-core" } }) do
  net[name].sysctl.set("net.mpls.platform_labels", 1000)
  for _, dev in ipairs(links) do
    net[name].sysctl.set("net.mpls.conf." .. dev .. ".input", 1)
  end
end

--- A path in one direction: its two labels, and the site that it leads to.
local function path(from, to, first, second, site, host)
  local core, last = net:addr("core", { to = from }), net:addr(to, { to = "core" })
  net[from].route.replace(site, { encap = "mpls " .. first, via = core })
  net.core.mpls.add(first, { as = tostring(second), via = last })
  net[to].mpls.add(second, { via = net:addr(host, { to = to }) })
  net.core.route.flush({ dst = site })
end
path("west", "east", 100, 200, "10.0.2.0/24", "b")
path("east", "west", 101, 201, "10.0.1.0/24", "a")

test("the sites reach each other, and the core knows labels only", function()
  local wire <close> = net.core.capture.start("to-east")
  check.reachable(net.a, net.b)
  check.equal(net.core.route.list({ dst = "10.0.2.0/24" }), {})
  local labelled = 0
  for _, packet in ipairs(wire:packets()) do
    labelled = labelled + (packet.eth and packet.eth.ethertype == 0x8847 and 1 or 0)
  end
  check.equal(labelled, 2)
  -- No ping goes without a label.
  check.equal(#wire:packets({ proto = "icmp" }), labelled)
end)

test("without its label the core drops them", function()
  net.core.mpls.del(100)
  check.unreachable(net.a, net.b, { timeout = 0.5 })
end)
