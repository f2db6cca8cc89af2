-- Policies of IPsec.
local tunnel = { src = "192.0.2.1", dst = "192.0.2.2", proto = "esp", mode = "tunnel", reqid = 7 }
xfrm.policy.add({ dir = "out", src = "10.0.1.0/24", dst = "10.0.2.0/24", tmpl = tunnel })
xfrm.policy.add({
  dir = "in",
  src = "10.0.2.0/24",
  priority = 10,
  tmpl = { tunnel, { proto = "ah", level = "use" } },
})
xfrm.policy.add({ dir = "out", proto = "tcp", dport = 80, action = "block", byte_hard = 1000, time_soft = 60 })
xfrm.policy.add({ dir = "out", proto = "icmp", type = 8, code = 0, icmp = true, localok = true })
xfrm.policy.add({ dir = "out", proto = "gre", key = 0x10002 })
xfrm.policy.add({ dir = "in", family = "inet6", mark = 5, mask = 0xff, if_id = 9 })
xfrm.policy.add({ dir = "out", dst = "10.8.0.0/16", index = 81 })
xfrm.policy.replace({ dir = "out", dst = "10.8.0.0/16", priority = 4 })
xfrm.policy.add({ dir = "fwd", dst = "fd00::/64", dev = "lo" })
xfrm.policy.add({ dir = "fwd", dst = "10.9.0.0/16" })
xfrm.policy.del({ dir = "fwd", dst = "10.9.0.0/16" })
xfrm.policy.add({ dir = "fwd", dst = "10.10.0.0/16", index = 90 })
xfrm.policy.del({ dir = "fwd", index = 90 })
xfrm.policy.add({ dir = "fwd", src = "10.11.0.0/16" })
xfrm.policy.flush({ src = "10.11.0.0/16" })
