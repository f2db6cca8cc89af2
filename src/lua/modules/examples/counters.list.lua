print(counters.list())
print(counters.list().IpInDelivers)
