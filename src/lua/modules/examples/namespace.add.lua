local ns1 = namespace.add("ns1", { up = true })
assert(ns1.link.get("lo").up)
