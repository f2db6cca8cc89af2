link.add("veth1", { kind = "veth", peer = { name = "veth2" } })
-- Packets leave as they will be on a real cable: no larger than the MTU, with their checksums.
ethtool.set("veth1", { features = { tso = false, gso = false, tx = false } })
check.equal(ethtool.get("veth1").features["tx-checksum-ip-generic"], false)
