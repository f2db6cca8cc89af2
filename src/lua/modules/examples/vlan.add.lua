-- needs: vlan_filtering
bridge.add("br0", { up = true, vlan_filtering = true })
link.add("p1", { kind = "veth", master = "br0", up = true, peer = { name = "p2", up = true } })
-- An access port of VLAN 10, which also carries 20 to 29 with tags; the bridge itself has an address in VLAN 10.
vlan.add(10, { dev = "p1", pvid = true, untagged = true })
vlan.add("20-29", { dev = "p1" })
vlan.add(10, { dev = "br0" })
print(vlan.list({ dev = "br0" }))
