firewall.add_chain("web")
firewall.add({ chain = "web", proto = "tcp", dport = { 80, 443 }, action = "accept" })
firewall.add({ chain = "input", iif = "eth0", action = "jump web" })
