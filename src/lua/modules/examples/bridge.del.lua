bridge.add("br0")
bridge.del("br0")
