local rule = nat.masquerade({ out = "eth0" })
assert(nat.get(rule).packets == 0)
