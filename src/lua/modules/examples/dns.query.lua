local ns1 = namespace.add("ns1")
link.add("veth1", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
local server <close> = ns1.dns.serve({ domain = "lab" })
print(dns.query("host.lab", { server = ns1 }))
print(dns.query("10.0.0.2", { server = ns1 }).answers[1].data)
