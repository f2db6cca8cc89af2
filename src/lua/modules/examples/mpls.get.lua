-- needs: mpls
sysctl.set("net.mpls.platform_labels", 1000)
mpls.add(100, { dev = "lo" })
print(mpls.get(100))
check.equal(mpls.get(200), nil)
