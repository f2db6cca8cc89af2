-- Networks from one table: hosts, switches, routers and links, with addresses and routes worked out.
--
-- `topology` is called with the table; all that isn't given follows from it and its order, so that the same table gives
-- the same network each time:
--
-- - a link between hosts and routers is a subnet, and so are all links of a switch (and of switches that are joined):
--   the first is 10.0.1.0/24 and fd00:1::/64, the second 10.0.2.0/24 and fd00:2::/64;
-- - in a subnet routers have the first addresses, then come hosts, both in the order of the table;
-- - a host's default route leads to the first router of its subnet;
-- - a router has a route to each subnet by the shortest path; one that is linked to a single other router has a default
--   route to it instead;
-- - a host's interfaces are eth0, eth1, ... in the order of its links; those of routers and switches are named after who
--   is at the other end: to-r2.
--
-- A switch is a namespace with a bridge, br0. STP is off.
--
-- The table can be read from JSON: a node's name is then its `name`, the ends of a link are `a` and `b`, and the
-- destination of a route is `dst`: `topology(json.decode(text))`.
--
-- What is wrong in the table is an error with its place, before anything is made; what fails halfway leaves nothing.

local _, internal = ...
local addressing = require("nsh.topology.addressing")
local build = require("nsh.topology.build")
local generate = require("nsh.topology.generate")
local net = require("nsh.topology.net")
local plan = require("nsh.topology.plan")
local read = require("nsh.topology.read")
local routing = require("nsh.topology.routing")

---The table of a network.
---@class (exact) nsh.topology.Table
---@field routers? (string|nsh.topology.Router)[] routers, by name or as a table with the name first
---@field hosts? (string|nsh.topology.Host)[] hosts
---@field switches? (string|nsh.topology.Switch)[] switches
---@field links? nsh.topology.LinkOptions[] links: `{ "r1", "r2" }`, perhaps with options
---@field subnets? table<string, string|string[]> subnets by switch or link: `{ s1 = "10.1.0.0/24", ["r1-r2"] = "10.0.12.0/30" }`
---@field pool? string|string[] where other subnets come from; default 10.0.0.0/8 and fd00::/16
---@field ipv4? boolean IPv4 addresses and routes; default true
---@field ipv6? boolean IPv6 addresses and routes; default true. false switches IPv6 off in all nodes
---@field routing? boolean routes of routers; default true. false is for labs that run a routing daemon
---@field loopbacks? boolean an address on each router's lo, from the pool's end: 10.255.0.1, fd00:ffff::1; default false
---@field mtu? integer the MTU of all links that have none of their own

---A table that was generated; it has all lists, to which more can be added.
---@class nsh.topology.Generated: nsh.topology.Table
---@field routers (string|nsh.topology.Router)[] its routers
---@field hosts (string|nsh.topology.Host)[] its hosts
---@field switches (string|nsh.topology.Switch)[] its switches
---@field links nsh.topology.LinkOptions[] its links

---A router: its name, and options.
---@class (exact) nsh.topology.Router
---@field [1]? string its name
---@field name? string its name, in JSON
---@field loopback? string|string[] addresses on its lo
---@field nat? string|string[] the neighbours towards whom it translates IPv4 addresses (masquerade); no router outside gets an IPv4 route to the subnets behind it
---@field routes? table[] its routes, instead of those worked out: `{ "default", via = "r1" }`, with any option of route.add; `via` may be a neighbour's name
---@field sysctl? table<string, string|integer> sysctls to set, when its links are there

---A host: its name, and options.
---@class (exact) nsh.topology.Host
---@field [1]? string its name
---@field name? string its name, in JSON
---@field addr? string|string[] its addresses, where it has one link; with a length, they say what the subnet is
---@field mac? string its hardware address, where it has one link
---@field gateway? string|false the node that its default route leads to; false: none
---@field routes? table[] its routes, instead of the default route: `{ "10.0.0.0/8", via = "r1" }`
---@field sysctl? table<string, string|integer> sysctls to set, when its links are there

---A switch: its name, and options.
---@class (exact) nsh.topology.Switch
---@field [1]? string its name
---@field name? string its name, in JSON
---@field subnet? string|string[] the subnets of those that are linked to it. Of several of a family, routers have an address in each, and hosts in the first, unless their address or their link says otherwise
---@field bridge? nsh.BridgeOptions options of its bridge, such as `{ stp = true, forward_delay = 2 }`
---@field sysctl? table<string, string|integer> sysctls to set, when its links are there

---A link: two nodes, and options. Two nodes may have several links. With the options of `link.shape` both its ends shape
---what they send: `{ "h1", "s1", delay = "5ms", rate = "10mbit", loss = "1%" }`.
---@class (exact) nsh.topology.LinkOptions: nsh.ShapeOptions
---@field [1]? string one node
---@field [2]? string the other
---@field a? string one node, in JSON
---@field b? string the other, in JSON
---@field name? string what it is called; default `r1-r2`, the next one of the two `r1-r2-2`
---@field subnet? string|string[] its subnets; at a switch with several, the one that it is for
---@field addr? table<string, string|string[]> addresses by node: `{ r1 = "10.0.12.1/30" }`
---@field dev? table<string, string> names of interfaces by node: `{ r1 = "wan" }`
---@field mac? table<string, string> hardware addresses by node: `{ r1 = "02:00:00:00:00:01" }`
---@field mtu? integer its MTU in bytes
---@field cost? integer what the way over it costs, for the shortest paths; default 1
---@field shape? table<string, nsh.link.ShapeOptions> how what one node sends is shaped besides, by node: `{ r1 = { rate = "1mbit" } }`

---@class nsh.topology
---@overload fun(spec: nsh.topology.Table): nsh.topology.Net
local topology = {}

