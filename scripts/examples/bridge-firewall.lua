-- A firewall that is no router: a bridge between a server and its network, which nobody has to know of. It has no address; it
-- lets web requests and ping through, and nothing else.
local firewall, outside, server = namespace.add("firewall"), namespace.add("outside"), namespace.add("server")
firewall.bridge.add("br0", { up = true })
for name, host in pairs({ outside = outside, inside = server }) do
  local address = name == "inside" and { "10.0.0.80/24", "fd00::80/64" } or { "10.0.0.1/24", "fd00::1/64" }
  local peer = { name = "eth0", ns = host, up = true, addr = address }
  firewall.link.add(name, { kind = "veth", master = "br0", up = true, peer = peer })
end
local web <close> = server.http.serve(":80", { ["/"] = "hello" })
local ssh <close> = server.tcp.listen(":22")
outside.tcp.connect("10.0.0.80:22"):close()

-- Rules of the family `bridge` see frames that are forwarded. IPv6 needs neighbour discovery as IPv4 needs ARP.
firewall.nft.load([[
table bridge filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ether type arp accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    icmp type { echo-request, echo-reply } accept
    icmpv6 type { echo-request, echo-reply } accept
    iifname "outside" tcp dport 80 counter accept
    iifname "inside" tcp sport 80 tcp flags & (syn | ack) != syn accept
    counter comment "refused"
  }
}
]])
for _, address in ipairs({ "10.0.0.80", "fd00::80" }) do
  check.reachable(outside, address)
  local host = address:find(":") and "[" .. address .. "]" or address
  check.equal(outside.http.get("http://" .. host .. "/").body, "hello")
  -- Silence: the packet is gone, and nobody says so.
  check.error(function()
    outside.tcp.connect(host .. ":22", { timeout = 0.5 })
  end, "timeout")
end
-- From inside no connection begins, not from the server's own port either.
check.error(function()
  server.tcp.connect("10.0.0.1:22", { timeout = 0.5, source_port = 8080 })
end, "timeout")
print(firewall.nft.list())

-- Nobody notices the bridge: one hop, and the server's own hardware address.
check.equal(outside.neigh.get("10.0.0.80", { dev = "eth0" }).lladdr, server.link.get("eth0").mac)
