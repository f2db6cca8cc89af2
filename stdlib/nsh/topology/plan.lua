-- From the table to a plan: nodes, links and segments, checked. A segment is what shares a subnet: a link between two
-- hosts or routers, or all links of switches that are joined.

local _, internal = ...
local read = require("nsh.topology.read")

local plan = {}

---@class nsh.topology.Node
---@field name string
---@field kind "router"|"host"|"switch"
---@field path string its place in the table
---@field index integer its place among all nodes
---@field ends nsh.topology.End[] its ends of links, in the order of the links
---@field down boolean? whether all its links are cut
---@field ns nsh.Namespace? once it is made

---@class nsh.topology.End
---@field node nsh.topology.Node
---@field link nsh.topology.Cable
---@field other nsh.topology.End
---@field dev string
---@field mac string?
---@field outside boolean? whether its node is to translate what leaves by it
---@field translated boolean? whether it does
---@field silent boolean? whether what it sends is lost
---@field shape nsh.link.ShapeOptions? how it shapes what it sends
---@field addrs nsh.topology.Address[]

---@class nsh.topology.Cable
---@field name string such as `r1-r2`
---@field path string
---@field ends nsh.topology.End[]
---@field segment nsh.topology.Segment

---@class nsh.topology.Segment
---@field index integer its place among all
---@field path string
---@field name string that of its link, or of its first switch
---@field switches nsh.topology.Node[] its switches, in the order of the table
---@field ends nsh.topology.End[] routers' first, then hosts'
---@field whole integer? how many of the claims are for all of it; the rest are of its links
---@field old nsh.topology.Segment? what it was before the network grew
---@field claims table<string, nsh.topology.Address[]>[] the subnets that the table gives it, by family
---@field subnets table<string, nsh.topology.Address[]> by family

---What a network has besides its nodes; no node may be called so.
plan.RESERVED = {}

---A bridge has no more ports.
local PORTS = 1023
---The longest name of an interface.
local DEV = 15

---A route as `route.add` takes it, the destination first; its options are looked at when it is added.
local function route(path, value)
  local dst, place = read.either(path, read.table(path, value), 1, "dst")
  read.string(place, dst)
  return value
end

---A node's name, or false for none.
local function name_or_false(path, value)
  return value and read.name(path, value)
end

local KINDS = {
  {
    kind = "router",
    list = "routers",
    options = {
      name = read.name,
      loopback = read.addresses,
      nat = read.names,
      routes = read.list(route),
      sysctl = read.table,
    },
  },
  {
    kind = "host",
    list = "hosts",
    options = {
      name = read.name,
      addr = read.addresses,
      gateway = name_or_false,
      mac = read.mac,
      routes = read.list(route),
      sysctl = read.table,
    },
  },
  {
    kind = "switch",
    list = "switches",
    options = {
      name = read.name,
      subnet = read.several_subnets,
      bridge = read.table,
      sysctl = read.table,
    },
  },
}

local LINK = {
  a = read.name,
  b = read.name,
  name = read.string,
  subnet = read.subnet,
  mtu = read.integer(68, 65535),
  cost = read.integer(1, 65535),
  addr = read.table,
  dev = read.table,
  mac = read.table,
  shape = read.table,
}

---Fields with those of a shape besides, which are read together.
function plan.with_shape(fields)
  for _, name in ipairs(internal.SHAPE) do
    fields[name] = function(_, value)
      return value
    end
  end
  return fields
end

plan.with_shape(LINK)

local function check_name(path, name)
  if name == "" or name == "." or name == ".." or #name > 255 or name:find("[%s%c/]") then
    read.wrong(
      path,
      ("%q is no name for a namespace"):format(name),
      'no white space, no "/", at most 255 bytes'
    )
  elseif name == "host" then
    read.wrong(path, '"host" is the namespace in which the lab begins', "choose another name")
  elseif plan.RESERVED[name] then
    read.wrong(path, ("%q is a field or method of every network"):format(name), "choose another name")
  end
end

