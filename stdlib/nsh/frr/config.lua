-- A configuration of FRR, from a router's table; and which daemons a configuration needs.

local spec = require("nsh.router.spec")

local config = {}

local NAMES = { inet = "ipv4", inet6 = "ipv6" }
local PROTOCOLS = { inet = "ospf", inet6 = "ospf6" }
local TYPES = { broadcast = "broadcast", ptp = "point-to-point" }

---What belongs to OSPF on a link. Words of OSPFv2 begin with `ip ospf`, those of OSPFv3 with `ipv6 ospf6`.
local function ospf_link(r, name, family, add)
  local o, own = r.ospf, r.ospf.links[name] or {}
  local words = family == "inet" and " ip ospf" or " ipv6 ospf6"
  add("%s area %s", words, o.area)
  add("%s hello-interval %d", words, o.hello)
  add("%s dead-interval %d", words, o.dead)
  if name ~= "lo" then
    add("%s network %s", words, TYPES[own.type or o.type])
  end
  if own.cost then
    add("%s cost %d", words, own.cost)
  end
  if o.is_passive[name] then
    add("%s passive", words)
  end
end

local function ospf_links(r, families, add)
  for _, name in ipairs(r.ospf and r.links or {}) do
    add("interface %s", name)
    for _, family in ipairs(families) do
      ospf_link(r, name, family, add)
    end
    add("exit")
  end
end

local function ospf(r, family, add)
  if not r.ospf then
    return
  end
  local word = PROTOCOLS[family]
  add("router %s", word)
  if r.router_id then
    add(" %s router-id %s", word, r.router_id)
  end
  for _, told in ipairs(r.ospf.redistribute) do
    add(" redistribute %s", told)
  end
  -- The first changes are taken up at once, in milliseconds.
  add(" timers throttle spf 10 50 500")
  add("exit")
end

---A neighbour, whatever the family.
local function bgp_neighbor(b, n, add)
  local a = n.address.text
  add(" neighbor %s remote-as %d", a, n.as)
  add(" neighbor %s timers %d %d", a, b.keepalive, b.hold)
  add(" neighbor %s timers connect 1", a)
  add(" neighbor %s advertisement-interval 0", a)
  if n.multihop and n.as ~= b.as then
    add(" neighbor %s ebgp-multihop %d", a, n.multihop)
  end
end

local function bgp_family(b, family, add)
  add(" address-family %s unicast", NAMES[family])
  for _, network in ipairs(spec.of(b.networks, family)) do
    add("  network %s", network.text)
  end
  for _, told in ipairs(b.redistribute) do
    add("  redistribute %s", told == "ospf" and PROTOCOLS[family] or told)
  end
  for _, n in ipairs(b.neighbors) do
    if n.address.family == family then
      add("  neighbor %s activate", n.address.text)
    end
    if n.address.family == family and n.next_hop_self then
      add("  neighbor %s next-hop-self", n.address.text)
    end
  end
  add(" exit-address-family")
end

local function bgp(r, add)
  local b = r.bgp
  if not b then
    return
  end
  add("router bgp %d", b.as)
  if r.router_id then
    add(" bgp router-id %s", r.router_id)
  end
  -- Else nothing is told to neighbours of another number without a policy (RFC 8212).
  add(" no bgp ebgp-requires-policy")
  add(" no bgp default ipv4-unicast")
  for _, n in ipairs(b.neighbors) do
    bgp_neighbor(b, n, add)
  end
  bgp_family(b, "inet", add)
  bgp_family(b, "inet6", add)
  add("exit")
end

local function static(r, add)
  for _, route in ipairs(r.static) do
    local word = route.dst.family == "inet" and "ip" or "ipv6"
    local kind = route.type == "unreachable" and "reject" or route.type
    local hop = route.via and route.via.text or kind or route.dev
    local dev = route.via and route.dev and " " .. route.dev or ""
    add("%s route %s %s%s", word, route.dst.text, hop, dev)
  end
end

---The text of a router's configuration.
function config.text(ns, value)
  local r, lines, families = spec.read(ns, value), {}, {}
  local function add(format, ...)
    table.insert(lines, format:format(...))
  end
  for _, family in ipairs({ "inet", "inet6" }) do
    table.insert(families, r.families[family] and family or nil)
  end
  static(r, add)
  ospf_links(r, families, add)
  for _, family in ipairs(families) do
    ospf(r, family, add)
  end
  bgp(r, add)
  return table.concat(lines, "\n") .. "\n" .. (r.config or "") .. "\n"
end

---The lines that need a daemon besides zebra.
local DAEMONS = {
  { "router ospf", "ospfd" },
  { "router ospf6", "ospf6d" },
  { "router bgp", "bgpd" },
  { "router isis", "isisd" },
  { "router rip", "ripd" },
  { "router ripng", "ripngd" },
  { "router babel", "babeld" },
  { "router eigrp", "eigrpd" },
  { "router openfabric", "fabricd" },
  { "ip route", "staticd" },
  { "ipv6 route", "staticd" },
  { "ip pim", "pimd" },
  { "bfd", "bfdd" },
  { "mpls ldp", "ldpd" },
  { "vrrp", "vrrpd" },
  { "pbr-map", "pbrd" },
}

---The daemons that a configuration needs besides zebra, in order.
function config.daemons(text)
  local out, seen = {}, {}
  for _, entry in ipairs(DAEMONS) do
    local words = entry[1]:gsub("%-", "%%-")
    local there = ("\n" .. text):find("\n%s*" .. words .. "%f[%s\0]")
    if there and not seen[entry[2]] then
      seen[entry[2]] = true
      table.insert(out, entry[2])
    end
  end
  return out
end

return config
