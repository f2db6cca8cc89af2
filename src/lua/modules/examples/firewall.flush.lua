firewall.add({ chain = "input", source = "192.0.2.1", action = "drop" })
firewall.flush({ chain = "input" })
firewall.flush()
