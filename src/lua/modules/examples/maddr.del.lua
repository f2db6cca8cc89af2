link.add("veth1", { kind = "veth", up = true, peer = { name = "veth2", up = true } })
maddr.add("01:00:5e:01:01:01", { dev = "veth1" })
maddr.del("01:00:5e:01:01:01", { dev = "veth1" })
