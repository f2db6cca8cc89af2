link.set("lo", { mtu = 9000 })
check.equal(link.get("lo").mtu, 9000)
