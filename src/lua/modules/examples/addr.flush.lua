addr.add("10.0.1.1/24", { dev = "lo" })
check.equal(addr.flush({ dev = "lo", scope = "global" }), 1)
