bridge.add("br0", { up = true })
mdb.add("239.1.1.1", { dev = "br0", state = "permanent" })
check.equal(mdb.get("239.1.1.1").state, "permanent")
