nexthop.add(1, { blackhole = true, proto = "static" })
nexthop.add(2, { blackhole = true })
check.equal(nexthop.flush({ proto = "static" }), 1)
