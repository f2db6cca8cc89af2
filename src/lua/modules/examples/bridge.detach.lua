bridge.add("br0")
link.add("veth1", { kind = "veth", master = "br0" })
bridge.detach("veth1")
check.equal(link.get("veth1").master, nil)
