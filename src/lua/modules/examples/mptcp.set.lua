-- needs: mptcp
mptcp.add("10.0.1.1", { id = 7, subflow = true })
mptcp.set(7, { backup = true })
