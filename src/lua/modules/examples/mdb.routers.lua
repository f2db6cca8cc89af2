bridge.add("br0", { up = true })
link.add("p1", { kind = "veth", master = "br0", up = true, peer = { name = "h1", up = true } })
bridge.set_port("p1", { mcast_router = "permanent" })
print(mdb.routers({ dev = "br0" }))
