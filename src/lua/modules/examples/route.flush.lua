route.add("10.9.0.0/16", { type = "blackhole" })
check.equal(route.flush({ type = "blackhole" }), 1)
