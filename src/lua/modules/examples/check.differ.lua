check.differ(link.get("lo").mtu, 1500)
