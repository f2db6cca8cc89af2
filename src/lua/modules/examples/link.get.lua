local lo = link.get("lo")
print(lo.operstate, lo.mtu)
assert(lo.up)
