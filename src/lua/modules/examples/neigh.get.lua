check.equal(neigh.get("10.0.0.9", { dev = "lo" }), nil)
