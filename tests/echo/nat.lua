-- NAT, and rulesets of nft.
local ns1 = namespace.add("ns1")
nat.masquerade({ out = "!br0", source = "192.168.1.0/24" })
nat.masquerade({ out = "eth0", family = "inet6", random = true, comment = "it's for IPv6" })
nat.snat({ source = "10.0.0.0/8", out = "eth*", to = "192.0.2.1-192.0.2.9", persistent = true })
nat.dnat({ proto = "tcp", dest = "192.0.2.1", dport = 3000, to = "192.168.1.10:80" })
nat.dnat({ proto = "tcp", dport = { 80, 443, "8000-8010" }, iif = "eth0", to = "fd00::1" })
nat.dnat({ proto = "udp", dport = "!53", to = "10.0.0.1", host = true })
nat.redirect({ proto = "tcp", dport = "1-1023", to = 8080, insert = true })
nat.redirect({ proto = "icmp" })
local gone = nat.masquerade({ out = "gone" })
nat.del(gone.handle)
ns1.nat.masquerade({ out = "eth0" })
ns1.nat.flush()
ns1.nat.masquerade({ out = "eth1", proto = "tcp", to = "1024-2047" })
nft.load([[
table ip filter {
  chain input {
    type filter hook input priority 0; policy accept;
    tcp dport { 22, 23 } drop comment "it's $HOME"
  }
}
]])
ns1.nft.load("table inet t { set s { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 }; }\n}")
