-- Endpoints and limits of MPTCP.
link.add("v0", { kind = "veth", up = true, addr = "10.0.1.1/24", peer = { up = true } })
mptcp.add("10.0.1.1", { dev = "v0", subflow = true })
mptcp.add("10.0.1.1", { id = 9, signal = true, port = 5000 })
mptcp.add("10.0.1.2", { id = 3, subflow = true, fullmesh = true })
mptcp.set(3, { backup = true, fullmesh = false })
mptcp.add("10.0.1.3", { id = 4, signal = true })
mptcp.del(4)
mptcp.set_limits({ subflows = 3, add_addr_accepted = 1 })
