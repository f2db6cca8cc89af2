route.add("10.9.0.0/16", { type = "blackhole" })
route.replace("10.9.0.0/16", { type = "unreachable" })
check.equal(route.list({ dst = "10.9.0.0/16" })[1].type, "unreachable")
