nexthop.add(1, { blackhole = true })
print(nexthop.list())
