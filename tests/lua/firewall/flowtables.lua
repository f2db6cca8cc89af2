-- Flow tables: as nft shows them, and connections whose packets go past the chains.
-- needs: flowtable, nft
local a, r, b = namespace.add("a"), namespace.add("r"), namespace.add("b")
for i, ns in ipairs({ a, b }) do
  r.link.add("r" .. i, {
    kind = "veth",
    up = true,
    addr = { ("10.0.%d.1/24"):format(i), ("fd00:%d::1/64"):format(i) },
    peer = {
      name = "eth0",
      ns = ns,
      up = true,
      addr = { ("10.0.%d.2/24"):format(i), ("fd00:%d::2/64"):format(i) },
    },
  })
  ns.route.add("default", { via = ("10.0.%d.1"):format(i) })
  ns.route.add("default", { via = ("fd00:%d::1"):format(i) })
end
r.sysctl.set("net.ipv4.ip_forward", 1)
r.sysctl.set("net.ipv6.conf.all.forwarding", 1)

local function objects(kind)
  local out = {}
  for _, object in ipairs(r.nft.objects({ table = "nsh" })) do
    out[#out + 1] = object[kind]
  end
  return out
end

-- What goes in comes back, here and by nft; and what nft puts in, we read.
r.firewall.add_flowtable("fast", { devices = { "r1", "r2" }, counter = true, priority = -10 })
local fast = assert(r.firewall.get_flowtable("fast"))
check.subset(fast, { name = "fast", devices = { "r1", "r2" }, priority = -10, counter = true, rules = 0 })
check.subset(objects("flowtable"), { { name = "fast", hook = "ingress", prio = -10, dev = { "r1", "r2" } } })
r.link.add("r3", { kind = "veth" })
r.nft.load('add flowtable inet nsh theirs { hook ingress priority 5; devices = { "r3" }; }')
check.subset(r.firewall.get_flowtable("theirs"), { devices = { "r3" }, priority = 5, counter = false })
check.equal(#r.firewall.flowtables(), 2)
r.firewall.del_flowtable("theirs")
check.equal(#objects("flowtable"), 1)
check.equal(r.firewall.get_flowtable("theirs"), nil)

-- A rule as nft writes it, and one that nft wrote.
local all = r.firewall.add({ chain = "forward", action = "continue" })
local puts = r.firewall.add({ chain = "forward", state = "established", action = "flow add @fast" })
check.equal(puts.text:gsub("packets %d+ bytes %d+ ", ""), "ct state established counter flow add @fast")
check.match(
  tostring(r.nft.list({ table = "nsh" })),
  "ct state established counter packets 0 bytes 0 flow add @fast",
  {
    plain = true,
  }
)
r.nft.load("add rule inet nsh forward ct state new flow add @fast")
check.equal(#r.firewall.list({ action = "flow add @fast" }), 2)
check.equal(r.firewall.get_flowtable("fast").rules, 2)

-- What can't be.
local function refused(kind, message, f, ...)
  local given = table.pack(...)
  local e = check.error(function()
    f(table.unpack(given))
  end, kind)
  check.match(e.message, message, { plain = true })
end
local add = r.firewall.add
refused(
  "exists",
  'there is a flow table "fast" already',
  r.firewall.add_flowtable,
  "fast",
  { devices = { "r1" } }
)
refused("not_found", 'no link named "r9"', r.firewall.add_flowtable, "slow", { devices = "r9" } --[[@as any]])
refused(
  "exists",
  "another one has one of the devices",
  r.firewall.add_flowtable,
  "slow",
  { devices = { "r1" } }
)
refused("argument", '"r1" is there twice', r.firewall.add_flowtable, "slow", { devices = { "r1", "r1" } })
refused("not_found", 'there is no flow table "none"', r.firewall.del_flowtable, "none")
refused("busy", 'the flow table "fast" is in use', r.firewall.del_flowtable, "fast")
refused("not_found", 'there is no flow table "none"', add, { chain = "forward", action = "flow add @none" })
refused(
  "argument",
  'expected "flow add @NAME", got "flow @fast"',
  add,
  { chain = "forward", action = "flow @fast" }
)
refused(
  "argument",
  "no packet of input goes from one link to another",
  add,
  { chain = "input", action = "flow add @fast" }
)
refused("not_found", 'there is no flow table "fast"', r.firewall.apply, {
  rules = { { chain = "forward", action = "flow add @fast" } },
})
check.equal(#r.firewall.flowtables(), 1)

-- Packets of an established connection meet no chain.
for _, address in ipairs({ "10.0.2.2", "fd00:2::2" }) do
  local _server <close> = b.tcp.listen(":7000", { echo = true })
  local before = r.firewall.get(all).packets
  local connection <close> =
    a.tcp.connect(address:find(":") and "[" .. address .. "]:7000" or address .. ":7000")
  for i = 1, 200 do
    connection:send(i .. "\n")
    check.equal(connection:recv({ line = true }), tostring(i))
  end
  local seen = r.firewall.get(all).packets - before
  check.at_most(seen, 40)
  local family = address:find(":") and "inet6" or "inet"
  local flows = r.conntrack.list({ offloaded = true, proto = "tcp", family = family })
  check.equal(#flows, 1)
  check.match(tostring(flows[1]), "[OFFLOAD]", { plain = true })
  check.equal(flows[1].orig.dport, 7000)
  r.conntrack.flush()
end

-- A whole firewall with one, in the place of what was there.
local rules = r.firewall.apply({
  flowtables = { quick = { devices = { "r1" } } },
  rules = { { chain = "forward", state = "established", action = "flow add @quick" } },
})
check.equal({ #rules, rules[1].action, #r.firewall.flowtables() }, { 1, "flow add @quick", 1 })
r.firewall.flush()
check.equal(r.nft.list(), "")
