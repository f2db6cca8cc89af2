addr.replace("10.0.1.1/24", { dev = "lo" })
addr.replace("10.0.1.1/24", { dev = "lo", valid_lft = 60, preferred_lft = 30 })
assert(addr.list({ family = "inet", scope = "global" })[1].valid_lft <= 60)
