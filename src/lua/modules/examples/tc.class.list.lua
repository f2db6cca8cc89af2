link.add("veth0", { kind = "veth", up = true })
tc.qdisc.add("veth0", { handle = "1:", kind = "htb" })
tc.class.add("veth0", "1:10", { htb = { rate = "6mbit" } })
check.equal(tc.class.list({ dev = "veth0" })[1].htb.rate, 6000000)
