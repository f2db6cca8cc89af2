local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = "10.0.1.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.1.2/24" },
})
ns1.route.add("default", { via = "10.0.1.1" })
check.route(ns1, "8.8.8.8", { via = "10.0.1.1", dev = "eth0", src = "10.0.1.2" })
check.route(ns1, host, { direct = true })