local meta = { __name = "module nsh.topology" }

---Makes a network of a table, and returns it with each node by name.
---
---Raises `argument` for what is wrong in the table, with its place there; `exists` if a namespace has a node's name.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology({
---  routers = { "r1", "r2" },
---  hosts = { "a", { "b", addr = "10.20.0.7/24" } },
---  switches = { "s1" },
---  links = { { "a", "s1" }, { "s1", "r1" }, { "r1", "r2", subnet = "10.0.12.0/30" }, { "r2", "b" } },
---})
---print(net)
---check.reachable(net.a, net.b)
---check.equal(net.r1.route.get("10.20.0.7").via, "10.0.12.2")
---```
---@param spec nsh.topology.Table the table
---@return nsh.topology.Net # the network
function meta.__call(_, spec)
  local p = plan.read(spec)
  addressing.work_out(p)
  routing.work_out(p)
  build.make(p)
  return net(p)
end

---The table of a star: hosts on one switch. The hosts are h1, h2, and so on, the switch is s1.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.star(4))
---check.reachable(net.h1, net.h4)
---```
---@param n integer how many hosts
---@param opts? nsh.topology.Table other fields of the table: `ipv6`, `subnets`, `mtu`, ...
---@return nsh.topology.Generated # the table, which may be changed before it is made
function topology.star(n, opts)
  return generate.star(n, opts)
end

---The table of switches in a row, with a host each. The switches are s1, s2, and so on, the hosts h1, h2, and so on.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.linear(3))
---check.reachable(net.h1, net.h3)
---```
---@param n integer how many switches
---@param opts? table other fields of the table; `hosts` = n is how many hosts each switch has, h1_1, h1_2 and so on; default 1
---@return nsh.topology.Generated # the table
function topology.linear(n, opts)
  return generate.linear(n, opts)
end

---The table of a chain of routers, with a host at each of its two ends. The routers are r1, r2, and so on, the hosts h1
---(at r1) and h2.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.chain(3))
---check.equal(net.h1.ping(net.h2).replies[1].ttl, 64 - 3)
---```
---@param n integer how many routers
---@param opts? table other fields of the table; `hosts` = n puts n hosts at each router instead
---@return nsh.topology.Generated # the table
function topology.chain(n, opts)
  return generate.chain(n, opts)
end

---The table of a ring of routers, with a host each. The routers are r1, r2, and so on, their hosts h1, h2, and so on.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.ring(4))
---check.reachable(net.h1, net.h3)
---```
---@param n integer how many routers, at least 3
---@param opts? table other fields of the table; `hosts` = n is how many hosts each router has, h1_1, h1_2 and so on; default 1
---@return nsh.topology.Generated # the table
function topology.ring(n, opts)
  return generate.ring(n, opts)
end

---The table of a tree of switches, with hosts as its leaves. At the top is s1, below each switch are `fanout` more. The
---root counts as a level, hosts don't: `tree(2, 3)` has 1 + 3 switches and the hosts h1 to h9.
---
---```lua
---local topology = require("nsh.topology")
---local lan = topology(topology.tree(2, 2))
---check.reachable(lan.h1, lan.h4)
---lan:close()
---local net = topology(topology.tree(2, 2, { of = "routers" }))
---check.reachable(net.h1, net.h4)
---```
---@param depth integer levels of switches
---@param fanout integer what hangs below each
---@param opts? table other fields of the table; `of` = "routers" makes it of routers r1, r2, ... instead of switches
---@return nsh.topology.Generated # the table
function topology.tree(depth, fanout, opts)
  return generate.tree(depth, fanout, opts)
end

---The table of a full mesh: routers, each linked to each, with a host each. The routers are r1, r2, and so on, their
---hosts h1, h2, and so on.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.mesh(4))
---check.equal(#net.links, 6 + 4)
---check.reachable(net.h1, net.h4)
---```
---@param n integer how many routers, at least 2
---@param opts? table other fields of the table; `hosts` = n is how many hosts each router has; default 1
---@return nsh.topology.Generated # the table
function topology.mesh(n, opts)
  return generate.mesh(n, opts)
end

---The table of a grid of routers, each linked to its neighbours, with a host each. The routers of the first row are
---r1_1, r1_2, and so on, their hosts h1_1, h1_2, and so on.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.grid(2, 3, { hosts = 0 }))
---check.reachable(net.r1_1, net.r2_3)
---```
---@param rows integer how many rows
---@param columns integer how many columns
---@param opts? table other fields of the table; `hosts` = n is how many hosts each router has; default 1
---@return nsh.topology.Generated # the table
function topology.grid(rows, columns, opts)
  return generate.grid(rows, columns, opts)
end

---The table of a dumbbell: two groups of hosts, and between them two routers and one link, the bottleneck. On the left
---are a1, a2, and so on, on a switch s1 at the router r1; on the right b1, b2, and so on, on s2 at r2.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.dumbbell(2, 3, { bottleneck = { rate = "10mbit" } }))
---check.reachable(net.a1, net.b3)
---check.equal(net.r1.link.get("to-r2").shape.rate, 10000000)
---```
---@param left integer how many hosts on the left
---@param right integer how many hosts on the right
---@param opts? table other fields of the table; `bottleneck` has options of the link r1-r2, such as `{ rate = "10mbit" }`
---@return nsh.topology.Generated # the table
function topology.dumbbell(left, right, opts)
  return generate.dumbbell(left, right, opts)
end

local names = { "chain", "dumbbell", "grid", "linear", "mesh", "ring", "star", "tree" }

function meta.__index(_, key)
  local message, hint = read.none_of("no function", tostring(key), names, "it has")
  internal.raise("topology", "argument", message, hint)
end

setmetatable(topology, meta)

return topology
