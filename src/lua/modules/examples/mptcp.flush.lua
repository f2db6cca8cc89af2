-- needs: mptcp
mptcp.add({ { address = "10.0.1.1", signal = true }, { address = "fd00::1", subflow = true } })
mptcp.flush()
