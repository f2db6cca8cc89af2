check.subset(link.get("lo"), { up = true, mtu = 65536 })
check.subset(addr.list(), { { address = "::1/128" } }, { unordered = true })
