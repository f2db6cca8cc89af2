local ns1 = namespace.add("ns1", { up = true })
local web <close> = ns1.http.serve("127.0.0.1:8080", { ["/"] = "hello" })
ns1.wait.port(8080)
ns1.wait.port("127.0.0.1:8080")
