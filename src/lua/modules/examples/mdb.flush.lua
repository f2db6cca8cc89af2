bridge.add("br0", { up = true })
mdb.add("239.1.1.1", { dev = "br0", state = "permanent" })
check.equal(mdb.flush({ dev = "br0", state = "permanent" }), 1)
