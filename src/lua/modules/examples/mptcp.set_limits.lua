-- needs: mptcp
mptcp.set_limits({ subflows = 4, add_addr_accepted = 2 })
print(mptcp.limits())
