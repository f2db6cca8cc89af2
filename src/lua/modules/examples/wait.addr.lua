link.add("veth0", { kind = "veth", up = true, peer = { name = "veth1", up = true } })
addr.add("fd00::1/64", { dev = "veth0", dad = true })
print("usable after " .. wait.addr("fd00::1") .. " s")
