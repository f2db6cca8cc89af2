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
    "the port is published by a map, and the router doesn't forward",
    lab = "routed",
    ask = { proto = "tcp", port = 8080 },
    begins_broken = true,
    breaks = function(l)
      local six = l.family == "inet6"
      l.r.firewall.add_map("published", {
        type = "inet_service",
        to = six and "ipv6_addr . inet_service" or "ipv4_addr . inet_service",
        elements = { ["8080"] = six and "[fd01::1]:80" or "10.0.1.1:80" },
      })
      l.r.nat.dnat({ proto = "tcp", to = "dport map @published" })
      l.to = six and "fd00::fe" or "10.0.0.254"
      l.server = l.b.tcp.listen(":80")
      check(l.a.why(l.to, { proto = "tcp", port = 8080 }).ok)
      l.r.sysctl.set(six and "net.ipv6.conf.all.forwarding" or "net.ipv4.ip_forward", 0)
    end,
    finds = { cause = "forwarding_off", namespace = "r", way = "forth" },
  },
  {
    "the answer doesn't pass the router that translated the destination",
    lab = "bridged",
    ask = { proto = "tcp", port = 80 },
    begins_broken = true,
    breaks = function(l)
      l.s.sysctl.set("net.ipv4.ip_forward", 1)
      l.s.addr.add("203.0.113.1/32", { dev = "lo" })
      l.s.nat.dnat({ proto = "tcp", dest = "203.0.113.1", dport = 80, to = "10.0.0.2:80" })
      l.a.route.add("default", { via = "10.0.0.254" })
      l.to = "203.0.113.1"
      l.server = l.b.tcp.listen(":80")
    end,
    finds = { cause = "nat_bypassed", namespace = "s", dev = "br0", way = "back" },
    families = { "inet" },
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
