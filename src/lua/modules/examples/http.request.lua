local server <close> = http.serve("127.0.0.1:0", { ["/new"] = { status = 201, body = "made" } })
local made = http.request(server:address() .. "/new", { body = "a=1" })
check.equal(made.status, 201)
check.equal(server:requests()[1].body, "a=1")
