xfrm.policy.add({ dir = "out", dst = "10.0.2.0/24", action = "block" })
xfrm.policy.add({ dir = "in", src = "10.0.2.0/24", action = "block" })
check.equal(xfrm.policy.flush({ dir = "in" }), 1)
