-- What `topology(...)` returns: the nodes by name, and what can be done with the network.

local _, internal = ...
local address = require("nsh.topology.address")
local addressing = require("nsh.topology.addressing")
local build = require("nsh.topology.build")
local cable = require("nsh.topology.cable")
local plan = require("nsh.topology.plan")
local read = require("nsh.topology.read")

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

local function link_of(p, method, a, b)
  local one, two = node_of(p, method, a), node_of(p, method, b)
  local link = plan.link(p, one, two)
  if not link then
    local there = {}
    for i, e in ipairs(one.ends) do
      there[i] = e.other.node.name
    end
    local hint = #there > 0 and ("%s is linked to %s"):format(one.name, table.concat(there, ", "))
      or one.name .. " has no links"
    fail(method, ("%s and %s are not linked"):format(one.name, two.name), hint)
  end
  return link
end

---Cuts the link between two nodes: both its ends go down, and with them the routes through it. Nothing happens where
---it is cut already.
---
---Raises `argument` if there is no such link.
---
---```lua
---local topology = require("nsh.topology")
---local net = topology(topology.chain(2))
---net:cut("r1", "r2")
---check.unreachable(net.h1, net.h2)
---```
---@param a string|nsh.Namespace one of its nodes
---@param b string|nsh.Namespace the other
function Net:cut(a, b)
  local link = link_of(plan_of(self, "cut"), "cut", a, b)
  link.cut = true
  cable.settle(link)
end

---Mends a link that was cut: both its ends come up, and the routes come back that went with it, but for those of routing
---daemons and those that something newer stands in the place of.
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
function Net:mend(a, b)
  local link = link_of(plan_of(self, "mend"), "mend", a, b)
  link.cut = false
  cable.settle(link)
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
---@field family? "inet"|"inet6" of this family; default IPv4 where there is one, else IPv6

---The options of `net:addr`, checked.
local function addr_options(opts)
  if opts ~= nil and type(opts) ~= "table" then
    fail("addr", "opts: expected a table, got " .. internal.describe(opts))
  end
  for key in pairs(opts or {}) do
    if key ~= "to" and key ~= "family" then
      fail("addr", ("opts: unknown option %q"):format(tostring(key)), "the options are family, to")
    end
  end
  local family = opts and opts.family
  if family ~= nil and family ~= "inet" and family ~= "inet6" then
    fail("addr", 'opts.family: expected "inet" or "inet6", got ' .. internal.describe(family))
  end
  return opts and opts.to, family
end

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
  local to, family = addr_options(opts)
  local one = node_of(p, "addr", node)
  local ends = one.ends
  if to then
    local link = link_of(p, "addr", one.name, to)
    ends = { link.ends[1].node == one and link.ends[1] or link.ends[2] }
  end
  for _, wanted in ipairs(family and { family } or { "inet", "inet6" }) do
    for _, e in ipairs(ends) do
      local found = addressing.of(e, wanted)
      if found then
        return found
      end
    end
  end
  return internal.raise("Net:addr", "not_found", one.name .. " has no such address", nil)
end

---A text in quotes, as Graphviz reads it.
local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

---The network as a graph in the language of Graphviz: `nsh net.lua | dot -Tsvg > net.svg`.
---
---```lua
---local topology = require("nsh.topology")
---print(topology(topology.star(3)):dot())
---```
---@return string # the graph
function Net:dot()
  local p = plan_of(self, "dot")
  local shapes = { router = "ellipse", host = "box", switch = "diamond" }
  local lines = { "graph {" }
  for _, node in ipairs(p.nodes) do
    table.insert(lines, ("  %s [shape=%s];"):format(quoted(node.name), shapes[node.kind]))
  end
  for _, link in ipairs(p.links) do
    local label, style = table.concat(link.shown.subnets, "\\n"), link.shown.up and "" or ", style=dashed"
    local one, two = link.ends[1].node.name, link.ends[2].node.name
    table.insert(lines, ('  %s -- %s [label="%s"%s];'):format(quoted(one), quoted(two), label, style))
  end
  return table.concat(lines, "\n") .. "\n}"
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

local function count(n, word, many)
  return n == 1 and "1 " .. word or ("%d %s"):format(n, many or word .. "s")
end

---Rows of words as columns.
local function columns(rows)
  local widths, out = {}, {}
  for _, row in ipairs(rows) do
    for i, word in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, #word)
    end
  end
  for _, row in ipairs(rows) do
    local line = {}
    for i, word in ipairs(row) do
      line[i] = word .. (" "):rep(widths[i] - #word)
    end
    table.insert(out, (table.concat(line, "  "):gsub("%s+$", "")))
  end
  return out
end

local function show(self)
  local p = plans[self]
  local rows = {}
  for _, node in ipairs(p.nodes) do
    local first = node.name .. (node.down and " (down)" or "")
    for _, a in ipairs(node.loopbacks) do
      table.insert(rows, { first, "lo", "", address.cidr(a) })
      first = ""
    end
    for _, e in ipairs(node.ends) do
      local row = { first, e.dev, "-- " .. e.other.node.name }
      for _, a in ipairs(e.addrs) do
        table.insert(row, address.cidr(a))
      end
      if not e.link.shown.up then
        table.insert(row, "cut")
      end
      table.insert(rows, row)
      first = ""
    end
    if first ~= "" then
      table.insert(rows, { first })
    end
  end
  local head = ("%s, %s, %s, %s"):format(
    count(#self.routers, "router"),
    count(#self.hosts, "host"),
    count(#self.switches, "switch", "switches"),
    count(#self.links, "link")
  )
  return head .. (p.closed and " (closed)" or "") .. "\n" .. table.concat(columns(rows), "\n")
end

local meta = { __name = "nsh.topology.Net", __tostring = show, __close = Net.close }

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

---@return nsh.topology.Link
local function shown(p, link)
  local one, two = link.ends[1], link.ends[2]
  local out = { one.node.name, two.node.name, name = link.name, mtu = link.mtu, cost = link.cost, up = true }
  out.dev, out.addr, out.subnets = {}, {}, {}
  for _, e in ipairs(link.ends) do
    out.dev[e.node.name] = e.dev
    out.addr[e.node.name] = {}
    for i, a in ipairs(e.addrs) do
      out.addr[e.node.name][i] = address.cidr(a)
    end
  end
  for _, family in ipairs(p.families) do
    local subnet = link.segment.subnets[family]
    table.insert(out.subnets, subnet and address.cidr(subnet))
  end
  return out
end

---The network of a plan that was made.
---@return nsh.topology.Net
return function(p)
  local net = { routers = {}, hosts = {}, switches = {}, nodes = {}, links = {} }
  setmetatable(net.links, {
    __index = function(_, key)
      for _, link in ipairs(p.links) do
        local a, b = link.ends[1].node.name, link.ends[2].node.name
        if key == link.name or key == b .. "-" .. a then
          return link.shown
        end
      end
    end,
  })
  local lists = { router = net.routers, host = net.hosts, switch = net.switches }
  for i, node in ipairs(p.nodes) do
    net[node.name], net.nodes[i] = node.ns, node.ns
    table.insert(lists[node.kind], node.ns)
  end
  for i, link in ipairs(p.links) do
    link.shown = shown(p, link)
    net.links[i] = link.shown
  end
  plans[net] = p
  return setmetatable(net, meta)
end
