-- Routes and rules.
link.add(
  "v0",
  { kind = "veth", up = true, addr = { "10.0.1.1/24", "fd00:1::1/64" }, peer = { name = "v1", up = true } }
)
addr.add("10.0.2.1/24", { dev = "v1" })
addr.add("fd00:2::1/64", { dev = "v1" })
route.add("default", { via = "10.0.1.254", metric = 100 })
route.add("default", { via = "fd00:1::fe", metric = 100, pref = "high" })
route.add("default", { dev = "v1", family = "inet6", metric = 200 })
route.add("10.1.0.0/16", { via = "10.0.1.2", src = "10.0.1.1", proto = "static", tos = 0x10 })
route.add("10.2.0.0/16", {
  dev = "v1",
  scope = "link",
  metrics = { mtu = 1300, advmss = 1200, initcwnd = 20, rto_min = 0.3, hoplimit = 9 },
})
route.add("10.3.0.0/16", { type = "blackhole" })
route.add("10.4.0.0/16", { type = "unreachable", metric = 7 })
route.add("10.5.0.1", { type = "prohibit" })
route.add("10.6.0.0/16", { type = "throw", table = 100 })
route.add("10.7.0.7", { type = "local", dev = "v0" })
route.add(
  "10.8.0.0/16",
  { nexthops = { { via = "10.0.1.2", weight = 2 }, { via = "10.9.9.9", dev = "v1", onlink = true } } }
)
route.add("fd00:8::/64", { nexthops = { { via = "fd00:1::2" }, { via = "fd00:2::2", weight = 3 } } })
route.add("10.9.0.0/16", { via = "fd00:1::2", dev = "v0" })
route.add("172.16.0.0/12", { via = "172.16.0.1", dev = "v0", onlink = true })
route.add("fd00:9::/64", { via = "fd00:1::3", expires = 5000 })
route.add("10.10.0.0/16", { via = "10.0.1.2", table = 200 })
route.replace("10.1.0.0/16", { via = "10.0.1.3", tos = 0x10 })
route.add("10.11.0.0/16", { dev = "v0" })
route.del("10.11.0.0/16")
route.add("10.12.0.0/16", { dev = "v0", proto = "bird" })
route.add("fd00:12::/64", { dev = "v0", proto = "bird" })
route.flush({ proto = "bird" })
route.add("10.13.0.0/16", { dev = "v0", table = 300 })
route.flush({ table = 300 })

nexthop.add(1, { via = "10.0.1.2", dev = "v0" })
nexthop.add(2, { dev = "v1", family = "inet6", proto = "static" })
nexthop.add(3, { via = "10.77.0.1", dev = "v1", onlink = true })
nexthop.add(4, { blackhole = true })
nexthop.add(10, { group = "1/3,5" })
nexthop.replace(1, { via = "10.0.1.3", dev = "v0" })
nexthop.del(4)
route.add("10.14.0.0/16", { nhid = 10 })
route.add("fd00:14::/64", { nhid = 2 })

rule.add({ from = "10.0.2.0/24", table = 100, priority = 1000 })
rule.add({ to = "10.0.3.0/24", iif = "v0", priority = 1001, type = "blackhole" })
rule.add({ fwmark = 7, fwmask = 0xff, family = "inet6", table = 200, priority = 1002 })
rule.add({
  oif = "v1",
  ipproto = "tcp",
  dport = 80,
  sport = "1000-2000",
  uidrange = "0-0",
  table = 100,
  priority = 1003,
})
rule.add({ invert = true, from = "fd00::/16", type = "unreachable", priority = 1004 })
rule.add({ goto_priority = 32766, tos = 0x10, priority = 1005 })
rule.add({ table = 100, suppress_prefixlength = 8, priority = 1006, proto = "static" })
rule.add({ type = "prohibit", from = "10.99.0.0/16", priority = 1007 })
rule.add({ from = "10.98.0.0/16", table = 100 })
rule.del({ priority = 1007 })
rule.add({ to = "fd00:7::/64", table = 77, priority = 1008 })
rule.flush({ table = 77 })
