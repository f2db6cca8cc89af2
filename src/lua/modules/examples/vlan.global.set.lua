-- needs: vlan_filtering
bridge.add("br0", { up = true, vlan_filtering = true, mcast_vlan_snooping = true })
vlan.add(10, { dev = "br0" })
vlan.global.set(10, { dev = "br0", mcast_querier = true, mcast_igmp_version = 3 })
check.equal(vlan.global.list({ dev = "br0", vid = 10 })[1].mcast_querier, true)
