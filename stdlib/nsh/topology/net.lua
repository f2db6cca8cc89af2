-- What `topology(...)` returns: the nodes by name, and what can be done with the network.

local _, internal = ...
local address = require("nsh.topology.address")
local addressing = require("nsh.topology.addressing")
local build = require("nsh.topology.build")
local cable = require("nsh.topology.cable")
local grow = require("nsh.topology.grow")
local plan = require("nsh.topology.plan")
local read = require("nsh.topology.read")
local show = require("nsh.topology.show")

---A link, in the form in which the table gives links, with all that was worked out.
---@class nsh.topology.Link
---@field [1] string one of its nodes
---@field [2] string the other
---@field name string such as `r1-r2`
---@field dev table<string, string> the interface at each end, by node
---@field addr table<string, string[]> the addresses at each end, by node, with their lengths
---@field subnets string[] the subnets that it belongs to
---@field mtu? integer the MTU, where one was given
---@field cost integer what the way over it costs
---@field up boolean whether it is neither cut nor at a node that is down
---@field shape? table<string, nsh.link.ShapeOptions> how the ends shape what they send, by node
---@field lost_from? string[] the nodes whose packets are lost on it, where a direction is cut

---Links in the order of the table; also by name, from either end: `links["r1-r2"]` or `links["r2-r1"]`.
---@class nsh.topology.Links
---@field [integer] nsh.topology.Link a link
---@field [string] nsh.topology.Link the link of this name

---A network that `topology` made. Each node is a field by its name, the namespace itself: `net.r1.route.list()`.
---Printed, it shows who has which address on which interface.
---@class nsh.topology.Net
---@field routers nsh.Namespace[] the routers, in the order of the table
---@field hosts nsh.Namespace[] the hosts
---@field switches nsh.Namespace[] the switches
---@field nodes nsh.Namespace[] all of them: routers, hosts, switches
---@field links nsh.topology.Links the links, with all that was worked out; also by name: `net.links["r1-r2"]`
---@field [string] nsh.Namespace the node of this name
local Net = {}

---The plan behind each network.
---@type table<any, any>
local plans = setmetatable({}, { __mode = "k" })

local function fail(method, message, hint)
  internal.raise("Net:" .. method, "argument", message, hint)
end

---The plan of a network whose method was called.
local function plan_of(self, method)
  local p = plans[self]
  if not p then
    local got = "expected a network, got " .. internal.describe(self)
    fail(method, got, ("call it with a colon: net:%s(...)"):format(method))
  elseif p.closed then
    fail(method, "this network was closed")
  end
  return p
end

---The node of a name, or of a namespace.
local function node_of(p, method, what)
  local name = type(what) == "userdata" and what.name or what
  if type(name) ~= "string" then
    fail(method, "expected a node or its name, got " .. internal.describe(what))
  end
  local node = p.by_name[name]
  if node then
    return node
  end
  local names = {}
  for i, known in ipairs(p.nodes) do
    names[i] = known.name
  end
  fail(method, read.none_of("there is no node", name, names, "the nodes are"))
end

---Who a node is linked to, as a hint.
local function neighbours(node)
  local there = {}
  for i, e in ipairs(node.ends) do
    there[i] = e.other.node.name
  end
  return #there > 0 and ("%s is linked to %s"):format(node.name, table.concat(there, ", "))
    or node.name .. " has no links"
end

---The links of two nodes: all, or the one of a name.
local function links_of(p, method, a, b, name)
  local one, two = node_of(p, method, a), node_of(p, method, b)
  local links, names = plan.links(p, one, two), {}
  if #links == 0 then
    fail(method, ("%s and %s are not linked"):format(one.name, two.name), neighbours(one))
  end
  for i, link in ipairs(links) do
    if name ~= nil and (name == link.names[1] or name == link.names[2]) then
      return { link }
    end
    names[i] = link.name
  end
  if name ~= nil then
    local which = ("opts.link: no link of %s and %s is called"):format(one.name, two.name)
    fail(method, read.none_of(which, tostring(name), names, "there are"))
  end
  return links
