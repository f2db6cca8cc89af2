link.add("veth0", { kind = "veth", up = true })
neigh.add("10.0.0.9", { dev = "veth0", lladdr = "02:00:00:00:00:09" })
neigh.add("fd00::9", { dev = "veth0", lladdr = "02:00:00:00:00:09", router = true })
print(neigh.list())
