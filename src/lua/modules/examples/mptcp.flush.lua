-- needs: mptcp
mptcp.add("10.0.1.1", { signal = true })
mptcp.add("fd00::1", { subflow = true })
mptcp.flush()
