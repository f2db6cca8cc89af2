-- needs: mpls
sysctl.set("net.mpls.platform_labels", 1000)
mpls.add(100, { dev = "lo" })
link.add("veth0", { kind = "veth", up = true, addr = "10.0.0.1/24", peer = { name = "veth1", up = true } })
mpls.replace(100, { as = "200/300", via = "10.0.0.2" })
