-- Links that are cut and mended. Both ends go down, as when a cable is pulled on hardware that notices; the kernel then
-- forgets the routes through them, which come back with the link.

local cable = {}

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

---Notes the routes through an end that the kernel doesn't bring back by itself. One over several links may be noted
---already.
local function note_routes(e)
  local lost = e.node.lost or {}
  for _, route in ipairs(e.node.ns.route.list({ table = "all" })) do
    local key = table.concat({ route.family, route.table, route.dst, route.metric or 0, route.tos or 0 }, " ")
    for _, hop in ipairs(hops_of(route)) do
      if hop.dev == e.dev and route.proto ~= "kernel" and route.proto ~= "ra" and not lost[key] then
        table.insert(lost, { key = key, route = route })
        lost[key] = true
      end
    end
  end
  e.node.lost = lost
end

---Adds the routes that were lost with links of a node, as far as these are up again.
local function restore_routes(node)
  local down, still = {}, {}
  for _, e in ipairs(node.ends) do
    down[e.dev] = not e.link.shown.up
  end
  for _, lost in ipairs(node.lost or {}) do
    local route, hops = lost.route, {}
    local all = hops_of(route)
    for _, hop in ipairs(all) do
      if not down[hop.dev] then
        table.insert(hops, hop)
      end
    end
    if #hops > 0 then
      -- A routing daemon, say, may have been faster.
      local add = #all > 1 and node.ns.route.replace or node.ns.route.add
      local ok, failure = pcall(add, route.dst, options(route, hops))
      if not ok and (type(failure) ~= "table" or failure.kind ~= "exists") then
        error(failure, 0)
      end
    end
    if #hops < #all then
      table.insert(still, lost)
      still[lost.key] = true
    end
  end
  node.lost = still
end

local function take_down(link)
  for _, e in ipairs(link.ends) do
    if e.node.kind ~= "switch" then
      note_routes(e)
      -- The kernel keeps IPv4 addresses of a link that goes down, and so shall it with IPv6.
      e.node.ns.sysctl.set("net.ipv6.conf.all.keep_addr_on_down", 1)
    end
  end
  link.shown.up = false
  for _, e in ipairs(link.ends) do
    e.node.ns.link.set(e.dev, { up = false })
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
