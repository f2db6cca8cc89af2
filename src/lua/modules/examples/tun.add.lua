-- needs: tun
tun.add("tap0", { mode = "tap" })
check.equal(assert(link.get("tap0")).tun.mode, "tap")
