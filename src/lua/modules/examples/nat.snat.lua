nat.snat({ source = "fd00::/64", out = "eth0", to = "2001:db8::1" })
