local server <close> = udp.listen("127.0.0.1:0")
udp.send(server:address(), "hello")
print(server:wait()[1])
