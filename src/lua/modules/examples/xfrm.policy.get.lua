xfrm.policy.add({ dir = "out", dst = "10.0.2.0/24", action = "block" })
local policy = xfrm.policy.get({ dir = "out", dst = "10.0.2.0/24" })
check.equal(policy and policy.action, "block")
check.equal(xfrm.policy.get({ dir = "in", dst = "10.0.2.0/24" }), nil)
