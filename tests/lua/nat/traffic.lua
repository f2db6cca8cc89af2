-- What NAT does to traffic, IPv4 and IPv6 alike: a host behind the router, and one outside that has no route back.

local inside, outside = namespace.add("inside", { up = true }), namespace.add("outside", { up = true })
sysctl.set("net.ipv4.ip_forward", 1)
sysctl.set("net.ipv6.conf.all.forwarding", 1)
link.add("lan0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = inside, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})
link.add("wan0", {
  kind = "veth",
  up = true,
  addr = { "198.51.100.1/24", "2001:db8::1/64" },
  peer = { name = "eth0", ns = outside, up = true, addr = { "198.51.100.2/24", "2001:db8::2/64" } },
})
inside.route.add("default", { via = "10.0.0.1" })
inside.route.add("default", { via = "fd00::1" })

local families = {
  {
    inside = "10.0.0.2",
    net = "10.0.0.0/24",
    outside = "198.51.100.2",
    wan = "198.51.100.1",
    second = "198.51.100.8/24",
  },
  {
    inside = "fd00::2",
    net = "fd00::/64",
    outside = "2001:db8::2",
    wan = "2001:db8::1",
    second = "2001:db8::8/64",
  },
}

local function at(ip, port)
  return (ip:find(":") and "[%s]:%d" or "%s:%d"):format(ip, port)
end

-- Who a server outside sees when `from` connects to it.
local function seen_as(from, ip)
  local server <close> = outside.tcp.listen(at(ip, 7000))
  local c <close> = from.tcp.connect(at(ip, 7000))
  c:send("x")
  check.equal(c:recv({ bytes = 1 }), "x")
  local client = server:wait({ connections = 1 })[1]
  return client.peer_ip, client.peer
end

for _, f in ipairs(families) do
  check.error(function()
    inside.tcp.connect(at(f.outside, 7000), { timeout = 0.2 })
  end, "timeout")

  -- masquerade: the address of the outgoing interface.
  local rule = nat.masquerade({ source = f.net, out = "!lan0" })
  check.equal(inside.ping(f.outside).received, 1)
  check.equal(seen_as(inside, f.outside), f.wan)
  check(nat.get(rule).packets >= 2)
  local tracked = conntrack.list({ proto = "tcp", source = f.inside, dport = 7000, snat = true })
  check.equal(#tracked, 1)
  check.equal(tracked[1].orig.source, f.inside)
  check.equal(tracked[1].reply.dest, f.wan)
  nat.del(rule)

  -- snat: the address that is named, and ports.
  addr.add(f.second, { dev = "wan0" })
  local second = f.second:match("[^/]+")
  rule = nat.snat({ source = f.net, proto = "tcp", out = "wan*", to = at(second, 4000) .. "-4010" })
  local ip, peer = seen_as(inside, f.outside)
  check.equal(ip, second)
  local port = tonumber(peer:match("%d+$"))
  check(port >= 4000 and port <= 4010, peer)
  nat.del(rule)

  -- dnat: a server inside, reached by the router's address, from outside and with host from the router itself.
  local _server <close> = inside.tcp.listen(at(f.inside, 80), { banner = "inside\n" })
  check.error(function()
    outside.tcp.connect(at(f.wan, 8080))
  end, "connection_refused")
  rule = nat.dnat({
    proto = "tcp",
    iif = "wan0",
    dest = f.wan,
    dport = { 8080, "8090-8099" },
    to = at(f.inside, 80),
  })
  -- It answers by the router, and so the outside needs no route to it.
  for _, wanted in ipairs({ 8080, 8090, 8099 }) do
    local c <close> = outside.tcp.connect(at(f.wan, wanted))
    check.equal(c:recv({ line = true }), "inside")
  end
  check.error(function()
    outside.tcp.connect(at(f.wan, 8089))
  end, "connection_refused")
  check.equal(nat.get(rule).packets, 3)
  check.error(function()
    tcp.connect(at(f.wan, 8080))
  end, "connection_refused")
  nat.del(rule)
  rule = nat.dnat({ proto = "tcp", dest = f.wan, dport = 8080, to = at(f.inside, 80), host = true })
  for _, from in ipairs({ outside, host }) do
    local c <close> = from.tcp.connect(at(f.wan, 8080))
    check.equal(c:recv({ line = true }), "inside")
  end
  check.equal(nat.get(rule).packets, 2)
  nat.del(rule)

  -- redirect: whatever the inside asks for ends here.
  local _here <close> = tcp.listen(":3128", { banner = "here\n" })
  rule = nat.redirect({ proto = "tcp", iif = "lan0", source = f.inside, dport = 80, to = 3128 })
  local c <close> = inside.tcp.connect(at(f.outside, 80))
  check.equal(c:recv({ line = true }), "here")
  check.equal(nat.get(rule).packets, 1)
  nat.del(rule)
end
check.equal(#nat.list(), 0)

-- A rule for IPv4 alone leaves IPv6 alone.
nat.masquerade({ family = "inet", out = "wan0" })
check.equal(inside.ping("198.51.100.2").received, 1)
check.equal(inside.ping("2001:db8::2", { timeout = 0.2 }).received, 0)
