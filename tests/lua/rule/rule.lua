-- Rules as `ip rule` shows them.
-- needs: ip
local ns1 = namespace.add("ns1")

--- What `ip rule` prints, without the spaces that vary.
local function ip(family)
  local out = {}
  for line in ns1.exec({ "ip", family or "-4", "rule" }, { check = true }).stdout:gmatch("[^\n]+") do
    out[#out + 1] = line:gsub("%s+", " "):gsub(" $", "")
  end
  return out
end
local function ours(family)
  local out = {}
  for i, rule in ipairs(ns1.rule.list({ family = family })) do
    out[i] = tostring(rule):gsub("%s+", " ")
  end
  return out
end

check.equal(ours("inet"), ip("-4"))
check.equal(ours("inet6"), ip("-6"))
check.equal(#ours("inet"), 3)

for _, v in ipairs({
  { family = "inet", net = "10.1.0.0/16", host = "10.2.0.1" },
  { family = "inet6", net = "fd01::/48", host = "fd02::1" },
}) do
  ns1.rule.add({ priority = 100, from = v.net, table = 100 })
  ns1.rule.add({ priority = 101, from = v.net, to = v.host, iif = "eth9", oif = "eth8", table = "main" })
  ns1.rule.add({ priority = 102, family = v.family, fwmark = 0x10, fwmask = 0xf0, tos = 0x10, table = 5000 })
  ns1.rule.add({ priority = 103, family = v.family, fwmark = 7, invert = true, table = 100 })
  ns1.rule.add({
    priority = 104,
    family = v.family,
    ipproto = "tcp",
    dport = 80,
    sport = "1000-2000",
    table = 100,
  })
  ns1.rule.add({ priority = 105, family = v.family, uidrange = "0-0", table = 100 })
  ns1.rule.add({ priority = 106, family = v.family, table = "main", suppress_prefixlength = 0 })
  ns1.rule.add({ priority = 107, to = v.host, type = "blackhole" })
  ns1.rule.add({ priority = 108, to = v.host, type = "unreachable" })
  ns1.rule.add({ priority = 109, to = v.host, type = "prohibit" })
  ns1.rule.add({ priority = 110, to = v.host, goto_priority = 32766 })
  ns1.rule.add({ priority = 111, to = v.host, goto_priority = 4000 })
  ns1.rule.add({ priority = 112, family = v.family, iif = "lo", proto = "static" })
  local seen = ours(v.family)
  check.equal(seen, ip(v.family == "inet" and "-4" or "-6"))
  check.equal(#seen, v.family == "inet" and 16 or 15)

  local rule = ns1.rule.get({ priority = 102, family = v.family })
  check.equal({ rule.fwmark, rule.fwmask, rule.tos, rule.table }, { 0x10, 0xf0, 0x10, "5000" })
  rule = ns1.rule.get({ priority = 104, family = v.family })
  check.equal({ rule.ipproto, rule.sport, rule.dport }, { "tcp", "1000-2000", 80 })
  check.equal(ns1.rule.get({ priority = 100, family = v.family }).from, v.net)
  check.equal(ns1.rule.get({ priority = 111, family = v.family }).unresolved, true)
  check.equal(ns1.rule.get({ priority = 110, family = v.family }).goto_priority, 32766)
  check.equal(#ns1.rule.list({ to = v.host, type = "prohibit" }), 1)
  check.equal(#ns1.rule.list({ family = v.family, invert = true }), 1)
  check.equal(#ns1.rule.list({ family = v.family, invert = false }), #seen - 1)
  check.equal(#ns1.rule.list({ family = v.family, l3mdev = true }), 0)
  check.equal(#ns1.rule.list({ family = v.family, l3mdev = false }), #seen)
  check.equal(#ns1.rule.list({ from = "all", priority = 107, family = v.family }), 1)
end

-- Deleting takes the first one that fits, and no other.
ns1.rule.del({ from = "10.1.0.0/16" })
check.equal(ns1.rule.get({ priority = 100, family = "inet" }), nil)
check(ns1.rule.get({ priority = 101, family = "inet" }))
ns1.rule.del({ fwmark = 7, family = "inet6" })
check.equal(ns1.rule.get({ priority = 103, family = "inet6" }), nil)
check(ns1.rule.get({ priority = 103, family = "inet" }))
check.equal(ns1.rule.flush({ to = "fd02::1" }), 6)
check.equal(ours("inet6"), ip("-6"))
-- But for those of priority 0, all go.
ns1.rule.flush()
check.equal(ip("-4"), { "0: from all lookup local" })
check.equal(ip("-6"), { "0: from all lookup local" })
check.equal(#host.rule.list(), 5, "the rules of a namespace are its own")

-- Without a priority, each comes before those added so earlier.
host.rule.add({ iif = "lo", table = 1 })
host.rule.add({ iif = "lo", table = 2 })
check.equal(host.rule.get({ table = 1 }).priority, 32765)
check.equal(host.rule.get({ table = 2 }).priority, 32764)
