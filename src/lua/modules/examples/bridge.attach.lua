bridge.add("br0")
link.add("veth1", { kind = "veth" })
bridge.attach("br0", "veth1")
check.equal(link.get("veth1").master, "br0")
