-- needs: vlan_filtering
bridge.add("br0", { up = true, vlan_filtering = true })
link.add("p1", { kind = "veth", master = "br0", up = true, peer = { name = "p2", up = true } })
vlan.del(1, { dev = "p1" })
check.equal(#vlan.list({ dev = "p1" }), 0)
