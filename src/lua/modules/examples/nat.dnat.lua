nat.dnat({ proto = "tcp", dest = "192.168.184.131", dport = 3000, to = "192.168.1.10:3000" })
nat.dnat({ proto = "tcp", dport = { 80, 443 }, to = "fd00::1", host = true })
