-- Three networks in a row run FRR with BGP; each tells the others of its own prefix, by IPv4 and by IPv6. Then one takes
-- its prefix back.
-- needs: /usr/lib/frr/zebra, /usr/lib/frr/bgpd, vtysh

local frr = require("nsh.frr")
local topology = require("nsh.topology")

local net = topology({
  routers = { "left", "middle", "right" },
  hosts = { "a", "b" },
  links = {
    { "left", "middle" },
    { "middle", "right" },
    { "left", "a", subnet = { "198.51.100.0/24", "2001:db8:1::/64" } },
    { "right", "b", subnet = { "203.0.113.0/24", "2001:db8:2::/64" } },
  },
  routing = false,
})

---@type table<string, integer?>
local AS = { left = 65001, middle = 65002, right = 65003 }

-- A router's neighbours, over both families, and the prefixes of its hosts.
local function config(ns)
  local neighbors, networks = {}, {}
  for _, link in ipairs(net.links) do
    local own = link[1] == ns.name or link[2] == ns.name
    local other = link[1] == ns.name and link[2] or link[1]
    if own and AS[other] then
      for _, family in ipairs({ "inet", "inet6" }) do
        local address = net:addr(other, { to = ns, family = family })
        table.insert(neighbors, { address, as = AS[other] })
      end
    elseif own then
      networks = link.subnets
    end
  end
  return {
    router_id = net:addr(ns),
    bgp = { as = AS[ns.name], neighbors = neighbors, networks = networks },
  }
end

local routers = frr.start_all(net.routers, config)

local took = eventually(function()
  for _, family in ipairs({ "inet", "inet6" }) do
    check.reachable(net.a, net.b, { family = family, timeout = 0.2 })
  end
end, { timeout = 40, interval = 0.02 })
print(("until all prefixes are known: %.2f s"):format(took))

-- What left knows of right's prefix: the path leads through both other networks.
local route = routers[1]:show("bgp ipv4 unicast 203.0.113.0/24")
print("left reaches 203.0.113.0/24 by the path " .. route.paths[1].aspath.string)
check.equal(route.paths[1].aspath.string, "65002 65003")

for peer, session in pairs(routers[2]:show("bgp summary").ipv4Unicast.peers) do
  print("middle", peer, "AS " .. session.remoteAs, session.state)
end

routers[3]:configure("router bgp 65003\n address-family ipv4 unicast\n  no network 203.0.113.0/24\n")
eventually(function()
  check.unreachable(net.a, net.b, { family = "inet", timeout = 0.2 })
end, { timeout = 40 })
check.reachable(net.a, net.b, { family = "inet6" })

check.equal(#proc.deaths(), 0)
