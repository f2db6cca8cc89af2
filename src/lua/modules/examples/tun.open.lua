-- needs: tun
local tap <close> = tun.open("tun0", { mode = "tun" })
link.set("tun0", { up = true })
addr.add("10.0.0.1/24", { dev = "tun0" })
udp.send("10.0.0.2:9", "hello")
local packet
repeat
  packet = tap:read()
until packet:byte(1) >> 4 == 4
check.equal(packet:sub(-5), "hello")
