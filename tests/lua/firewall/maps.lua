-- Maps of verdicts and of data, as nft shows them, and what rules make of them.
-- needs: nft

local function objects(kind, name)
  for _, object in ipairs(nft.objects({ table = "nsh" })) do
    if object[kind] and (name == nil or object[kind].name == name) then
      return object[kind]
    end
  end
end
-- How nft writes the last rule of a chain, without what it counted.
local function written(chain)
  local rules = proc.exec({ "nft", "-s", "list", "chain", "inet", "nsh", chain }, { check = true }).stdout
  local last
  for line in rules:gmatch("[^\n]+") do
    last = line:match("^\t\t(.+)") or last
  end
  return last
end

firewall.add_chain("web")
firewall.add_chain("rest")

-- What goes in comes back, here and by nft; and what nft puts in, we read.
local cases = {
  {
    "ipv4_addr",
    "verdict",
    { ["10.0.0.1"] = "accept", ["10.1.0.0/16"] = "jump web", ["192.168.0.1-192.168.0.9"] = "drop" },
  },
  { "ipv4_addr", "verdict", { ["10.0.0.0-10.0.0.6"] = "drop", ["10.0.0.7-10.0.0.9"] = "accept" } },
  { "ipv6_addr", "verdict", { ["fd00::/64"] = "goto rest", ["fe80::1"] = "return" } },
  { "inet_service", "verdict", { ["22"] = "accept", ["8000-8010"] = "continue" } },
  { "inet_proto", "verdict", { tcp = "accept", ["99"] = "drop" } },
  { "ifname", "verdict", { eth0 = "accept", lo = "drop" } },
  { "mark", "verdict", { ["7"] = "accept" } },
  { "ipv4_addr", "mark", { ["10.0.0.1"] = 1, ["10.1.0.0/16"] = 4294967295 } },
  { "inet_service", "ipv4_addr", { ["80"] = "10.0.0.1", ["443"] = "10.0.0.2" } },
  { "uid", "ipv6_addr", { ["1000"] = "fd00::1" } },
  { "ifname", "inet_service", { eth0 = 80 } },
}
for i, case in ipairs(cases) do
  local name, kind, to, elements = "m" .. i, table.unpack(case)
  firewall.add_map(name, { type = kind, to = to, elements = elements })
  local got = firewall.get_map(name)
  check.equal({ got.type, got.to, got.elements }, { kind, to, elements })
  local told, count, keys, words = objects("map", name), 0, {}, {}
  for key, value in pairs(elements) do
    count, keys[#keys + 1] = count + 1, key
    words[#words + 1] = (kind == "ifname" and '"%s" : %s' or "%s : %s"):format(key, value)
  end
  check.equal({ told.type, told.map, #told.elem }, { kind, to, count })
  firewall.del_elements(name, keys)
  check.equal(firewall.get_map(name).elements, {})
  nft.load(("add element inet nsh %s { %s }"):format(name, table.concat(words, ", ")))
  check.equal(firewall.get_map(name).elements, elements)
end
check.equal({ #firewall.maps(), #firewall.sets() }, { #cases, 0 })
check.equal(firewall.get_map("nothing"), nil)
check.equal(firewall.get_set("m1"), nil)
local shown = "map m2 { type ipv4_addr : verdict; flags interval; elements = { 10.0.0.0-10.0.0.6 : drop, "
check.equal(tostring(firewall.get_map("m2")):sub(1, #shown), shown)

-- Timeouts.
firewall.add_map(
  "short",
  { type = "inet_service", to = "mark", timeout = 60, elements = { [7] = 5, [8] = 6 } }
)
firewall.add_elements("short", { ["1"] = 7 }, { timeout = 2.5 })
local short = firewall.get_map("short")
check.equal({ short.timeout, short.elements }, { 60, { ["7"] = 5, ["8"] = 6, ["1"] = 7 } })
check.equal(short.times["1"].timeout, 2.5)
check.equal(objects("map", "short").timeout, 60)
firewall.add_elements("short", { [4] = 8 }, { timeout = 0.05 })
eventually(function()
  check.equal(firewall.get_map("short").elements["4"], nil)
end)

-- Rules: as nft writes them, and as nft makes them.
for _, case in ipairs({
  { { action = "source vmap @m1" }, "meta nfproto ipv4 counter ip saddr vmap @m1" },
  { { action = "dest vmap @m3", counter = false }, "ip6 daddr vmap @m3" },
  { { proto = "tcp", action = "dport vmap @m4", counter = false }, "tcp dport vmap @m4" },
  { { iif = "eth1", proto = { "tcp", "udp" }, action = "sport vmap @m4" }, nil },
  { { action = "proto vmap @m5" }, nil },
  { { action = "iif vmap @m6", counter = false }, "iifname vmap @m6" },
  { { action = "mark vmap @m7" }, "counter meta mark vmap @m7" },
  { { set_mark = "source map @m8", action = "continue" }, nil },
  { { set_mark = "source map @m8", action = "source vmap @m1", counter = false }, nil },
}) do
  local options = case[1] --[[@as any]]
  local text = case[2]
  options.chain = "web"
  local rule = firewall.add(options)
  check.equal({ rule.action, rule.set_mark }, { options.action, options.set_mark })
  local words = rule.text:gsub("counter packets 0 bytes 0", "counter")
  check.equal(words, written("web"))
  check.equal(words, text or words)
  nft.load("add rule inet nsh rest " .. words)
  local rules = firewall.list({ chain = "rest" })
  local theirs = rules[#rules]
  check.equal({ theirs.action, theirs.set_mark, theirs.dport }, { rule.action, rule.set_mark, rule.dport })
  check.equal({ theirs.family, theirs.iif }, { rule.family, rule.iif })
end
check.equal(#firewall.list({ action = "source vmap @m1" }), 4)

-- What can't be.
local function refused(kind, message, f, ...)
  local given = table.pack(...)
  local e = check.error(function()
    f(table.unpack(given))
  end, kind)
  check.equal(e.message:find(message, 1, true) ~= nil, true, e.message)
end
local function rule(options)
  options.chain = options.chain or "input"
  refused(
    options[1],
    options[2],
    firewall.add,
    { chain = options.chain, proto = options.proto, action = options.action }
  )
end
refused("exists", 'there is a map "m1" already', firewall.add_map, "m1", { type = "mark", to = "mark" })
refused(
  "exists",
  'the map "m1" has one of the elements already',
  firewall.add_elements,
  "m1",
  { ["10.1.2.3"] = "drop" }
)
refused(
  "not_found",
  'there is no chain "nowhere"',
  firewall.add_elements,
  "m1",
  { ["10.9.0.1"] = "jump nowhere" }
)
refused("not_found", 'there is no map "s"', firewall.del_map, "s")
refused("argument", "a map's elements have values", firewall.add_elements, "m1", "10.9.0.1")
-- The places in a list are no keys.
refused("argument", "this is a list", firewall.add_elements, "short", { 5, 6 })
refused("argument", "opts.elements: a map's elements have keys, and this is a list", function()
  firewall.add_map("n", { type = "inet_service", to = "mark", elements = { 5, 6 } })
end)
refused("argument", "opts.maps.x.elements: a map's elements", function()
  firewall.apply({ maps = { x = { type = "inet_service", to = "mark", elements = { 5 } } } })
end)
-- nft could not read what it lists.
for _, name in ipairs({ "drop", "counter", "ip", "a\\b", "map" }) do
  refused(
    "argument",
    name == "a\\b" and "expected a name" or "is a word of nft's language",
    firewall.add_chain,
    name
  )
  refused("argument", "name", firewall.add_set, name, { type = "mark" })
  refused("argument", "name", firewall.add_map, name, { type = "mark", to = "mark" })
end
refused(
  "argument",
  'expected accept, drop, continue, return, "jump CHAIN" or "goto CHAIN", got reject',
  function()
    firewall.add_elements("m1", { ["10.9.0.1"] = "reject" })
  end
)
refused("argument", "for 10.9.0.1: expected a mark", function()
  firewall.add_elements("m8", { ["10.9.0.1"] = "many" })
end)
refused(
  "argument",
  'opts: the option "to" is missing',
  firewall.add_map,
  "n",
  { type = "mark" } --[[@as any]]
)
firewall.add_set("s", { type = "ipv4_addr", elements = { "10.0.0.1" } })
refused("argument", "a set's elements have no values", firewall.add_elements, "s", { ["10.9.0.1"] = "drop" })
rule({ "not_found", 'there is no map "s"', action = "source vmap @s" })
rule({ "argument", 'dport: the map "m1" is of the type ipv4_addr', proto = "tcp", action = "dport vmap @m1" })
rule({ "argument", "dport needs `proto`", action = "dport vmap @m4" })
rule({ "argument", 'the map "m8" has mark for its keys, not verdict', action = "source vmap @m8" })
rule({ "argument", 'expected "OPTION vmap @MAP", got "saddr vmap @m1"', action = "saddr vmap @m1" })
rule({ "argument", "`out` never matches in input", action = "out vmap @m6" })
refused(
  "not_found",
  'source: there is no set "m1"',
  firewall.add,
  { chain = "input", source = "@m1", action = "drop" }
)
refused("busy", 'the map "m1" is in use', firewall.del_map, "m1")
refused("busy", 'the chain "rest" is in use', function()
  firewall.flush({ chain = "web" })
  firewall.flush({ chain = "rest" })
  firewall.del_chain("rest")
end)
firewall.flush()
check.equal({ #firewall.maps(), #firewall.chains() }, { 0, 0 })

-- A whole firewall with maps; packets meet what they say.
local ns1 = namespace.add("ns1", { up = true })
link.add("eth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "10.0.0.3/24" },
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
firewall.apply({
  chains = { "limited" },
  maps = {
    hosts = { type = "ipv4_addr", to = "verdict", elements = { ["10.0.0.1"] = "jump limited" } },
    marks = { type = "ipv4_addr", to = "mark", elements = { ["10.0.0.2"] = 9 } },
  },
  rules = {
    { chain = "input", set_mark = "source map @marks", action = "dest vmap @hosts" },
    { chain = "limited", mark = 9, action = "drop" },
  },
})
check.equal(ns1.ping("10.0.0.1", { timeout = 0.2 }).received, 0)
check.equal(ns1.ping("10.0.0.3").received, 1)
check.at_least(firewall.list({ chain = "limited" })[1].packets or 0, 1)
firewall.del_elements("hosts", "10.0.0.1")
check.equal(ns1.ping("10.0.0.1").received, 1)
refused("argument", "maps.x: for 7: expected accept", function()
  firewall.apply({ maps = { x = { type = "mark", to = "verdict", elements = { [7] = 2 } } } })
end)
