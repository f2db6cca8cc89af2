firewall.add_set("blocked", { type = "ipv4_addr", elements = { "192.0.2.1", "192.0.2.7" } })
firewall.del_elements("blocked", "192.0.2.7")
