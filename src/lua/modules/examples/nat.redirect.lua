nat.redirect({ proto = "tcp", dport = 80, to = 8080 })
