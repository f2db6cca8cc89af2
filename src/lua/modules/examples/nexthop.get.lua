nexthop.add(1, { blackhole = true })
print(nexthop.get(1))
check.equal(nexthop.get(2), nil)
