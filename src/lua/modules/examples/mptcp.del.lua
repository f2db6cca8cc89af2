-- needs: mptcp
mptcp.add("10.0.1.1", { id = 7, signal = true })
mptcp.del(7)
