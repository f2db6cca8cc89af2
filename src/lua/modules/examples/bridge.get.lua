bridge.add("br0")
check.equal(bridge.get("br0").stp, false)
check.equal(bridge.get("br0").ageing, 300)
