-- The table that both `nsh.frr` and `nsh.bird` make a configuration of.

local address = require("nsh.topology.address")
local read = require("nsh.topology.read")

local spec = {}

---A router: what its daemon runs.
---@class (exact) nsh.router.Table
---@field router_id? string its number, an IPv4 address; default what the daemon chooses
---@field ospf? nsh.router.Ospf OSPF: version 2 where the namespace has IPv4 addresses, version 3 where it has IPv6 addresses
---@field bgp? nsh.router.Bgp BGP
---@field static? nsh.router.Static[] static routes
---@field config? string more configuration in the daemon's own words, behind what is made of the other fields

---OSPF, in one area.
---@class (exact) nsh.router.Ospf
---@field area? integer|string the area; default 0
---@field hello? integer seconds between two hellos; default 1
---@field dead? integer seconds after which a neighbour that is not heard is gone; default 4
---@field type? "broadcast"|"ptp" what links are: with any number of routers, or with two; default broadcast, which waits for `dead` seconds before it chooses a designated router
---@field links? table<string, nsh.router.OspfLink> options by link, as `{ ["to-r2"] = { cost = 5 } }`
---@field passive? string[] links without neighbours: their subnets are told, but no hellos are sent; lo always is
---@field redistribute? ("connected"|"static"|"bgp")[] routes that are told besides

---OSPF on a link.
---@class (exact) nsh.router.OspfLink
---@field cost? integer what the way over it costs
---@field type? "broadcast"|"ptp" what it is

---BGP, with its neighbours.
---@class (exact) nsh.router.Bgp
---@field as integer the number of the router's own autonomous system
---@field neighbors nsh.router.Neighbor[] its neighbours
---@field networks? string[] the prefixes that it tells; they must be in its routing table
---@field redistribute? ("connected"|"static"|"ospf")[] routes that are told besides
---@field keepalive? integer seconds between two keepalives; default 1
---@field hold? integer seconds after which a silent neighbour is gone; default 3

---A neighbour of BGP.
---@class (exact) nsh.router.Neighbor
---@field [1]? string its address
---@field address? string its address, in JSON
---@field as integer the number of its autonomous system
---@field multihop? integer through how many routers it may be; default it is on a link
---@field next_hop_self? boolean tell it this router as the next hop of all routes; default false

---A static route.
---@class (exact) nsh.router.Static
---@field [1]? string its destination
---@field dst? string its destination, in JSON
---@field via? string the gateway
---@field dev? string the link
---@field type? "blackhole"|"unreachable" packets are dropped instead

local function one_of(words)
  return function(path, value)
    for _, word in ipairs(words) do
      if value == word then
        return value
      end
    end
    if type(value) ~= "string" then
      read.string(path, value)
    end
    read.unknown(path, "unknown word", value, words, "there are")
  end
end

local function parsed(what, length)
  return function(path, value)
    local a = address.parse(read.string(path, value))
    if not a or (a.length ~= nil) ~= length then
      read.wrong(path, ("%q is no %s"):format(value, what))
    end
    return { text = value, family = a.family }
  end
end

local read_address = parsed("address", false)
local prefix = parsed("prefix such as 10.1.0.0/16", true)
local number = read.integer(1, 4294967295)
local seconds = read.integer(1, 65535)
local kind = one_of({ "broadcast", "ptp" })

local function router_id(path, value)
  local a = address.parse(read.string(path, value))
  if not a or a.family ~= "inet" or a.length then
    read.wrong(path, ("%q is no IPv4 address"):format(value))
  end
  return value
end

local function area(path, value)
  return math.type(value) == "integer" and read.integer(0, 4294967295)(path, value) or router_id(path, value)
end

---A table whose keys are names of links.
local function by_link(fields)
  return function(path, value)
    local out = {}
    for _, name in ipairs(read.keys(read.table(path, value))) do
      out[name] = read.record(read.field(path, name), value[name], fields)
    end
    return out
  end
