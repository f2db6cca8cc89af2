local server <close> = tcp.listen(":7777", { banner = "hello\n" })
local c <close> = tcp.connect("[::1]:7777")
check.equal(c:recv({ line = true }), "hello")
print(server:wait({ connections = 1 })[1])
