-- needs: mpls
sysctl.set("net.mpls.platform_labels", 1000)
mpls.add(100, { dev = "lo", proto = "static" })
mpls.add(200, { dev = "lo" })
check.equal(mpls.flush({ proto = "static" }), 1)
