firewall.add_set("blocked", { type = "ipv4_addr", timeout = 60, elements = { "192.0.2.0/24" } })
firewall.add({ chain = "input", source = "@blocked", action = "drop" })
