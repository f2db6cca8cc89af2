firewall.add_map("hosts", { type = "ipv4_addr", to = "verdict", elements = { ["10.0.0.1"] = "drop" } })
print(firewall.maps())
