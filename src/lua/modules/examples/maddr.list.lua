link.add("veth1", { kind = "veth", up = true, peer = { name = "veth2", up = true } })
local server <close> = udp.listen("0.0.0.0:5000", { join = "239.1.1.1", link = "veth1" })
print(maddr.list({ dev = "veth1", family = "inet" }))
