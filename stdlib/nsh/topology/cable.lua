-- Links that are cut and mended. Both ends go down, as when a cable is pulled on hardware that notices; the kernel then
-- forgets the routes through them, and those that nsh or `ip` made come back with the link.

local _, internal = ...

local address = require("nsh.topology.address")

local cable = {}

---The protocols of routes that people make. A routing daemon finds its own routes again, and perhaps others.
local OURS = { boot = true, static = true }

---Whether the gateway of a route or a hop is said to be on its link.
local function is_onlink(hop)
  for _, flag in ipairs(hop.flags) do
    if flag == "onlink" then
      return true
    end
  end
  return false
end

---What `route.add` needs to add a listed route again, over these of its hops.
local function options(route, hops)
  local several = #route.nexthops > 0
  return {
    via = route.via,
    dev = route.dev,
    src = route.src,
    metric = route.metric,
    table = math.tointeger(route.table) or route.table,
    type = route.type,
    proto = route.proto,
    scope = route.family == "inet" and route.scope or nil,
    tos = route.tos,
    nexthops = several and hops or nil,
    metrics = route.metrics,
    pref = route.pref,
    onlink = not several and is_onlink(route) or nil,
    -- What was left when the link went down.
    expires = route.expires and math.max(1, math.ceil(route.expires)),
    family = not route.via and not several and route.dst == "default" and route.family or nil,
  }
end

---A route's hops: itself, or each of several.
local function hops_of(route)
  local out = {}
  for i, hop in ipairs(route.nexthops) do
    out[i] = { via = hop.via, dev = hop.dev, weight = hop.weight, onlink = is_onlink(hop) }
  end
  return #out > 0 and out or { { via = route.via, dev = route.dev } }
end

---What tells a route from every other of its namespace.
local function key_of(route)
  return table.concat({ route.family, route.table, route.dst, route.metric or 0, route.tos or 0 }, " ")
end

---A node's routes that nsh or `ip` made, and the keys of all.
local function routes_of(node)
  local ours, all = {}, {}
  for _, route in ipairs(node.ns.route.list({ table = "all" })) do
    all[key_of(route)] = route
    table.insert(ours, OURS[route.proto] and route or nil)
  end
  return ours, all
end

---Notes those of the routes that the kernel has forgotten. One over several links stays until the last of them is down,
---and the kernel takes its hops up again by itself.
local function note_lost(node, before)
  local _, there = routes_of(node)
  node.lost = node.lost or {}
  for _, route in ipairs(before) do
    if not there[key_of(route)] then
      table.insert(node.lost, { route = route })
    end
  end
end

---Whether a route is the part of a lost one that came back with the first of its links.
local function is_part(route, lost)
  return lost.partial and route and OURS[route.proto] and #hops_of(route) == lost.partial
end

---Adds a lost route again, over those of its links that are up. Returns whether some of it is still missing.
local function restore(node, lost, there, down)
  local all, hops = hops_of(lost.route), {}
  for _, hop in ipairs(all) do
    table.insert(hops, not down[hop.dev] and hop or nil)
  end
  local now = there[key_of(lost.route)]
  if now and not is_part(now, lost) then
    -- Something newer stands in its place.
    return false
  elseif #hops > (lost.partial or 0) then
    local add = now and node.ns.route.replace or node.ns.route.add
    add(lost.route.dst, options(lost.route, hops))
    lost.partial = #hops
  end
  return #hops < #all
end

---Adds the routes that were lost with links of a node, as far as these are up again.
local function restore_routes(node)
  if #(node.lost or {}) == 0 then
    return
  end
  local _, there = routes_of(node)
  local down, still = {}, {}
  for _, e in ipairs(node.ends) do
    down[e.dev] = not e.link.shown.up
  end
  for _, lost in ipairs(node.lost) do
    table.insert(still, restore(node, lost, there, down) and lost or nil)
  end
  node.lost = still
end

---Forgets a route that was to come back with its link.
function cable.forget(node, route)
  local still = {}
  for _, lost in ipairs(node.lost or {}) do
    local same = lost.route.dst == route[1] and lost.route.via == route[2].via
    table.insert(still, not same and lost or nil)
  end
  node.lost = still
