firewall.add_map("hosts", { type = "ipv4_addr", to = "verdict", elements = { ["10.0.0.1"] = "drop" } })
check.equal(firewall.get_map("hosts").elements["10.0.0.1"], "drop")
