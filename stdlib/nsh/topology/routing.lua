-- The routes of each node: hosts have a default route, routers a route to each subnet by the shortest path.

local address = require("nsh.topology.address")
local addressing = require("nsh.topology.addressing")
local plan = require("nsh.topology.plan")
local read = require("nsh.topology.read")

local routing = {}

---@class nsh.topology.Target
---@field prefixes nsh.topology.Address[] what lies there
---@field at nsh.topology.Node[] the routers that have it
---@field segment nsh.topology.Segment? where they are

---A step of a way: from a node's own end to the neighbour's.
---@class nsh.topology.Hop
---@field own nsh.topology.End
---@field there nsh.topology.End

---A queue from which the nearest router comes first, those of the same distance in the order of the table.
local function queue()
  local heap = {}
  local function nearer(a, b)
    return a[1] < b[1] or a[1] == b[1] and a[2].index < b[2].index
  end
  local self = {}
  function self.push(distance, node)
    local i = #heap + 1
    heap[i] = { distance, node }
    while i > 1 and nearer(heap[i], heap[i // 2]) do
      heap[i], heap[i // 2] = heap[i // 2], heap[i]
      i = i // 2
    end
  end
  function self.pop()
    local top, last = heap[1], table.remove(heap)
    if #heap > 0 then
      heap[1] = last
      local i = 1
      while true do
        local least = i
        for child = 2 * i, 2 * i + 1 do
          if heap[child] and nearer(heap[child], heap[least]) then
            least = child
          end
        end
        if least == i then
          break
        end
        heap[i], heap[least] = heap[least], heap[i]
        i = least
      end
    end
    return top
  end
  return self
end

---The routers' ends of a segment.
local function routers_on(segment)
  local out = {}
  for _, e in ipairs(segment.ends) do
    if e.node.kind == "router" then
      table.insert(out, e)
    end
  end
  return out
end

---Whether a router's way to a target begins behind its address translation: nobody outside gets there through it.
local function is_inside(node, target, via)
  if via then
    return not via.own.outside
  end
  for _, e in ipairs(target.segment and node.ends or {}) do
    if e.link.segment == target.segment and e.outside then
      return false
    end
  end
  return true
end

---Whether two ends of a segment have a subnet in common.
local function are_neighbours(one, other)
  return addressing.between(one, other, "inet") or addressing.between(one, other, "inet6")
end

---The way from every router to a target: the hop with which it begins, by router. Of several neighbours over whom it is
---as near, that is the first one in the table. With `private`, what is behind a router's address translation is not
---told to others.
---@return table<nsh.topology.Node, nsh.topology.Hop>
local function ways(p, target, private)
  local distance, via, settled, waiting = {}, {}, {}, queue()
  for _, node in ipairs(target.at) do
    distance[node] = 0
    waiting.push(0, node)
  end
  local next = waiting.pop()
  while next do
    local node = next[2]
    if not settled[node] then
      settled[node] = true
      local hidden = private and node.options.nat and is_inside(node, target, via[node])
      for _, e in ipairs(node.ends) do
        for _, near in ipairs(hidden and e.outside and {} or p.routers_on[e.link.segment]) do
          local other, length = near.node, distance[node] + near.link.cost
          local same = length == distance[other] and via[other] and node.index < via[other].there.node.index
          if (not distance[other] or length < distance[other] or same) and are_neighbours(near, e) then
            distance[other], via[other] = length, { own = near, there = e }
            waiting.push(length, other)
          end
        end
      end
    end
    next = waiting.pop()
  end
  return via
end

---Everything that a route can lead to: the segments' subnets, and the routers' loopbacks.
local function targets(p)
  local out = {}
  for _, segment in ipairs(p.segments) do
    local prefixes, at = {}, {}
    for _, family in ipairs(p.families) do
      table.move(segment.subnets[family] or {}, 1, #(segment.subnets[family] or {}), #prefixes + 1, prefixes)
    end
    for _, e in ipairs(p.routers_on[segment]) do
      table.insert(at, e.node)
    end
    table.insert(out, { prefixes = prefixes, at = at, segment = segment })
  end
  for _, node in ipairs(p.nodes) do
    if node.kind == "router" and #node.loopbacks > 0 then
      table.insert(out, { prefixes = node.loopbacks, at = { node } })
    end
  end
  return out
end

local function default(p, node, hop)
  for _, family in ipairs(p.families) do
    local via = addressing.between(hop.own, hop.there, family)
    table.insert(node.routes, via and { "default", { via = via } } or nil)
  end
end

---The hop from `node` to `other` in a segment that both are in, if there is one.
---@return nsh.topology.Hop?
local function neighbour(node, other)
  for _, e in ipairs(node.ends) do
    for _, there in ipairs(e.link.segment.ends) do
      if there.node == other and are_neighbours(e, there) then
        return { own = e, there = there }
      end
    end
  end
end

---The hop with which a host's default route begins, if it has one.
local function gateway(p, node)
  local given = node.options.gateway
  if given then
    local path = node.path .. ".gateway"
    local hop = neighbour(node, plan.node(p, path, given))
    if not hop or hop.there.node == node then
      read.wrong(path, ("%s and %s have no subnet in common"):format(node.name, given))
    end
    return hop
  end
  for _, e in ipairs(given == nil and node.ends or {}) do
    for _, there in ipairs(p.routers_on[e.link.segment]) do
      if are_neighbours(e, there) then
        return { own = e, there = there }
      end
    end
  end
end

---Types of routes that lead nowhere.
local DROPS = { blackhole = true, unreachable = true, prohibit = true, throw = true }

---The routes that a node's table gives; a gateway may be a neighbour's name.
local function given_routes(p, node)
  if node.options.gateway then
    local hint = ('give it with them: { "default", via = %q }'):format(node.options.gateway)
    read.wrong(node.path .. ".gateway", "routes stand in place of the default route", hint)
  end
  for i, entry in ipairs(node.options.routes) do
    local path = ("%s.routes[%d]"):format(node.path, i)
    local options = {}
    for key, value in pairs(entry) do
      options[key] = key ~= 1 and key ~= "dst" and value or nil
    end
    local dst = entry[1] or entry.dst
    local prefix = address.parse(dst)
    if dst ~= "default" and not prefix then
      read.wrong(
        path .. "[1]",
        ("%q is no destination"):format(dst),
        '"default", or a prefix such as "10.0.0.0/8"'
      )
    elseif not (options.via or options.dev or options.nexthops or DROPS[options.type]) then
      local hint = 'or nexthops, or a type without a next hop, such as "blackhole"'
      read.wrong(path, "a route needs via or dev", hint)
    elseif options.via == nil or type(options.via) ~= "string" or address.parse(options.via) then
      table.insert(node.routes, { dst, options })
    else
      local hop = neighbour(node, plan.node(p, path .. ".via", options.via))
      if not hop then
        read.wrong(path .. ".via", ("%s and %s have no subnet in common"):format(node.name, options.via))
      end
      if prefix then
        prefix.path = path .. "[1]"
        addressing.check_family(p, prefix)
      end
      for _, family in ipairs(p.families) do
        local via = addressing.between(hop.own, hop.there, family)
        if via and (not prefix or prefix.family == family) then
          local copy = {}
          for key, value in pairs(options) do
            copy[key] = value
          end
          copy.via = via
          table.insert(node.routes, { dst, copy })
        end
      end
    end
  end
end

---A router all of whose ways go through one neighbour has a default route to it, unless that saves nothing, or the
---neighbour would send back what neither knows.
local function dead_ends(p, known)
  local only = {}
  for node, routes in pairs(known) do
    local one
    for i, r in ipairs(routes) do
      one = (i == 1 or one.there == r.via.there) and r.via or nil
      if not one then
        break
      end
    end
    only[node] = one and routes[1].target ~= routes[#routes].target and one or nil
  end
  local out = {}
  for node, hop in pairs(only) do
    if not only[hop.there.node] and not hop.there.node.options.routes then
      out[node] = hop
    end
  end
  return out
end

---Whether any router translates addresses.
local function has_nat(p)
  for _, node in ipairs(p.nodes) do
    if node.options.nat then
      return true
    end
  end
  return false
end

---What each router has to know: the prefixes of a target, and the hop that leads there. Translation concerns IPv4 alone.
local function learn(p, known, target, nat)
  local all = ways(p, target, false)
  local private = nat and ways(p, target, true) or all
  for _, node in ipairs(p.nodes) do
    for _, prefix in ipairs(known[node] and target.prefixes or {}) do
      local hop = (prefix.family == "inet" and private or all)[node]
      table.insert(known[node], hop and { via = hop, prefix = prefix, target = target } or nil)
    end
  end
end

---Works out every node's routes: `{ dst, options of route.add }`.
function routing.work_out(p)
  p.routers_on = {}
  for _, segment in ipairs(p.segments) do
    p.routers_on[segment] = routers_on(segment)
  end
  local known = {}
  for _, node in ipairs(p.nodes) do
    node.routes = {}
    if node.options.routes then
      given_routes(p, node)
    elseif node.kind == "host" then
      local hop = gateway(p, node)
      if hop then
        default(p, node, hop)
      end
    elseif node.kind == "router" and p.options.routing ~= false then
      known[node] = {}
    end
  end
  local nat = has_nat(p)
  for _, target in ipairs(next(known) and targets(p) or {}) do
    learn(p, known, target, nat)
  end
  local stub = dead_ends(p, known)
  for _, node in ipairs(p.nodes) do
    if stub[node] then
      default(p, node, stub[node])
    end
    for _, r in ipairs(not stub[node] and known[node] or {}) do
      local via = addressing.between(r.via.own, r.via.there, r.prefix.family)
      table.insert(node.routes, via and { address.cidr(r.prefix), { via = via } } or nil)
    end
  end
end

return routing
