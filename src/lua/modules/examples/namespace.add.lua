local ns1 = namespace.add("ns1", { up = true })
assert(ns1.link.get("lo").up)
local ns2 = namespace.add("ns2", { ipv6 = false })
assert(ns2.sysctl.get("net.ipv6.conf.default.disable_ipv6") == "1")
