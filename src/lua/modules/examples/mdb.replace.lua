bridge.add("br0", { up = true })
mdb.replace("ff05::1:3", { dev = "br0" })
