-- Networks that grow: the plan is worked out anew from the table with what is added, and what differs is carried out.
-- Addresses and interfaces that are there stay.

local addressing = require("nsh.topology.addressing")
local build = require("nsh.topology.build")
local plan = require("nsh.topology.plan")
local read = require("nsh.topology.read")
local routing = require("nsh.topology.routing")

local grow = {}

local LETTERS = { "a", "b" }

---The node at an end of a link, in the table.
local function name_at(entry, i)
  return entry[i] or entry[LETTERS[i]]
end

---A link's table with the interfaces that it got.
local function with_devices(entry, link)
  entry.dev = {}
  for _, e in ipairs(link.ends) do
    entry.dev[e.node.name] = e.dev
  end
end

---The table of a network that is there.
local function table_of(p)
  local spec = plan.copy(p.spec)
  for i, link in ipairs(p.links) do
    with_devices(spec.links[i], link)
  end
  -- Its subnets are known by now; the names of links may change.
  spec.subnets = nil
  return spec
end

---Which end was which; one that was moved to another subnet is new there.
local function match_ends(p, new, moved)
  for i, link in ipairs(p.links) do
    for _, e in ipairs(link.ends) do
      for _, now in ipairs(new.links[i].ends) do
        local same = i ~= moved or now.link.segment.old == link.segment and not now.given_addr
        if now.node.name == e.node.name and same then
          new.pins[now] = e
        end
      end
    end
  end
end

---The segments as they were: a moved link is in that of the others on its new segment.
local function old_segments(p, new, moved)
  for i, link in ipairs(p.links) do
    if i ~= moved then
      new.links[i].segment.old = link.segment
    end
  end
end

---What a network that is there keeps: namespaces, what is cut, and the tables that scripts have of its links.
local function carry(p, new)
  for _, old in ipairs(p.nodes) do
    local node = new.by_name[old.name]
    node.ns, node.down, node.lost = old.ns, old.down, old.lost
  end
  for i, old in ipairs(p.links) do
    local link = new.links[i]
    link.cut, link.shown = old.cut, old.shown
    for _, e in ipairs(old.ends) do
      local now = plan.end_of(link, new.by_name[e.node.name])
      if now.node.name == e.node.name then
        now.silent, now.shape, now.translated = e.silent, e.shape, e.translated
      end
    end
  end
end

---The plan of a changed table; nothing is made yet.
local function replan(p, spec, moved)
  local new = plan.read(spec, p.by_name)
  old_segments(p, new, moved)
  match_ends(p, new, moved)
  addressing.work_out(new)
  routing.work_out(new)
  carry(p, new)
  return new
end

---The table of a new link.
local function new_link(a, b, opts)
  local entry = plan.copy(opts == nil and {} or opts)
  if type(entry) ~= "table" then
    read.record("opts", entry, {})
  end
  entry[1], entry[2] = a, b
  return entry
end

---Adds a node, and links it to another.
function grow.add_node(p, list, name, opts, to, link)
  local spec = table_of(p)
  local entry = plan.copy(opts)
  entry[1] = name
  spec[list] = spec[list] or {}
  table.insert(spec[list], entry)
  spec.links = spec.links or {}
  table.insert(spec.links, to and new_link(name, to, link) or nil)
  local new = replan(p, spec)
  build.extend(p, new)
  return new, new.by_name[name].ns
end

function grow.add_link(p, a, b, opts)
  local spec = table_of(p)
  spec.links = spec.links or {}
  table.insert(spec.links, new_link(a, b, opts))
  local new = replan(p, spec)
  build.extend(p, new)
  return new, new.links[#new.links]
end

---A node's table, as one that options can be changed in.
local function entry_of(spec, node)
  local list = spec[node.kind .. (node.kind == "switch" and "es" or "s")]
  for i, entry in ipairs(list) do
    if entry == node.name then
      list[i] = { entry }
    end
    local known = type(list[i]) == "table" and (list[i][1] or list[i].name)
    if known == node.name then
      return list[i]
    end
  end
end

---Whether two nodes' links are in one segment.
local function is_same_segment(link, node)
  return node.kind == "switch" and node.segment == link.segment
end

---The table with a node's link leading to another neighbour.
local function moved_table(p, before, index, to, opts)
  local spec, far = table_of(p), before.other.node
  local entry, node, name = spec.links[index], entry_of(spec, before.node), before.node.name
  for i = 1, 2 do
    if name_at(entry, i) == far.name then
      entry[i], entry[LETTERS[i]] = to, nil
    end
  end
  for _, key in ipairs({ "addr", "dev", "mac", "shape" }) do
    if entry[key] then
      entry[key][far.name] = nil
    end
  end
  for i, outside in ipairs(before.node.options.nat or {}) do
    node.nat = i == 1 and {} or node.nat
    node.nat[i] = outside == far.name and to or outside
  end
  if opts.addr or not is_same_segment(before.link, p.by_name[to]) then
    node.addr, entry.subnet, entry.addr = nil, nil, opts.addr and { [name] = opts.addr }
  end
  if opts.gateway ~= nil then
    node.gateway = opts.gateway
  end
  return spec
end

---Moves the cable of a node, the link at this place of the table, to another node.
function grow.move(p, name, index, to, opts)
  local before = plan.end_of(p.links[index], p.by_name[name])
  if before.other.node.name == to then
    read.wrong("", ("%s is linked to %s already, by this link"):format(name, to))
  end
  local new = replan(p, moved_table(p, before, index, to, opts), index)
  local moved = new.links[index]
  moved.cut = nil
  build.move(before, plan.end_of(moved, new.by_name[name]))
  build.change_routes(p, new)
  return new, moved
end

return grow
