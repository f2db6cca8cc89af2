-- NAT, and who listens.
local faults = require("lib.faults")

faults.test({
  {
    "NAT is missing",
    lab = "nat",
    breaks = function(l)
      l.r.nat.del(l.nat)
    end,
    finds = { cause = "nat_missing", namespace = "r", dev = "rb" },
  },
  {
    "NAT is for another link",
    lab = "nat",
    breaks = function(l)
      l.r.nat.del(l.nat)
      l.r.nat.masquerade({ out = "ra" })
    end,
    finds = { cause = "nat_mismatch", namespace = "r", dev = "rb" },
  },
  {
    "NAT is for another subnet",
    lab = "nat",
    breaks = function(l)
      l.r.nat.del(l.nat)
      l.r.nat.masquerade({ source = l.family == "inet" and "10.0.7.0/24" or "fd77::/64", out = "rb" })
    end,
    finds = { cause = "nat_mismatch", namespace = "r", dev = "rb" },
  },
  {
    "nobody listens",
    lab = "routed",
    ask = { proto = "tcp", port = 80 },
    begins_broken = true,
    breaks = function() end,
    finds = { cause = "nobody_listens", namespace = "b" },
    no_fix = true,
  },
  {
    "somebody listens on another address only",
    lab = "routed",
    ask = { proto = "tcp", port = 80 },
    begins_broken = true,
    breaks = function(l)
      local loopback = l.family == "inet" and "127.0.0.1:80" or "[::1]:80"
      l.server = l.b.tcp.listen(loopback)
    end,
    finds = { cause = "listens_elsewhere", namespace = "b" },
    no_fix = true,
  },
  {
    "nobody listens on the port of UDP",
    lab = "routed",
    ask = { proto = "udp", port = 53 },
    begins_broken = true,
    breaks = function() end,
    finds = { cause = "nobody_listens", namespace = "b" },
    no_fix = true,
  },
})