end

---Leaves a route of the plan until its link is up, if that is down. Returns whether it is.
function cable.postpone(node, route)
  local via = type(route[2].via) == "string" and address.parse(route[2].via)
  for _, e in ipairs(via and node.ends or {}) do
    local is_up = not e.link.shown or e.link.shown.up
    for _, a in ipairs(not is_up and e.addrs or {}) do
      if address.contains(address.network(a), via) then
        local metric = route[2].metric or via.family == "inet6" and 1024 or nil
        local later = { family = via.family, dst = route[1], dev = e.dev, nexthops = {}, flags = {} }
        for key, value in pairs(route[2]) do
          later[key] = value
        end
        later.metric, later.table = metric, later.table or "main"
        node.lost = node.lost or {}
        table.insert(node.lost, { route = later })
        return true
      end
    end
  end
  return false
end

---Sets an end down. The kernel keeps IPv4 addresses of a link that goes down, and so shall it with IPv6.
local function set_down(e)
  local ns, keep = e.node.ns, ("net/ipv6/conf/%s/keep_addr_on_down"):format(e.dev)
  local known, before = pcall(ns.sysctl.get, keep)
  if known then
    ns.sysctl.set(keep, 1)
  end
  ns.link.set(e.dev, { up = false })
  if known then
    ns.sysctl.set(keep, before)
  end
end

local function take_down(link)
  local before = {}
  for i, e in ipairs(link.ends) do
    before[i] = e.node.kind ~= "switch" and routes_of(e.node) or {}
  end
  link.shown.up = false
  for _, e in ipairs(link.ends) do
    set_down(e)
  end
  for i, e in ipairs(link.ends) do
    note_lost(e.node, before[i])
  end
end

local function bring_up(link)
  for _, e in ipairs(link.ends) do
    e.node.ns.link.set(e.dev, { up = true })
  end
  link.shown.up = true
  for _, e in ipairs(link.ends) do
    -- Until the carrier is there, IPv6 has no route to the link's subnet.
    eventually(function()
      return e.node.ns.link.get(e.dev).operstate == "UP"
    end, { interval = 0.005, message = e.dev .. " of " .. e.node.name .. " comes up" })
  end
  for _, e in ipairs(link.ends) do
    restore_routes(e.node)
  end
end

---Has an end shape what it sends, as options of `link.shape` say, or no longer. One that is silent does so once it is
---mended.
function cable.shape(e, shape)
  if not e.silent then
    e.node.ns.link.shape(e.dev, shape or {})
  end
  e.shape = shape
end

---Has several ends of a link shape what they send, or none of them.
function cable.shape_all(ends, shape)
  local before = {}
  for i, e in ipairs(ends) do
    before[i] = e.shape
    local ok, why = pcall(cable.shape, e, shape)
    if not ok then
      for j = 1, i - 1 do
        pcall(cable.shape, ends[j], before[j])
      end
      error(why, 0)
    end
  end
end

---Lets an end send into the void, or no longer. Both ends stay up, and the other direction works. How it shapes what it
---sends is kept until then, be it that a script had it do so without the network.
function cable.silence(e, silent)
  if silent == (e.silent or false) then
    return
  end
  local ns = e.node.ns
  e.shape = silent and ns.link.get(e.dev).shape or e.shape
  internal.silence(e.node.name, e.dev, silent)
  e.silent = silent
  if e.shape and not silent then
    cable.shape(e, e.shape)
  end
  local lost = {}
  for _, one in ipairs(e.link.ends) do
    table.insert(lost, one.silent and one.node.name or nil)
  end
  e.link.shown.lost_from = #lost > 0 and lost or nil
end

---Sets a link up or down, as it should be by now: neither cut nor at a node that is down.
function cable.settle(link)
  local one, two = link.ends[1].node, link.ends[2].node
  local up = not (link.cut or one.down or two.down)
  if up == link.shown.up then
    return
  elseif up then
    bring_up(link)
  else
    take_down(link)
  end
end

return cable
