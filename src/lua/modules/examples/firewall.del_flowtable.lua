-- needs: flowtable
link.add("lan", { kind = "veth", up = true })
firewall.add_flowtable("fast", { devices = { "lan" } })
firewall.del_flowtable("fast")
