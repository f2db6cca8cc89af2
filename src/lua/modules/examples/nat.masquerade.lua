local rule = nat.masquerade({ source = "192.168.1.0/24", out = "!br0" })
print(rule)
