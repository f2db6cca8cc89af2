firewall.add_set("web", { type = "inet_service", elements = { 80, 443, "8000-8010" } })
print(firewall.sets())
