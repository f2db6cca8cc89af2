local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = "10.0.1.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.1.2/24" },
})
-- What ns1 answers is sent nowhere.
ns1.route.add("10.0.1.1", { type = "blackhole" })
check.arrives(host, ns1)
check.unreachable(host, ns1)
