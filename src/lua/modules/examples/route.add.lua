local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = "10.0.1.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.1.2/24" },
})
ns1.route.add("default", { via = "10.0.1.1" })
ns1.route.add("10.9.0.0/16", { type = "blackhole" })
print(ns1.route.list())