end

---The options of a method, checked.
local function options(method, opts, fields)
  return read.as("Net:" .. method, read.record, "opts", opts == nil and {} or opts, fields)
end

---A node or its name, as an option.
local function node_name(path, value)
  return read.name(path, type(value) == "userdata" and value.name or value)
end

local ON_LINK = { link = read.string, from = node_name }
local SHAPE_ON_LINK = plan.with_shape({ link = read.string, from = node_name })

---Which links `net:cut` and `net:mend` mean.
---@class (exact) nsh.topology.CutOptions
---@field link? string the one of this name, where there are several between the two; default all
---@field from? string|nsh.Namespace only the direction from this node to the other; both ends stay up

---Calls `f` with each link that is meant and, for one direction, the end that sends.
local function each_link(self, method, a, b, opts, f)
  local p = plan_of(self, method)
  opts = options(method, opts, ON_LINK)
  for _, link in ipairs(links_of(p, method, a, b, opts.link)) do
    local from = opts.from and node_of(p, method, opts.from)
    local e = from and plan.end_of(link, from)
    if e and e.node ~= from then
      local two = link.ends[1].node.name .. " nor " .. link.ends[2].node.name
      fail(method, ("opts.from: %s is neither %s"):format(from.name, two))
    end
    f(link, e)
  end
end

---Cuts the link between two nodes: both its ends go down, and with them the routes through it. Nothing happens where
---it is cut already. With `from` one direction alone is cut: what that node sends is lost, and neither end notices.
---Its answers to ARP are lost, too: a neighbour that isn't known by then is not found.
---
---Raises `argument` if there is no such link; `exists` if `from` has a queueing discipline there.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.chain(2))
---check.reachable(net.h1, net.h2)
---net:cut("r1", "r2", { from = "r2" })
---check.arrives(net.h1, net.h2)
---check.lost(net.h2, net.h1)
---net:cut("r1", "r2")
---check.unreachable(net.h1, net.h2)
---```
---@param a string|nsh.Namespace one of its nodes
---@param b string|nsh.Namespace the other
---@param opts? nsh.topology.CutOptions which of several links, and which direction
function Net:cut(a, b, opts)
  each_link(self, "cut", a, b, opts, function(link, from)
    if from then
      cable.silence(from, true)
    else
      link.cut = true
      cable.settle(link)
    end
  end)
end

---Mends a link that was cut: both its ends come up, and the routes come back that went with it, but for those of routing
---daemons and those that something newer stands in the place of. What was cut in one direction is mended, too.
---
---Raises `argument` if there is no such link.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.chain(2))
---net:cut("r1", "r2")
---net:mend("r1", "r2")
---check.reachable(net.h1, net.h2)
---```
---@param a string|nsh.Namespace one of its nodes
---@param b string|nsh.Namespace the other
---@param opts? nsh.topology.CutOptions which of several links; with `from`, only that direction
function Net:mend(a, b, opts)
  each_link(self, "mend", a, b, opts, function(link, from)
    for _, e in ipairs(from and { from } or link.ends) do
      cable.silence(e, false)
    end
    link.cut = link.cut and from ~= nil
    cable.settle(link)
  end)
end

---How the link between two nodes is shaped.
---@class (exact) nsh.topology.ShapeOptions: nsh.ShapeOptions
---@field link? string the one of this name, where there are several between the two; default all
---@field from? string|nsh.Namespace only the direction from this node to the other

---How the ends of a link shape what they send, by node.
local function shapes(link)
  local out = {}
  for _, e in ipairs(link.ends) do
    out[e.node.name] = plan.copy(e.shape)
  end
  return next(out) and out or nil
end

