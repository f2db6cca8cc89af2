local ns1 = namespace.add("ns1")
link.add("veth1", { kind = "veth", up = true, peer = { name = "eth0", ns = ns1, up = true } })
bridge.add("br0", { up = true, addr = "192.168.1.1/24", ports = { "veth1" }, ageing = 60 })
print(bridge.ports("br0"))
