nat.masquerade({ out = "eth0" })
nat.flush()
assert(#nat.list() == 0)