---Shapes the link between two nodes: both its ends delay, lose or slow what they send, by options of `link.shape`. What
---isn't named is not done, and false is for none any more. With `from`, one direction alone is shaped, and the other
---stays as it is. It can be changed while packets flow.
---
---Raises as `link.shape` does, and `argument` if there is no such link.
---
---```lua
----- needs: netem
---local topology = require("nsh.topology")
---local net = topology({ hosts = { "a", "b" }, links = { { "a", "b" } } })
---net:shape("a", "b", { delay = "20ms", rate = "10mbit" })
---check.at_least(net.a.ping(net.b).rtt.min, 0.04)
---net:shape("a", "b", { from = "a", rate = "1mbit" })
---net:shape("a", "b", false)
---check.equal(net.a.link.get("eth0").shape, nil)
---```
---@param a string|nsh.Namespace one of its nodes
---@param b string|nsh.Namespace the other
---@param opts nsh.topology.ShapeOptions|false options of `link.shape`, which of several links, and which direction
function Net:shape(a, b, opts)
  if opts ~= false and type(opts) ~= "table" then
    fail("shape", "opts: expected a table of options or false, got " .. internal.describe(opts))
  end
  local which = options("shape", opts or {}, SHAPE_ON_LINK)
  local shape = plan.copy(plan.shape_in(which))
  read.as("Net:shape", read.shape, "opts", shape)
  each_link(self, "shape", a, b, { link = which.link, from = which.from }, function(link, from)
    cable.shape_all(from and { from } or link.ends, next(shape) and shape or nil)
    link.shown.shape = shapes(link)
  end)
end

local function switch(self, method, name, down)
  local node = node_of(plan_of(self, method), method, name)
  node.down = down
  for _, e in ipairs(node.ends) do
    cable.settle(e.link)
  end
end

---Takes a node down: all its links are cut. What runs in it goes on, and finds itself alone.
---
---Raises `argument` if there is no such node.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.ring(3))
---net:down("r2")
---check.unreachable(net.h1, net.h2)
---check.reachable(net.h1, net.h3)
---```
---@param node string|nsh.Namespace the node
function Net:down(node)
  switch(self, "down", node, true)
end

---Takes a node up again: its links are mended, but for those that were cut by themselves or lead to a node that is down.
---
---Raises `argument` if there is no such node.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.ring(3))
---net:down("r2")
---net:up("r2")
---check.reachable(net.h1, net.h2)
---```
---@param node string|nsh.Namespace the node
function Net:up(node)
  switch(self, "up", node, false)
end

---What `net:addr` may be asked for.
---@class (exact) nsh.topology.AddrOptions
---@field to? string|nsh.Namespace on the link to this node; default the first link with an address
---@field link? string on the link of this name, where there are several to it; default the first
---@field family? "inet"|"inet6" of this family; default IPv4 where there is one, else IPv6

local ADDR = {
  to = node_name,
  link = read.string,
  family = function(path, value)
    if value ~= "inet" and value ~= "inet6" then
      read.wrong(path, 'expected "inet" or "inet6", got ' .. internal.describe(value))
    end
    return value
  end,
}

