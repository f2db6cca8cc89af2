local rule = firewall.add({ chain = "output", dest = "203.0.113.0/24", action = "reject" })
firewall.del(rule)
