local rule = firewall.add({ chain = "input", proto = "udp", dport = 53, action = "drop" })
udp.send("127.0.0.1:53", "query")
check.equal(firewall.get(rule).packets, 1)