---An address of a node, without prefix length.
---
---Raises `argument` if there is no such node or link, `not_found` if it has no such address.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.chain(2))
---check.equal(net:addr("h1"), "10.0.2.2")
---net.r1.route.add("10.99.0.0/16", { via = net:addr("r2", { to = "r1" }) })
---check.equal(net:addr("r2", { to = "r1", family = "inet6" }), "fd00:1::2")
---```
---@param node string|nsh.Namespace the node
---@param opts? nsh.topology.AddrOptions which of its addresses
---@return string # the address
function Net:addr(node, opts)
  local p = plan_of(self, "addr")
  opts = options("addr", opts, ADDR)
  local one = node_of(p, "addr", node)
  local ends = one.ends
  if opts.to then
    ends = {}
    for i, link in ipairs(links_of(p, "addr", one.name, opts.to, opts.link)) do
      ends[i] = plan.end_of(link, one)
    end
  end
  for _, wanted in ipairs(opts.family and { opts.family } or { "inet", "inet6" }) do
    for _, e in ipairs(ends) do
      local found = addressing.of(e, wanted)
      if found then
        return found
      end
    end
  end
  return internal.raise("Net:addr", "not_found", one.name .. " has no such address", nil)
end

---@type fun(net: any, p: any)
local update

---A host that is added: its options and those of its link.
---@class (exact) nsh.topology.NewHost
---@field to? string|nsh.Namespace the node that it is linked to; default none
---@field addr? string|string[] its addresses
---@field mac? string its hardware address
---@field gateway? string|false the node that its default route leads to; false: none
---@field routes? table[] its routes, instead of the default route
---@field sysctl? table<string, string|integer> sysctls to set
---@field link? nsh.topology.LinkOptions options of the link: `{ mtu = 1400 }`

---A router that is added: its options and those of its link.
---@class (exact) nsh.topology.NewRouter
---@field to? string|nsh.Namespace the node that it is linked to; default none
---@field loopback? string|string[] addresses on its lo
---@field nat? string|string[] the neighbours towards whom it translates IPv4 addresses
---@field routes? table[] its routes, instead of those worked out
---@field sysctl? table<string, string|integer> sysctls to set
---@field link? nsh.topology.LinkOptions options of the link: `{ cost = 5 }`

---A switch that is added: its options and those of its link.
---@class (exact) nsh.topology.NewSwitch
---@field to? string|nsh.Namespace the node that it is linked to; default none
---@field subnet? string|string[] the subnets of those that are linked to it
---@field bridge? nsh.BridgeOptions options of its bridge
---@field sysctl? table<string, string|integer> sysctls to set
---@field link? nsh.topology.LinkOptions options of the link

---Changes the network by a function of `grow`, and returns what that returns.
local function change(self, method, f, ...)
  local p = plan_of(self, method)
  local new, result = read.as("Net:" .. method, f, p, ...)
  update(self, new)
  return result
end

---Checks and copies a table of options, and takes out where the new node is linked to.
local function new_node(method, opts)
  if opts ~= nil and type(opts) ~= "table" then
    fail(method, "opts: expected a table, got " .. internal.describe(opts))
  end
  local own = {}
  for key, value in pairs(opts or {}) do
    own[key] = value
  end
  local to, link = own.to, own.link
  own.to, own.link = nil, nil
  return own, to and read.as("Net:" .. method, node_name, "opts.to", to), link
end

local function add(self, method, kind, name, opts)
  local own, to, link = new_node(method, opts)
  return change(self, method, grow.add_node, kind, name, own, to, link)
end

---Adds a host to the network, and links it to a node. Its addresses and its default route are worked out as in the
---table; the addresses of all others stay, and routes are added where they are needed.
---
---Raises as `topology` does.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.star(2))
---net:add_host("h3", { to = "s1" })
---check.reachable(net.h3, net.h1)
---print(net)
---```
---@param name string its name
---@param opts? nsh.topology.NewHost its options, and the node that it is linked to
---@return nsh.Namespace # the host
function Net:add_host(name, opts)
  return add(self, "add_host", "hosts", name, opts)
end

---Adds a router to the network, as `net:add_host` does a host.
---
---Raises as `topology` does.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.star(2))
---net:add_router("r1", { to = "s1" })
---net:add_host("far", { to = "r1" })
---check.reachable(net.h1, net.far)
---```
---@param name string its name
---@param opts? nsh.topology.NewRouter its options, and the node that it is linked to
---@return nsh.Namespace # the router
function Net:add_router(name, opts)
  return add(self, "add_router", "routers", name, opts)
end

---Adds a switch to the network, as `net:add_host` does a host.
---
---Raises as `topology` does.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.star(2))
---net:add_switch("s2", { to = "s1" })
---net:add_host("h3", { to = "s2" })
---check.reachable(net.h3, net.h1)
---```
---@param name string its name
---@param opts? nsh.topology.NewSwitch its options, and the node that it is linked to
---@return nsh.Namespace # the switch
function Net:add_switch(name, opts)
  return add(self, "add_switch", "switches", name, opts)
end

