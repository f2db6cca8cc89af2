xfrm.policy.add({ dir = "out", dst = "10.0.2.0/24", action = "block" })
print(xfrm.policy.list({ dir = "out" }))
