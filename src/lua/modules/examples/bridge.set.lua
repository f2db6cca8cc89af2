bridge.add("br0")
bridge.set("br0", { stp = true, forward_delay = 4, ageing = 30 })
check.equal(bridge.get("br0").forward_delay, 4)
