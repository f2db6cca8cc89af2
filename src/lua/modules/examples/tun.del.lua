-- needs: tun
tun.add("tap0", { mode = "tap" })
tun.del("tap0")
