-- The lab of the tutorial's last part: two hosts on a bridge, an uplink to the internet, forwarding, NAT.
link.add("br0", { kind = "bridge", up = true, addr = "192.168.1.1/24" })
for i = 0, 1 do
  local ns = namespace.add("nms" .. i + 1)
  ns.link.set("lo", { up = true })
  link.add("veth" .. i, {
    kind = "veth",
    master = "br0",
    up = true,
    peer = { name = "ceth" .. i, ns = ns, up = true, addr = "192.168.1." .. 10 + i .. "/24" },
  })
  ns.route.add("default", { via = "192.168.1.1" })
end
local internet = namespace.add("internet")
internet.link.set("lo", { up = true })
internet.addr.add("8.8.8.8/32", { dev = "lo" })
link.add("eth0", {
  kind = "veth",
  up = true,
  addr = "192.168.184.131/24",
  peer = { name = "eth0", ns = internet, up = true, addr = "192.168.184.2/24" },
})
route.add("default", { via = "192.168.184.2" })
sysctl.set("net.ipv4.ip_forward", 1)
nat.masquerade({ source = "192.168.1.0/24", out = "!br0" })
nat.dnat({ dest = "192.168.184.131", proto = "tcp", dport = 3000, to = "192.168.1.10:3000" })
