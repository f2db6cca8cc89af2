nexthop.add(1, { blackhole = true })
nexthop.del(1)
