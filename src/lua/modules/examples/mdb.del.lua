bridge.add("br0", { up = true })
mdb.add("239.1.1.1", { dev = "br0" })
mdb.del("239.1.1.1", { dev = "br0" })
