check.equal(addr.list({ dev = "lo", family = "inet" })[1].address, "127.0.0.1/8")
