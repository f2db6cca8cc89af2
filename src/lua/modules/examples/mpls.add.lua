-- needs: mpls
-- Packets with the label 100 go on to 10.0.0.2, with 200 in its place.
link.add("veth0", { kind = "veth", up = true, addr = "10.0.0.1/24", peer = { name = "veth1", up = true } })
sysctl.set("net.mpls.platform_labels", 1000)
sysctl.set("net.mpls.conf.veth0.input", 1)
mpls.add(100, { as = "200", via = "10.0.0.2" })
-- The last router takes the label away.
mpls.add(300, { via = "10.0.0.2" })
print(mpls.list())
