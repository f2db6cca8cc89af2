xfrm.policy.add({ dir = "out", dst = "10.0.2.0/24", action = "block" })
xfrm.policy.replace({ dir = "out", dst = "10.0.2.0/24", action = "allow", priority = 10 })
check.equal(xfrm.policy.list()[1].priority, 10)
