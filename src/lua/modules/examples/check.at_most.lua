check.at_most(link.get("lo").mtu, 65536)
