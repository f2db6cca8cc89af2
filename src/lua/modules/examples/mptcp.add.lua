-- needs: mptcp
link.add("eth1", { kind = "veth", up = true, addr = "10.0.1.1/24", peer = { up = true } })
mptcp.add("10.0.1.1", { dev = "eth1", subflow = true })
print(mptcp.list()[1])