---Links two nodes that are there. Addresses and routes are worked out as in the table; the addresses of other links
---stay.
---
---Raises as `topology` does.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.chain(3))
---net:add_link("r1", "r3")
---check.equal(net.h1.ping(net.h2).replies[1].ttl, 64 - 2)
---```
---@param a string|nsh.Namespace one of its nodes
---@param b string|nsh.Namespace the other
---@param opts? nsh.topology.LinkOptions options of the link, as in the table: `{ mtu = 1400 }`
---@return nsh.topology.Link # the link
function Net:add_link(a, b, opts)
  local p = plan_of(self, "add_link")
  local one, two = node_of(p, "add_link", a), node_of(p, "add_link", b)
  return change(self, "add_link", grow.add_link, one.name, two.name, opts).shown
end

---Where `net:move` plugs a cable in.
---@class (exact) nsh.topology.MoveOptions
---@field from? string|nsh.Namespace the node that it is linked to so far; needed where it has several links
---@field addr? string|string[] its addresses in the new subnet; default worked out
---@field gateway? string|false the node that its default route leads to; false: none

local MOVE = {
  from = node_name,
  addr = read.addresses,
  gateway = function(path, value)
    return value and node_name(path, value)
  end,
}

---Moves a node: its cable is pulled out at one neighbour, and plugged in at another. Within a subnet, as from a switch
---to one that is joined to it, the node keeps its addresses; elsewhere it gets new ones and another default route. Its
---interface and what runs in it stay. The switches there forget which addresses they have learned.
---
---Raises as `topology` does.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.linear(2))
---net:move("h1", "s2")
---check.reachable(net.h1, net.h2)
---```
---@param node string|nsh.Namespace the node
---@param to string|nsh.Namespace its new neighbour
---@param opts? nsh.topology.MoveOptions which of its links, and what it gets there
---@return nsh.topology.Link # the link
function Net:move(node, to, opts)
  local p = plan_of(self, "move")
  local own = options("move", opts, MOVE)
  local one, two = node_of(p, "move", node), node_of(p, "move", to)
  local from = own.from and links_of(p, "move", one.name, own.from)[1] or #one.ends == 1 and one.ends[1].link
  if not from then
    fail("move", ("%s has %d links"):format(one.name, #one.ends), "say which one: { from = ... }")
  end
  local index = plan.index_of(p, from)
  return change(self, "move", grow.move, one.name, index, two.name, opts or {}).shown
end

---Pings from each host to each other one, all at the same time: who reaches whom. See `ping_all`.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.star(3))
---check.equal(net:ping_all().lost, {})
---net:cut("h2", "s1")
---check.equal(net:ping_all({ timeout = 0.2 }).cut, { "h2" })
---```
---@param opts? nsh.ping_all.Options how to ping
---@return nsh.PingMatrix # who reaches whom
function Net:ping_all(opts)
  plan_of(self, "ping_all")
  return ping_all(self.hosts, opts)
end

---How many pairs `Net:check` asks `why` about.
local ASKED = 4

---What `why` says of lost pairs, each cause once.
local function causes(lost)
  local found, seen = {}, {}
  for i = 1, math.min(#lost, ASKED) do
    local pair = lost[i]
    local asked, verdict = pcall(function()
      return namespace.get(pair.src).why(pair.addr)
    end)
    for _, fault in ipairs(asked and verdict.faults or {}) do
      local text = ("%s: %s"):format(fault.namespace, fault.text)
      if not seen[text] then
        seen[text] = true
        found[#found + 1] = fault.fix and ("%s; fix: %s"):format(text, fault.fix) or text
      end
    end
  end
  return found
end

---Claims that each host reaches each other one. Where one doesn't, it says which, and as a hint what `why` finds: the cause, and
---what repairs it.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.star(3))
---net:check()
---net:cut("h2", "s1")
---local e = check.error(function()
---  net:check({ timeout = 0.2 })
---end, "check")
---check.match(e.message, "4 of 6 pairs")
---```
---@param opts? nsh.ping_all.Options how to ping
---@return nsh.PingMatrix # who reaches whom
function Net:check(opts)
  local matrix = self:ping_all(opts)
  if not matrix.ok then
    local names = {}
    for i = 1, math.min(#matrix.lost, ASKED) do
      names[i] = matrix.lost[i].src .. " > " .. matrix.lost[i].dst
    end
    if #matrix.lost > ASKED then
      names[ASKED + 1] = "..."
    end
    local message = ("%d of %d pairs lost requests: %s"):format(
      #matrix.lost,
      #matrix.pairs,
      table.concat(names, ", ")
    )
    local found = causes(matrix.lost)
    internal.raise("Net:check", "check", message, #found > 0 and table.concat(found, "\n") or nil)
  end
  return matrix
end

---The network as a graph in the language of Graphviz: `nsh net.lua | dot -Tsvg > net.svg`.
---
---```lua
---local topology = require("nsh.topology")
---print(topology(topology.star(3)):dot())
---```
---@return string # the graph
function Net:dot()
  return show.dot(plan_of(self, "dot"))
end

---Takes the whole network away, as the end of its block does where it is held by `<close>`.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.star(3))
---net:close()
---check.equal(#namespace.list(), 0)
---```
function Net:close()
  local p = plans[self]
  if p and not p.closed then
    p.closed = true
    build.remove(p)
  end
end

local function text(self)
  return show.text(plans[self])
end

local meta = { __name = "nsh.topology.Net", __tostring = text, __close = Net.close }

function meta.__index(self, key)
  if Net[key] or type(key) ~= "string" then
    return Net[key]
  end
  local words = { "routers", "hosts", "switches", "nodes", "links" }
  for name in pairs(Net) do
    table.insert(words, name)
  end
  for _, node in ipairs(plans[self].nodes) do
    table.insert(words, node.name)
  end
  table.sort(words)
  local message, hint = read.none_of("no node or method", key, words, "there are")
  internal.raise("Net", "argument", message, hint)
end

for name, method in pairs(Net) do
  plan.RESERVED[name] = true
  internal.document(method, "Net:" .. name)
end
for _, name in ipairs({ "routers", "hosts", "switches", "nodes", "links" }) do
  plan.RESERVED[name] = true
end

---Tells of a link what was worked out, in the table that scripts have of it.
---@return nsh.topology.Link
local function shown(p, link)
  local one, two = link.ends[1].node.name, link.ends[2].node.name
  local out = link.shown or { up = true }
  out[1], out[2], out.name, out.mtu, out.cost = one, two, link.name, link.mtu, link.cost
  out.dev, out.addr, out.subnets, out.shape = {}, {}, {}, shapes(link)
  for _, e in ipairs(link.ends) do
    out.dev[e.node.name] = e.dev
    out.addr[e.node.name] = {}
    for i, a in ipairs(e.addrs) do
      out.addr[e.node.name][i] = address.cidr(a)
    end
  end
  for _, family in ipairs(p.families) do
    for _, subnet in ipairs(link.segment.subnets[family] or {}) do
      table.insert(out.subnets, address.cidr(subnet))
    end
  end
  return out
end

local function clear(list)
  for key in pairs(list) do
    list[key] = nil
  end
end

---Fills the lists of a network from its plan.
local function fill(net, p)
  local lists = { router = net.routers, host = net.hosts, switch = net.switches }
  for _, list in ipairs({ net.routers, net.hosts, net.switches, net.nodes, net.links }) do
    clear(list)
  end
  for i, node in ipairs(p.nodes) do
    rawset(net, node.name, node.ns)
    net.nodes[i] = node.ns
    table.insert(lists[node.kind], node.ns)
  end
  for i, link in ipairs(p.links) do
    link.shown = shown(p, link)
    net.links[i] = link.shown
  end
end

---Puts a changed plan in a network's place.
function update(net, p)
  plans[net] = p
  fill(net, p)
  for _, link in ipairs(p.links) do
    cable.settle(link)
  end
end

---The network of a plan that was made.
---@return nsh.topology.Net
return function(p)
  local net = { routers = {}, hosts = {}, switches = {}, nodes = {}, links = {} }
  setmetatable(net.links, {
    __index = function(_, key)
      for _, link in ipairs(plans[net].links) do
        if key == link.names[1] or key == link.names[2] then
          return link.shown
        end
      end
    end,
  })
  fill(net, p)
  plans[net] = p
  return setmetatable(net, meta)
end