end

local OSPF = {
  area = area,
  hello = seconds,
  dead = seconds,
  type = kind,
  links = by_link({ cost = read.integer(1, 65535), type = kind }),
  passive = read.list(read.string),
  redistribute = read.list(one_of({ "connected", "static", "bgp" })),
}

local NEIGHBOR = {
  as = number,
  address = read.string,
  multihop = read.integer(1, 255),
  next_hop_self = read.boolean,
}

local function neighbor(path, value)
  local out = read.record(path, value, NEIGHBOR, 1)
  local given, place = read.either(path, value, 1, "address")
  out.address = read_address(place, given)
  out.as = number(read.field(path, "as"), value.as)
  return out
end

local BGP = {
  as = number,
  neighbors = read.list(neighbor),
  networks = read.list(prefix),
  redistribute = read.list(one_of({ "connected", "static", "ospf" })),
  keepalive = seconds,
  hold = seconds,
}

local STATIC = {
  dst = read.string,
  via = read_address,
  dev = read.string,
  type = one_of({ "blackhole", "unreachable" }),
}

local function static(path, value)
  local out = read.record(path, value, STATIC, 1)
  local given, place = read.either(path, value, 1, "dst")
  out.dst = prefix(place, given)
  if not (out.via or out.dev or out.type) then
    read.wrong(path, "a route needs via, dev or type")
  end
  return out
end

local function ospf(path, value)
  local out = read.record(path, value, OSPF)
  out.area, out.hello, out.dead = out.area or 0, out.hello or 1, out.dead or 4
  out.type, out.links, out.redistribute = out.type or "broadcast", out.links or {}, out.redistribute or {}
  out.is_passive = { lo = true }
  for _, name in ipairs(out.passive or {}) do
    out.is_passive[name] = true
  end
  return out
end

local function bgp(path, value)
  local out = read.record(path, value, BGP)
  number(read.field(path, "as"), out.as)
  read.list(read.table)(read.field(path, "neighbors"), value.neighbors)
  out.networks, out.redistribute = out.networks or {}, out.redistribute or {}
  out.keepalive, out.hold = out.keepalive or 1, out.hold or 3
  return out
end

local TOP = {
  router_id = router_id,
  ospf = ospf,
  bgp = bgp,
  static = read.list(static),
  config = read.string,
}

---The links of a namespace, lo first, and which families it has addresses of.
local function look_at(ns)
  local links, families = { "lo" }, {}
  for _, link in ipairs(ns.link.list()) do
    table.insert(links, link.name ~= "lo" and link.name or nil)
  end
  for _, a in ipairs(ns.addr.list()) do
    families[a.family] = families[a.family] or a.scope == "global"
  end
  return links, families
end

---Refuses options of links that are not there.
local function check_links(value, links)
  local known = {}
  for _, name in ipairs(links) do
    known[name] = true
  end
  for _, name in ipairs(read.keys(value.links)) do
    if not known[name] then
      read.unknown(read.field("ospf.links", name), "no link", tostring(name), links, "there are")
    end
  end
  for i, name in ipairs(value.passive or {}) do
    if not known[name] then
      read.unknown(("ospf.passive[%d]"):format(i), "no link", name, links, "there are")
    end
  end
end

---A router's table, checked, with its namespace's links and families.
function spec.read(ns, value)
  local out = read.record("", value, TOP)
  out.static = out.static or {}
  out.name = ns.name
  out.links, out.families = look_at(ns)
  if out.ospf then
    check_links(out.ospf, out.links)
  end
  return out
end

---Whether a list has a word.
function spec.has(list, word)
  for _, item in ipairs(list) do
    if item == word then
      return true
    end
  end
  return false
end

---Those of a list's entries that are of a family.
function spec.of(list, family, field)
  local out = {}
  for _, item in ipairs(list) do
    local value = field and item[field] or item
    table.insert(out, value.family == family and item or nil)
  end
  return out
end

return spec
