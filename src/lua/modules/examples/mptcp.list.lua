-- needs: mptcp
mptcp.add("10.0.1.1", { signal = true })
print(mptcp.list({ signal = true }))
