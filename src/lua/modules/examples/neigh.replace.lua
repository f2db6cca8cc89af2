link.add("veth0", { kind = "veth", up = true })
neigh.replace("10.0.0.9", { dev = "veth0", lladdr = "02:00:00:00:00:09" })
neigh.replace("10.0.0.9", { dev = "veth0", lladdr = "02:00:00:00:00:0a" })
check.equal(neigh.get("10.0.0.9", { dev = "veth0" }).lladdr, "02:00:00:00:00:0a")
