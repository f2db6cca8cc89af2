-- needs: mptcp
print(mptcp.limits().subflows)
