local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
link.shape("veth0", { rate = "10mbit" })
local tcp = perf("ns1", { time = 0.5, omit = 0.3 })
print(tcp)
check.near(tcp.rate, 9.56e6, 2e6)
local udp = perf("ns1", { proto = "udp", rate = "2mbit", time = 0.3, reverse = true })
check.equal({ udp.from, udp.to, udp.lost }, { "ns1", "host", 0 })
