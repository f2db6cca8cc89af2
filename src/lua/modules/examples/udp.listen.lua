local server <close> = udp.listen(":5353", { reply = "pong" })
check.equal(udp.request("[::1]:5353", "ping").data, "pong")
check.equal(server:datagrams()[1].data, "ping")
