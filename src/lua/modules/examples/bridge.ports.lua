bridge.add("br0")
check.equal(#bridge.ports("br0"), 0)
