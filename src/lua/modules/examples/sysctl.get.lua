check.equal(sysctl.get("net.ipv4.ip_forward"), "0")
