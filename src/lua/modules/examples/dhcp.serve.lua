local ns1 = namespace.add("ns1")
link.add("veth1", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true },
})
local server <close> =
  dhcp.serve("veth1", { range = { "10.0.0.100", "10.0.0.200" }, router = "10.0.0.1", lease = 600 })
print(ns1.dhcp.request("eth0"))
print(server:leases())
