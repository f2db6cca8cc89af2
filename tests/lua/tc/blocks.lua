-- Blocks of filters that links share: as tc shows and makes them, and as packets of each link meet them.
-- needs: tc, clsact, cls_u32, act_gact
local hosts = {} ---@type nsh.Namespace[]
for i = 1, 2 do
  hosts[i] = namespace.add("h" .. i, { ipv6 = false })
  link.add("p" .. i, {
    kind = "veth",
    up = true,
    addr = ("10.0.%d.1/24"):format(i),
    peer = { name = "eth0", ns = hosts[i], up = true, addr = ("10.0.%d.2/24"):format(i) },
  })
end
local function shown(...)
  return proc.exec({ "tc", ... }, { check = true }).stdout
end
local function refused(kind, message, f, ...)
  local given = table.pack(...)
  local e = check.error(function()
    f(table.unpack(given, 1, given.n))
  end, kind)
  check.match(e.message .. " " .. tostring(e.hint), message, { plain = true })
end
local drop = { pref = 10, u32 = { match = "ip protocol 1 0xff" }, actions = "drop" }

test("a block is there with the first link that names it", function()
  refused("not_found", "ingress_block = 22", tc.filter.add, 22, drop)
  refused("argument", "htb shares no filters", tc.qdisc.add, "p1", { kind = "htb", ingress_block = 22 })
  tc.qdisc.add("p1", { kind = "clsact", ingress_block = 22, egress_block = 23 })
  check.match(shown("qdisc", "show", "dev", "p1"), "ingress_block 22 egress_block 23", { plain = true })
  proc.exec({ "tc", "qdisc", "add", "dev", "p2", "ingress_block", "22", "clsact" }, { check = true })
  local found = assert(tc.qdisc.get("p2", { kind = "clsact" }))
  check.equal({ found.ingress_block, found.egress_block }, { 22, nil })
end)

test("a filter of a block is one for all of its links", function()
  tc.filter.add(22, drop)
  check.match(shown("filter", "show", "block", "22"), "filter protocol ip pref 10 u32", { plain = true })
  local all = tc.filter.list()
  check.equal({ #all, all[1].block, all[1].dev, all[1].parent, all[1].pref }, { 1, 22, nil, nil, 10 })
  check.match(tostring(all[1]), "filter block 22 protocol ip pref 10 u32", { plain = true })
  check.equal(
    { #tc.filter.list({ dev = "p2" }), #tc.filter.list({ block = 22 }), #tc.filter.list({ block = 23 }) },
    { 1, 1, 0 }
  )
  for i, host in ipairs(hosts) do
    check.equal(host.ping(("10.0.%d.1"):format(i), { timeout = 0.3 }).received, 0)
  end
  refused(
    "argument",
    "a block has no parent",
    tc.filter.add,
    22,
    { parent = "ingress", u32 = { match = "ip protocol 1 0xff" } }
  )
end)

test("what goes out is another block", function()
  tc.filter.del(22, { pref = 10 })
  check.equal(assert(hosts[1]).ping("10.0.1.1").received, 1)
  tc.filter.add(23, drop)
  check.equal(assert(hosts[1]).ping("10.0.1.1", { timeout = 0.3 }).received, 0)
  check.equal(assert(hosts[2]).ping("10.0.2.1").received, 1)
  check.match(shown("filter", "show", "dev", "p1", "egress"), "filter block 23", { plain = true })
  tc.filter.del(23)
  check.equal(#tc.filter.list(), 0)
end)

test("a filter that tc has put there is read, and goes with the last link", function()
  shown(
    "filter",
    "add",
    "block",
    "22",
    "protocol",
    "ip",
    "pref",
    "5",
    "u32",
    "match",
    "ip",
    "dst",
    "10.0.1.1/32",
    "action",
    "drop"
  )
  local all = tc.filter.list({ block = 22 })
  check.equal({ #all, all[1].protocol, all[1].pref }, { 1, "ip", 5 })
  check.match(
    lab.state().namespaces.host and tostring(lab.state()),
    "filter block 22 protocol ip pref 5 u32",
    { plain = true }
  )
  tc.qdisc.del("p1", { kind = "clsact" })
  check.equal(#tc.filter.list({ block = 22 }), 1)
  tc.qdisc.del("p2", { kind = "clsact" })
  refused("not_found", "ingress_block = 22", tc.filter.del, 22)
  check.equal(#tc.filter.list(), 0)
end)
