local ns1 = namespace.add("ns1")
ns1.sysctl.set("net.ipv4.ip_forward", 1)
ns1.sysctl.set("net.ipv6.conf.all.forwarding", true)
check.equal(sysctl.get("net.ipv4.ip_forward"), "0")
