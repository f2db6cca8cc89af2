local ns1 = namespace.add("ns1")
bridge.add("br0", { up = true })
link.add("veth1", { kind = "veth", master = "br0", up = true, peer = { name = "eth0", ns = ns1, up = true } })
local mac = "02:00:00:00:00:09"
fdb.add(mac, { dev = "veth1", type = "dynamic" })
fdb.flush("br0")
check.equal(fdb.list({ dev = "br0", mac = mac }), {})
