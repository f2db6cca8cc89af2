-- The other way round on the other end, with `in` and `out` exchanged.
local tunnel = { src = "192.0.2.1", dst = "192.0.2.2", proto = "esp", mode = "tunnel" }
xfrm.policy.add({ dir = "out", src = "10.0.1.0/24", dst = "10.0.2.0/24", tmpl = tunnel })
local back = { src = "192.0.2.2", dst = "192.0.2.1", proto = "esp", mode = "tunnel" }
xfrm.policy.add({ dir = "in", src = "10.0.2.0/24", dst = "10.0.1.0/24", tmpl = back })
xfrm.policy.add({ dir = "fwd", src = "10.0.2.0/24", dst = "10.0.1.0/24", tmpl = back })
