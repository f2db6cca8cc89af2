-- What tools/testing/selftests/netfilter/nft_nat.sh of the kernel is for: each kind of NAT, both families, for the host's own
-- connections and those of others, without a trace when its rules are gone; and a port that a client can't take over.
local router = namespace.add("router", { up = true })
local one, two = namespace.add("one"), namespace.add("two")
for i, ns in ipairs({ one, two }) do
  router.link.add("v" .. i, {
    kind = "veth",
    up = true,
    addr = { ("10.0.%d.1/24"):format(i), ("fd00:%d::1/64"):format(i) },
    peer = {
      name = "eth0",
      ns = ns,
      up = true,
      addr = { ("10.0.%d.99/24"):format(i), ("fd00:%d::99/64"):format(i) },
    },
  })
  ns.route.add("default", { via = ("10.0.%d.1"):format(i) })
  ns.route.add("default", { via = ("fd00:%d::1"):format(i) })
end
for _, name in ipairs({ "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding" }) do
  router.sysctl.set(name, 1)
end

-- Each has a server, which says whose it is and records whom it sees.
local servers = {}
for _, ns in ipairs({ router, one, two }) do
  servers[ns.name] = ns.tcp.listen(":80", { banner = ns.name .. "\n" })
end

local families = {
  { name = "IPv4", family = "inet", net = "10.0.%d.0/24", at = "10.0.%d.%d", url = "10.0.%d.%d" },
  { name = "IPv6", family = "inet6", net = "fd00:%d::/64", at = "fd00:%d::%d", url = "[fd00:%d::%d]" },
}
for _, f in ipairs(families) do
  local function seen(ns, address)
    local connection <close> = ns.tcp.connect(address:find(":%d+$") and address or address .. ":80")
    local name = assert(connection:recv({ line = true }))
    local all = servers[name]:connections()
    return { name, (all[#all].peer:gsub(":%d+$", ""):gsub("[%[%]]", "")) }
  end
  local to_two = f.url:format(2, 99)

  test(f.name .. ": without rules each sees the other", function()
    check.equal(seen(one, to_two), { "two", f.at:format(1, 99) })
  end)

  test(f.name .. ": dnat of the host's own connections", function()
    router.nat.dnat({
      proto = "tcp",
      dest = f.at:format(2, 99),
      dport = 80,
      to = f.at:format(1, 99),
      host = true,
    })
    check.equal(seen(router, to_two)[1], "one")
    router.nat.flush()
    check.equal(seen(router, to_two)[1], "two")
  end)

  test(f.name .. ": dnat of others'", function()
    router.nat.dnat({
      proto = "tcp",
      iif = "v1",
      dest = f.at:format(1, 1),
      dport = 8080,
      to = to_two .. ":80",
    })
    check.equal(seen(one, f.url:format(1, 1) .. ":8080"), { "two", f.at:format(1, 99) })
    check.equal(seen(one, f.url:format(1, 1))[1], "router")
  end)

  test(f.name .. ": masquerade and snat", function()
    router.nat.masquerade({ out = "v2", source = f.net:format(1) })
    check.equal(seen(one, to_two), { "two", f.at:format(2, 1) })
    router.nat.flush()
    router.conntrack.flush()
    router.addr.add(
      f.at:format(2, 77) .. (f.family == "inet" and "/24" or "/64"),
      { dev = "v2", dad = false }
    )
    router.nat.snat({ out = "v2", source = f.net:format(1), to = f.at:format(2, 77) })
    check.equal(seen(one, to_two), { "two", f.at:format(2, 77) })
    check.equal(router.conntrack.list({ family = f.family, snat = true })[1].reply.dest, f.at:format(2, 77))
  end)

  test(f.name .. ": redirect", function()
    router.nat.redirect({ family = f.family, proto = "tcp", dport = 80, iif = "v1" })
    check.equal(seen(one, to_two), { "router", f.at:format(1, 99) })
  end)
end
