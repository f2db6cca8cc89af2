-- Disciplines, classes and filters that most kernels have, both ways between nsh and tc(8); and what is refused.
-- needs: tc, tbf, htb, clsact
local same = require("lib.same")

test("tbf and htb are as tc makes them", function()
  same.qdiscs({
    {
      { tbf = { rate = "1mbit", burst = "10kb", latency = "50ms" } },
      "tbf rate 1mbit burst 10kb latency 50ms",
      { burst = 10240, latency = nil, rate = 1000000 },
    },
    {
      { tbf = { rate = "500kbit", burst = 5000, limit = 30000 } },
      "tbf rate 500kbit burst 5000 limit 30000",
      { rate = 500000 },
    },
    {
      { tbf = { rate = "8mbit", burst = "16kb", limit = 60000, overhead = 4, mpu = 64 } },
      "tbf rate 8mbit burst 16kb limit 60000 overhead 4 mpu 64",
    },
    { { htb = { default = "1:10", r2q = 5 } }, "htb default 10 r2q 5", { default = "10" } },
    { { htb = { default = "ab", direct_qlen = 7 } }, "htb default ab direct_qlen 7", { default = "ab" } },
    { { kind = "htb" }, "htb" },
  })
end)

test("classes of htb are as tc makes them", function()
  same.classes("htb default 2", {
    {
      { htb = { rate = "1mbit", burst = 15000, cburst = 15000 } },
      "htb rate 1mbit burst 15000 cburst 15000",
      { rate = 1000000, burst = 15000, cburst = 15000 },
    },
    {
      { htb = { rate = "1mbit", ceil = "5mbit", burst = 3000, cburst = 4000, prio = 3, quantum = 3000 } },
      "htb rate 1mbit ceil 5mbit burst 3000 cburst 4000 prio 3 quantum 3000",
      { ceil = 5000000 },
    },
    {
      { parent = "8:2", htb = { rate = "100kbit", burst = 3000, cburst = 3000, quantum = 2000 } },
      "htb rate 100kbit burst 3000 cburst 3000 quantum 2000",
    },
  })
end)

local function refused(kind, fn, ...)
  local args = table.pack(...)
  return check.error(function()
    fn(table.unpack(args, 1, args.n))
  end, kind)
end

link.add("veth0", { kind = "veth", up = true, peer = { name = "veth1", up = true } })

test("what is wrong is said", function()
  refused("argument", tc.qdisc.add, "veth0", { tbf = {} })
  refused("argument", tc.qdisc.add, "veth0", {})
  refused("argument", tc.qdisc.add, "veth0", { tbf = { rate = "1mbit" }, htb = {} })
  refused("argument", tc.qdisc.add, "veth0", { kind = "htb", tbf = { rate = "1mbit" } })
  refused("argument", tc.qdisc.add, "veth0", { handle = "1x:", kind = "htb" })
  refused("argument", tc.qdisc.add, "veth0", { tbf = { rate = "1mbitt" } })
  refused("argument", tc.qdisc.add, "veth0", { tbf = { rate = "1mbit", limit = 3000, latency = 1 } })
  refused("argument", tc.qdisc.add, "veth0", { tbf = { rate = "1mbit", peakrate = "2mbit" } })
  refused("argument", tc.qdisc.add, "veth0", {
    htb = {
      default = 10 --[[@as any]],
    },
  })
  refused("unsupported", tc.qdisc.add, "veth0", { kind = "nosuch" })
  refused("not_found", tc.qdisc.add, "nosuch", { kind = "htb" })
  refused("not_found", tc.qdisc.del, "veth0")
  check.match(tostring(refused("not_found", tc.class.del, "veth0", "1:10").hint), "tc.class.list")
  refused("argument", tc.class.add, "veth0", "1:", { htb = { rate = "1mbit" } })
  refused("argument", tc.class.add, "veth0", "1:1", { htb = {} })
  refused("argument", tc.class.add, "veth0", "1:1", { htb = { rate = "2mbit", ceil = "1mbit" } })
  refused("not_found", tc.filter.add, "veth0", { parent = "ingress", u32 = {}, actions = "drop" })
  tc.qdisc.add("veth0", { kind = "htb", handle = "1:" })
  refused("exists", tc.qdisc.add, "veth0", { kind = "htb", handle = "1:" })
  refused("argument", tc.filter.add, "veth0", { parent = "1:", u32 = { match = "ip dst nonsense" } })
  refused("argument", tc.filter.add, "veth0", { parent = "1:", u32 = { match = "ip dport 70000" } })
  refused("argument", tc.filter.add, "veth0", { parent = "1:", flower = { dst_port = 80 } })
  refused(
    "argument",
    tc.filter.add,
    "veth0",
    { parent = "1:", flower = { dst_ip = "10.0.0.1", src_ip = "fd00::1" } }
  )
  refused("argument", tc.filter.add, "veth0", { parent = "1:", u32 = {}, actions = "dropp" })
  refused("argument", tc.filter.add, "veth0", { parent = "1:", u32 = {}, actions = { { vlan = {} } } })
  refused("not_found", tc.filter.del, "veth0", { parent = "1:", pref = 77 })
  check.equal(tc.flush("veth0"), 1)
  check.equal(tc.qdisc.get("veth0").handle, "0:")
end)

