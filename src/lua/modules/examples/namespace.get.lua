namespace.add("ns1")
assert(namespace.get("ns1"))
assert(namespace.get("ns2") == nil)
