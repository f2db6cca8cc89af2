firewall.add_map("hosts", { type = "ipv4_addr", to = "verdict" })
firewall.del_map("hosts")
