-- needs: mpls
sysctl.set("net.mpls.platform_labels", 1000)
mpls.add(100, { dev = "lo" })
mpls.del(100)
