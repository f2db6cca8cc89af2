-- needs: mptcp
mptcp.add("10.0.1.1", { id = 7, signal = true })
check.equal(mptcp.get(7).address, "10.0.1.1")
