bridge.add("br0")
link.add("veth1", { kind = "veth", master = "br0" })
bridge.set_port("veth1", { cost = 10, isolated = true })
check.equal(bridge.ports("br0")[1].cost, 10)
