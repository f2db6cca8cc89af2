link.add("veth1", { kind = "veth", peer = { name = "veth2" } })
local settings = ethtool.get("veth1")
print(settings.speed, settings.duplex, settings.features.tso)
