local web <close> = tcp.listen("127.0.0.1:80")
print(socket.list({ listening = true }))
check.equal(#socket.list({ proto = "tcp", state = "listening", port = 80 }), 1)
