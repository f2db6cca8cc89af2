check.no_route(host, "8.8.8.8")
route.add("10.9.0.0/16", { type = "unreachable" })
check.no_route(host, "10.9.1.1")