local function add_node(p, kind, path, entry)
  local name, options = entry, {}
  if type(entry) == "table" then
    options = read.record(path, entry, kind.options, 1)
    local named, place = read.either(path, entry, 1, "name")
    name = read.name(place, named)
  else
    read.name(path, entry)
  end
  check_name(path, name)
  local there = p.by_name[name]
  if there then
    read.wrong(path, ("%q is the name of %s already"):format(name, there.path))
  elseif not p.made[name] and namespace.get(name) then
    internal.raise("topology", "exists", ("%s: there is a namespace %q already"):format(path, name), nil)
  end
  local node =
    { name = name, kind = kind.kind, path = path, index = #p.nodes + 1, ends = {}, options = options }
  table.insert(p.nodes, node)
  p.by_name[name] = node
end

---The node of this name.
function plan.node(p, path, name)
  local node = p.by_name[read.name(path, name)]
  if not node then
    local names = {}
    for _, known in ipairs(p.nodes) do
      table.insert(names, known.name)
    end
    read.unknown(path, "unknown node", name, names, "the nodes are")
  end
  return node
end

---The links of two nodes, in order.
---@return nsh.topology.Cable[]
function plan.links(p, one, two)
  return p.linked[one.name .. " " .. two.name] or {}
end

---The end of a link at a node.
---@return nsh.topology.End
function plan.end_of(link, node)
  return link.ends[1].node == node and link.ends[1] or link.ends[2]
end

---A link's place among all.
function plan.index_of(p, link)
  for i, known in ipairs(p.links) do
    if known == link then
      return i
    end
  end
end

---What a link of two nodes can be called, from either end.
local function link_names(p, link)
  local one, two = link.ends[1].node, link.ends[2].node
  if link.options.name then
    return { link.options.name }
  end
  local place = #plan.links(p, one, two) + 1
  local suffix = place > 1 and "-" .. place or ""
  return { one.name .. "-" .. two.name .. suffix, two.name .. "-" .. one.name .. suffix }
end

---The values of a link's option for its two nodes: `{ r1 = ..., r2 = ... }`.
local function by_end(link, option, item)
  local path = read.field(link.path, option)
  local given = link.options[option] or {}
  for _, key in ipairs(read.keys(given)) do
    local place = read.field(path, key)
    local own = (key == link.ends[1].node.name and 1) or (key == link.ends[2].node.name and 2)
    if not own then
      local names = { link.ends[1].node.name, link.ends[2].node.name }
      read.unknown(path, "not an end of this link:", tostring(key), names, "its ends are")
    end
    link.ends[own]["given_" .. option] = item(place, given[key])
    link.ends[own]["path_" .. option] = place
  end
end

---What the kernel has for something else: its own loopback, directories, and settings of all interfaces.
---@type table<string, true?>
local UNUSABLE = { lo = true, ["."] = true, [".."] = true, all = true, default = true }

local function interface(path, value)
  read.string(path, value)
  if UNUSABLE[value] then
    read.wrong(path, ("no interface can be called %q"):format(value))
  elseif value == "" or #value > DEV or value:find("[%s%c/:%%]") then
    read.wrong(
      path,
      ("%q is no name for an interface"):format(value),
      "1 to 15 bytes, without white space, / : and %"
    )
  end
  return value
end

---IPv6 runs over no link with a smaller MTU (RFC 8200).
local MTU6 = 1280

---A link's MTU, its own or that of all.
local function mtu(p, link)
  local own = link.options.mtu
  local value = own or p.options.mtu
  local switches = link.ends[1].node.kind == "switch" and link.ends[2].node.kind == "switch"
  if value and value < MTU6 and p.options.ipv6 ~= false and not switches then
    local path = own and read.field(link.path, "mtu") or "mtu"
    local why = ("%d is too small for IPv6, which needs %d"):format(value, MTU6)
    read.wrong(path, why, "give a larger one, or leave IPv6 out: ipv6 = false")
  end
  return value
end

---The options of one table, and those of another over them.
local function merged(one, two)
  local out = {}
  for _, options in ipairs({ one, two }) do
    for key, value in pairs(options) do
      out[key] = value
    end
  end
  return out
end

---The options of `link.shape` in a table that has others, too.
function plan.shape_in(options)
  local out = {}
  for _, name in ipairs(internal.SHAPE) do
    out[name] = options[name]
  end
  return out
end

---How each end of a link shapes what it sends: as the link's options say, and its own over them.
local function read_shapes(link)
  local both = plan.shape_in(link.options)
  read.shape(link.path, both)
  by_end(link, "shape", function(path, own)
    return read.shape(path, merged(both, read.table(path, own)))
  end)
  for _, e in ipairs(link.ends) do
    local shape = e.given_shape or both
    e.shape = next(shape) and shape or nil
  end
end

local function add_link(p, path, entry)
  local options = read.record(path, entry, LINK, 2)
  local link = { path = path, options = options, ends = {} }
  for i, letter in ipairs({ "a", "b" }) do
    local name, place = read.either(path, entry, i, letter)
    link.ends[i] = { node = plan.node(p, place, name), link = link, addrs = {} }
  end
  local one, two = link.ends[1], link.ends[2]
  one.other, two.other = two, one
  if one.node == two.node then
    read.wrong(path, one.node.name .. " can't be linked to itself")
  end
  link.names = link_names(p, link)
  link.name = link.names[1]
  for _, other in ipairs(options.name and p.links or {}) do
    if other.names[1] == link.name or other.names[2] == link.name then
      read.wrong(read.field(path, "name"), ("%q is the name of %s already"):format(link.name, other.path))
    end
  end
  link.mtu = mtu(p, link)
  link.cost = options.cost or 1
  by_end(link, "dev", interface)
  by_end(link, "addr", read.addresses)
  by_end(link, "mac", read.mac)
  read_shapes(link)
  for _, e in ipairs(link.ends) do
    local pair = e.node.name .. " " .. e.other.node.name
    table.insert(e.node.ends, e)
    p.linked[pair] = p.linked[pair] or {}
    table.insert(p.linked[pair], link)
    e.mac = e.given_mac
    if e.node.kind == "switch" and e.given_addr then
      read.wrong(e.path_addr, e.node.name .. " is a switch; switches have no addresses")
    end
  end
  table.insert(p.links, link)
end

---A name for an interface after who is at the other end, if there is room for one.
local function towards(e, taken)
  local base, n = "to-" .. e.other.node.name, 1
  local name = base
  while taken[name] do
    n = n + 1
    name = base .. "-" .. n
  end
  return #name <= DEV and not name:find("[:%%]") and name or nil
end

---Each end's interface: what is given; eth0 and on at hosts; at routers and switches after who is at the other end.
local function name_interfaces(node)
  local taken = { br0 = node.kind == "switch" and node.path or nil }
  for _, e in ipairs(node.ends) do
    if e.given_dev then
      if taken[e.given_dev] then
        read.wrong(e.path_dev, ("%s has an interface %s already"):format(node.name, e.given_dev))
      end
      e.dev, taken[e.given_dev] = e.given_dev, e.path_dev
    end
  end
  local n = 0
  for _, e in ipairs(node.ends) do
    local name = node.kind ~= "host" and not e.dev and towards(e, taken)
    if e.dev then
      n = n + 1
    elseif name then
      e.dev = name
    else
      while taken["eth" .. n] do
        n = n + 1
      end
      e.dev = "eth" .. n
    end
    taken[e.dev] = e.link.path
  end
end

---All switches that are joined with `switch`, in the order of the table; raises where frames would circle.
local function joined(p, switch)
  local found, seen, from = { switch }, { [switch] = true }, {}
  for _, node in ipairs(found) do
    for _, e in ipairs(node.ends) do
      local other = e.other.node
      if other.kind == "switch" and e.link ~= from[node] then
        if not seen[other] then
          seen[other], from[other] = true, e.link
          table.insert(found, other)
        elseif not p.loops[e.link] then
          p.loops[e.link] = found
        end
      end
    end
  end
  return found
end

local function check_loops(p)
  for _, link in ipairs(p.links) do
    for _, switch in ipairs(p.loops[link] or {}) do
      if not (switch.options.bridge and switch.options.bridge.stp) then
        read.wrong(
          link.path,
          ("%s closes a loop of switches, in which frames would circle for ever"):format(link.name),
          ("leave it out, or give each of the switches bridge = { stp = true }, %s too"):format(switch.name)
        )
      end
    end
  end
end

---Whose addresses come first: routers', then hosts', as in the table.
local function by_rank(a, b)
  return a.node.index < b.node.index
end

local function find_segments(p)
  for _, link in ipairs(p.links) do
    local switch = link.ends[1].node.kind == "switch" and link.ends[1].node
      or link.ends[2].node.kind == "switch" and link.ends[2].node
    if not link.segment then
      local segment =
        { name = link.name, path = link.path, links = {}, ends = {}, switches = {}, subnets = {} }
      local links = { link }
      if switch then
        segment.switches, links = joined(p, switch), {}
        table.sort(segment.switches, function(a, b)
          return a.index < b.index
        end)
        segment.name, segment.path = segment.switches[1].name, segment.switches[1].path
        for _, node in ipairs(segment.switches) do
          node.segment = segment
          for _, e in ipairs(node.ends) do
            table.insert(links, e.link)
          end
        end
      end
      for _, member in ipairs(links) do
        if not member.segment then
          member.segment = segment
          table.insert(segment.links, member)
          for _, e in ipairs(member.ends) do
            if e.node.kind ~= "switch" then
              table.insert(segment.ends, e)
            end
          end
        end
      end
      table.sort(segment.ends, by_rank)
      segment.index = #p.segments + 1
      table.insert(p.segments, segment)
    end
  end
  check_loops(p)
end

---The segment that a key of `subnets` names: a switch, or a link as "r1-r2".
---@return nsh.topology.Segment
local function named_segment(p, key)
  local found, names = {}, {}
  for _, link in ipairs(p.links) do
    if key == link.names[1] or key == link.names[2] then
      table.insert(found, link)
    end
    table.insert(names, link.name)
  end
  for _, node in ipairs(p.nodes) do
    if node.kind == "switch" and node.segment then
      table.insert(found, key == node.name and node or nil)
      table.insert(names, node.name)
    end
  end
  local path = read.field("subnets", key)
  for i = 2, #found do
    if found[i].segment ~= found[1].segment then
      local which = ("%s and %s are both called so"):format(found[1].path, found[i].path)
      read.wrong(path, which, "give the subnet there")
    end
  end
  local node = p.by_name[key]
  if not found[1] and node and node.kind == "switch" then
    read.wrong(path, key .. " has no links")
  elseif not found[1] then
    read.unknown("subnets", "no link or switch is called", tostring(key), names, "there are")
  end
  return found[1].segment
end

---A subnet of each family, as lists of them.
local function as_lists(subnets)
  local out = {}
  for family, subnet in pairs(subnets) do
    out[family] = { subnet }
  end
  return out
end

---The ends behind which a router translates addresses.
local function find_outside(p)
  for _, node in ipairs(p.nodes) do
    for _, name in ipairs(node.options.nat or {}) do
      local path = node.path .. ".nat"
      local links = plan.links(p, node, plan.node(p, path, name))
      if #links == 0 then
        read.wrong(path, ("%s and %s are not linked"):format(node.name, name))
      end
      for _, link in ipairs(links) do
        plan.end_of(link, node).outside = true
      end
    end
  end
end

---Who says what the subnets are, for each segment.
local function claims(p, spec)
  for _, segment in ipairs(p.segments) do
    segment.claims = {}
    for _, part in ipairs(segment.switches) do
      table.insert(segment.claims, part.options.subnet)
    end
    -- What is given for the whole of a segment comes before what its links choose of it.
    segment.whole = #segment.claims
    for _, part in ipairs(segment.links) do
      table.insert(segment.claims, part.options.subnet and as_lists(part.options.subnet))
    end
  end
  for _, key in ipairs(read.keys(spec.subnets or {})) do
    local path, segment = read.field("subnets", key), named_segment(p, key)
    if #segment.switches > 0 then
      segment.whole = segment.whole + 1
      table.insert(segment.claims, segment.whole, read.several_subnets(path, spec.subnets[key]))
    else
      table.insert(segment.claims, as_lists(read.subnet(path, spec.subnets[key])))
    end
  end
end

local function any(_, value)
  return value
end

local TOP = {
  routers = read.list(any),
  hosts = read.list(any),
  switches = read.list(any),
  links = read.list(any),
  subnets = read.table,
  pool = read.subnet,
  ipv4 = read.boolean,
  ipv6 = read.boolean,
  routing = read.boolean,
  loopbacks = read.boolean,
  mtu = read.integer(68, 65535),
}

---The hardware addresses that the table gives to hosts with one link.
local function macs_of_hosts(p)
  for _, node in ipairs(p.nodes) do
    local given = node.options.mac
    if given and #node.ends ~= 1 then
      read.wrong(
        node.path .. ".mac",
        ("%s has %d links, so it is not clear which one is meant"):format(node.name, #node.ends),
        ("give it with a link: { %q, ..., mac = { %s = ... } }"):format(node.name, node.name)
      )
    end
    for _, e in ipairs(given and node.ends or {}) do
      e.mac = e.mac or given
    end
  end
end

---A copy of a table and of those in it.
function plan.copy(value)
  if type(value) ~= "table" then
    return value
  end
  local out = {}
  for key, item in pairs(value) do
    out[key] = plan.copy(item)
  end
  return out
end

---Reads the table; addresses and routes are still to come. `made` has the nodes that are there already, by name.
---@param spec any
---@param made? table<string, nsh.topology.Node>
function plan.read(spec, made)
  local options = read.record("", spec, TOP)
  local p =
    { spec = plan.copy(spec), options = options, made = made or {}, nodes = {}, by_name = {}, pins = {} }
  p.links, p.linked, p.segments, p.loops = {}, {}, {}, {}
  for _, kind in ipairs(KINDS) do
    read.list(function(path, entry)
      add_node(p, kind, path, entry)
      return true
    end)(kind.list, options[kind.list] or {})
  end
  read.list(function(path, entry)
    add_link(p, path, read.table(path, entry))
    return true
  end)("links", options.links or {})
  for _, node in ipairs(p.nodes) do
    name_interfaces(node)
    if node.kind == "switch" and #node.ends > PORTS then
      read.wrong(
        node.path,
        ("%s has %d links; a bridge has at most %d ports"):format(node.name, #node.ends, PORTS)
      )
    end
  end
  macs_of_hosts(p)
  find_outside(p)
  find_segments(p)
  claims(p, spec)
  return p
end

return plan
