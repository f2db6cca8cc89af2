firewall.add_set("blocked", { type = "ipv4_addr", timeout = 0 })
firewall.add_elements("blocked", "192.0.2.1")
firewall.add_elements("blocked", { "198.51.100.0/24", "203.0.113.7" }, { timeout = 30 })
