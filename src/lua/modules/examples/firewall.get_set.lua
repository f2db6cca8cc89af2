firewall.add_set("web", { type = "inet_service", elements = { 80, "8000-8010" } })
check.equal(firewall.get_set("web").elements, { 80, "8000-8010" })
