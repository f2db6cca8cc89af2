route.add("10.9.0.0/16", { type = "blackhole" })
route.del("10.9.0.0/16")
check.equal(#route.list({ dst = "10.9.0.0/16" }), 0)
