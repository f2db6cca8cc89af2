local rule = nat.masquerade({ out = "eth0" })
nat.del(rule)
assert(#nat.list() == 0)
