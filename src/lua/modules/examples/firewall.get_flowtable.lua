-- needs: flowtable
link.add("lan", { kind = "veth", up = true })
firewall.add_flowtable("fast", { devices = { "lan" } })
check.equal(firewall.get_flowtable("fast").devices, { "lan" })
