link.add("veth0", { kind = "veth", up = true })
tc.qdisc.add("veth0", { tbf = { rate = "10mbit" } })
check.equal(tc.qdisc.get("veth0").tbf.rate, 10000000)
