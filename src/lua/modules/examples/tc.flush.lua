link.add("veth0", { kind = "veth" })
tc.qdisc.add("veth0", { tbf = { rate = "10mbit" } })
check.equal(tc.flush("veth0"), 1)
