addr.add("10.0.1.1/24", { dev = "lo" })
addr.del("10.0.1.1/24", { dev = "lo" })
