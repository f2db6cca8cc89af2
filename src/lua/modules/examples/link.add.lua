local ns1 = namespace.add("ns1")
link.add("br0", { kind = "bridge", up = true, addr = "192.168.1.1/24" })
link.add("veth1", {
  kind = "veth",
  master = "br0",
  up = true,
  peer = { name = "eth0", ns = ns1, up = true, addr = "192.168.1.11/24" },
})
print(link.list())
print(ns1.link.list())
