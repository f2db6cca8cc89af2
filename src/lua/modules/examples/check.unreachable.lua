local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = "10.0.1.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.1.2/24" },
})
check.reachable(ns1, "10.0.1.1")
check.reachable(host, ns1, { message = "the cable works" })
check.unreachable(ns1, "8.8.8.8")
