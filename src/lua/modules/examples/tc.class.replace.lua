link.add("veth0", { kind = "veth", up = true })
tc.qdisc.add("veth0", { handle = "1:", kind = "htb" })
tc.class.replace("veth0", "1:10", { htb = { rate = "6mbit" } })
tc.class.replace("veth0", "1:10", { htb = { rate = "8mbit" } })
