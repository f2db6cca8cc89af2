firewall.add_set("web", { type = "inet_service" })
firewall.del_set("web")
