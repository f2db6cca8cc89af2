-- needs: vlan_filtering
bridge.add("br0", { up = true, vlan_filtering = true })
link.add("p1", { kind = "veth", master = "br0", up = true, peer = { name = "p2", up = true } })
vlan.set(1, { dev = "p1", state = "blocking" })
check.equal(vlan.list({ dev = "p1" })[1].state, "blocking")
