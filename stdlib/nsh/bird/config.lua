-- A configuration of BIRD, from a router's table.

local spec = require("nsh.router.spec")

local config = {}

local NAMES = { inet = "ipv4", inet6 = "ipv6" }
---What BIRD calls where a route is from.
local SOURCES = {
  connected = "RTS_DEVICE",
  static = "RTS_STATIC",
  bgp = "RTS_BGP",
  ospf = "RTS_OSPF, RTS_OSPF_IA, RTS_OSPF_EXT1, RTS_OSPF_EXT2",
}

---The families that its namespace or its table has addresses of, in order.
local function families(r)
  local out = {}
  for _, family in ipairs({ "inet", "inet6" }) do
    local neighbors = r.bgp and spec.of(r.bgp.neighbors, family, "address") or {}
    local given = #spec.of(r.static, family, "dst") > 0 or #neighbors > 0
    table.insert(out, (r.families[family] or given) and family or nil)
  end
  return out
end

---The sources of these words, as BIRD's set.
local function sources(words)
  local out = {}
  for i, word in ipairs(words) do
    out[i] = SOURCES[word]
  end
  return "[ " .. table.concat(out, ", ") .. " ]"
end

local function static(r, family, add)
  local routes = spec.of(r.static, family, "dst")
  if #routes == 0 then
    return
  end
  add("protocol static { %s;", NAMES[family])
  for _, route in ipairs(routes) do
    local hop = route.via and "via " .. route.via.text or route.dev and ("via %q"):format(route.dev)
    if route.via and route.dev then
      hop = ("via %s%%%s"):format(route.via.text, route.dev)
    end
    add("  route %s %s;", route.dst.text, hop or route.type)
  end
  add("}")
end

local function ospf_link(o, name, add)
  local own = o.links[name] or {}
  local kind = own.type or o.type
  local cost = own.cost and (" cost %d;"):format(own.cost) or ""
  if o.is_passive[name] then
    add("    interface %q { stub;%s };", name, cost)
  else
    add("    interface %q { type %s; hello %d; dead %d;%s };", name, kind, o.hello, o.dead, cost)
  end
end

local function ospf(r, family, add)
  local o = r.ospf
  if not o then
    return
  end
  local version = family == "inet" and "v2" or "v3"
  local told = #o.redistribute > 0 and "where source ~ " .. sources(o.redistribute) or "none"
  add("protocol ospf %s ospf_%s {", version, NAMES[family])
  add("  %s { import all; export %s; };", NAMES[family], told)
  add("  area %s {", o.area)
  for _, name in ipairs(r.links) do
    ospf_link(o, name, add)
  end
  add("  };")
  add("}")
end

---What is told to BGP's neighbours: what they tell each other, the networks, and what is redistributed.
local function told_by_bgp(b, family)
  local rules, networks = { "source = RTS_BGP" }, {}
  for i, network in ipairs(spec.of(b.networks, family)) do
    networks[i] = network.text
  end
  if #networks > 0 then
    table.insert(rules, "net ~ [ " .. table.concat(networks, ", ") .. " ]")
  end
  if #b.redistribute > 0 then
    table.insert(rules, "source ~ " .. sources(b.redistribute))
  end
  return "where " .. table.concat(rules, " || ")
end

local function bgp(r, add)
  local b = r.bgp
  for i, n in ipairs(b and b.neighbors or {}) do
    local own = n.next_hop_self and " next hop self;" or ""
    add("protocol bgp bgp%d {", i)
    add("  local as %d;", b.as)
    add("  neighbor %s as %d;", n.address.text, n.as)
    add("  %s;", n.multihop and "multihop " .. n.multihop or "direct")
    add("  hold time %d; keepalive time %d; connect retry time 1; connect delay time 1;", b.hold, b.keepalive)
    add("  error wait time 1, 2;")
    for _, family in ipairs({ n.address.family }) do
      add("  %s { import all; export %s;%s };", NAMES[family], told_by_bgp(b, family), own)
    end
    add("}")
  end
end

---Whether BIRD is to know the subnets of links.
local function needs_direct(r)
  local ospf_too = r.ospf and spec.has(r.ospf.redistribute, "connected")
  return ospf_too or r.bgp
end

---The text of a router's configuration.
function config.text(ns, value)
  local r, lines = spec.read(ns, value), {}
  local function add(format, ...)
    table.insert(lines, format:format(...))
  end
  if r.router_id then
    add("router id %s;", r.router_id)
  end
  add("protocol device { scan time 1; }")
  if needs_direct(r) then
    add("protocol direct { ipv4; ipv6; }")
  end
  for _, family in ipairs(families(r)) do
    local ecmp = "merge paths on;"
    add("protocol kernel { %s %s { export where source != RTS_DEVICE; }; }", ecmp, NAMES[family])
    static(r, family, add)
    if r.families[family] then
      ospf(r, family, add)
    end
  end
  bgp(r, add)
  return table.concat(lines, "\n") .. "\n" .. (r.config or "") .. "\n"
end

return config
