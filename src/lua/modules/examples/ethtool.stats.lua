link.add("veth1", { kind = "veth", peer = { name = "veth2" } })
print(ethtool.stats("veth1").peer_ifindex)
