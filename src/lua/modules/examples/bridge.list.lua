bridge.add("br0")
check.equal(bridge.list(), { "br0" })
