link.add("br0", { kind = "bridge" })
link.del("br0")
assert(link.get("br0") == nil)
