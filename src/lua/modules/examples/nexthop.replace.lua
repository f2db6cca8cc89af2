nexthop.add(1, { blackhole = true })
route.add("10.9.0.0/16", { nhid = 1 })
link.add("veth0", { kind = "veth", up = true, addr = "10.0.0.1/24", peer = { name = "veth1", up = true } })
nexthop.replace(1, { via = "10.0.0.2", dev = "veth0" })