test("traffic goes to the class that a filter names, and is counted", function()
  local ns1 = namespace.add("ns1")
  link.add("a0", {
    kind = "veth",
    up = true,
    addr = "10.9.0.1/24",
    peer = { name = "eth0", ns = ns1, up = true, addr = "10.9.0.2/24" },
  })
  tc.qdisc.add("a0", { handle = "1:", htb = { default = "20" } })
  tc.class.add("a0", "1:10", { htb = { rate = "8mbit" } })
  tc.class.add("a0", "1:20", { htb = { rate = "2mbit" } })
  tc.filter.add(
    "a0",
    { parent = "1:", u32 = { match = { "ip dst 10.9.0.2", "ip protocol 1" }, classid = "1:10" } }
  )
  check.equal(ping("10.9.0.2", { count = 3 }).received, 3)
  local classes = {}
  for _, class in ipairs(tc.class.list({ dev = "a0" })) do
    classes[class.classid] = class
  end
  check.at_least(classes["1:10"].packets, 3)
  check.at_least(tc.qdisc.get("a0").packets, 3)
  check.match(tostring(lab.state().namespaces.host), "class htb 1:10")
end)

test("filters are read as tc shows them", function()
  same.filters("8:", "htb", {
    {
      { u32 = { match = "ip dst 10.0.0.0/8", classid = "8:1" } },
      "protocol ip u32 match ip dst 10.0.0.0/8 classid 8:1",
    },
    {
      { u32 = { match = { "ip src 10.0.0.1", "ip protocol 6", "ip dport 80" }, classid = "8:1" } },
      "protocol ip u32 match ip src 10.0.0.1/32 match ip protocol 6 0xff match ip dport 80 0xffff classid 8:1",
    },
    {
      { u32 = { match = { "ip tos 16 0x1c", "ip sport 53" }, classid = "8:1" } },
      "protocol ip u32 match ip tos 0x10 0x1c match ip sport 53 0xffff classid 8:1",
    },
    {
      { u32 = { match = "ip6 dst fd00::/33", classid = "8:1" } },
      "protocol ipv6 u32 match ip6 dst fd00::/33 classid 8:1",
    },
    {
      {
        protocol = "all",
        u32 = {
          match = { "u32 0x01020304 0xffff00ff at 4", "u16 5 0xff at 2", "u8 6 0xff at 9" },
          classid = "8:1",
        },
      },
      "protocol all u32 match u32 0x01020304 0xffff00ff at 4 match u16 5 0xff at 2 match u8 6 0xff at 9 classid 8:1",
    },
  })
end)
