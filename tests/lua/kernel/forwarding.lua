-- What router.sh and router_multipath.sh of the kernel's selftests (net/forwarding) are for: a router between two networks
-- forwards both families, counts the time to live down, forwards what is odd but legal and nothing else, and shares flows
-- among several next hops by their weights.
--
--   h1 -- r1 == r2 -- h2        two links between the routers
local h1, r1, r2, h2 = namespace.add("h1"), namespace.add("r1"), namespace.add("r2"), namespace.add("h2")
local function both(v4, v6, ...)
  return { (v4 .. "/24"):format(...), (v6 .. "/64"):format(...) }
end
for i, side in ipairs({ { host = h1, router = r1 }, { host = h2, router = r2 } }) do
  side.router.link.add("lan", {
    kind = "veth",
    up = true,
    addr = both("10.0.%d.1", "fd00:%d::1", i),
    peer = { name = "eth0", ns = side.host, up = true, addr = both("10.0.%d.2", "fd00:%d::2", i) },
  })
  side.host.route.add("default", { via = ("10.0.%d.1"):format(i) })
  side.host.route.add("default", { via = ("fd00:%d::1"):format(i) })
end
for i = 1, 2 do
  r1.link.add("way" .. i, {
    kind = "veth",
    up = true,
    addr = both("10.1.%d.1", "fd01:%d::1", i),
    peer = { name = "way" .. i, ns = r2, up = true, addr = both("10.1.%d.2", "fd01:%d::2", i) },
  })
end
for _, router in ipairs({ r1, r2 }) do
  router.sysctl.set("net.ipv4.ip_forward", 1)
  router.sysctl.set("net.ipv6.conf.all.forwarding", 1)
  -- By addresses and ports.
  router.sysctl.set("net.ipv4.fib_multipath_hash_policy", 1)
  router.sysctl.set("net.ipv6.fib_multipath_hash_policy", 1)
  router.sysctl.set("net.ipv4.icmp_ratelimit", 0)
  router.sysctl.set("net.ipv6.icmp.ratelimit", 0)
end

local FAMILIES = {
  { name = "IPv4", there = "10.0.2.0/24", back = "10.0.1.0/24", via = "10.1.%d.%d", h = "10.0.%d.2" },
  { name = "IPv6", there = "fd00:2::/64", back = "fd00:1::/64", via = "fd01:%d::%d", h = "fd00:%d::2" },
}

--- Routes over both links, of these weights, on the way there; the first link alone on the way back.
local function routes(family, weights)
  local hops = {}
  for i, weight in ipairs(weights) do
    hops[#hops + 1] = { via = family.via:format(i, 2), weight = weight }
  end
  r1.route.replace(family.there, { nexthops = hops })
  r2.route.replace(family.back, { via = family.via:format(1, 1) })
end
for _, family in ipairs(FAMILIES) do
  routes(family, { 1, 1 })
end

for _, family in ipairs(FAMILIES) do
  local at1, at2 = family.h:format(1), family.h:format(2)

  test(family.name .. ": each host reaches the other, over two routers", function()
    check.equal({ h1.ping(at2, { count = 3 }).received, h2.ping(at1, { count = 3 }).received }, { 3, 3 })
    local way = h1.traceroute(at2)
    check.equal({ #way.hops, way.hops[1].namespace, way.hops[2].namespace }, { 3, "r1", "r2" })
  end)

  test(family.name .. ": the time to live is counted down, and ends with an error", function()
    local arrived <close> = h2.capture.start("eth0", { proto = "udp", dst = at2 })
    h1.send("eth0", { ip = { dst = at2, ttl = 3 }, udp = { dport = 9 } })
    check.equal(arrived:wait()[1].ip.ttl, 1)
    for ttl, router in ipairs({ "r1", "r2" }) do
      local told <close> = h1.capture.start("eth0", { type = "time exceeded" })
      h1.send("eth0", { ip = { dst = at2, ttl = ttl }, udp = { dport = 9 } })
      local src = told:wait()[1].src
      local owners = {}
      for _, address in ipairs(namespace.get(router).addr.list()) do
        owners[address["local"]] = true
      end
      check(owners[src], src .. " is no address of " .. router)
    end
    check.equal(arrived:count(), 1)
  end)

  -- How many packets go over each of the two links.
  local function shares(flows)
    local counts = {}
    for i = 1, 2 do
      counts[i] = r2.capture.start("way" .. i, { proto = "udp", dst = at2, direction = "in" })
    end
    local listener <close> = h2.udp.listen(":7000")
    for _ = 1, flows do
      h1.udp.send((at2:find(":") and "[%s]:7000" or "%s:7000"):format(at2), "x")
    end
    listener:wait({ datagrams = flows, timeout = 20 })
    eventually(function()
      check.equal(counts[1]:count() + counts[2]:count(), flows)
    end)
    local one, two = counts[1]:count(), counts[2]:count()
    counts[1]:stop()
    counts[2]:stop()
    return one, two
  end

  -- The hash is as good as random: of 400 flows a share is off by less than five standard deviations.
  for _, weights in ipairs({ { 1, 1 }, { 2, 1 }, { 11, 45 }, { 45, 11 } }) do
    test(("%s: flows are shared %d to %d"):format(family.name, weights[1], weights[2]), function()
      routes(family, weights)
      local flows, share = 400, weights[1] / (weights[1] + weights[2])
      local one, two = shares(flows)
      check.near(one, flows * share, 5 * math.sqrt(flows * share * (1 - share)))
      check.equal(one + two, flows)
    end)
  end

  test(family.name .. ": a next hop without a carrier is left out", function()
    routes(family, { 1, 1 })
    for _, router in ipairs({ r1, r2 }) do
      local name = family.name == "IPv4" and "ipv4" or "ipv6"
      router.sysctl.set(("net.%s.conf.way2.ignore_routes_with_linkdown"):format(name), 1)
    end
    r2.link.set("way2", { up = false })
    defer(r2.link.set, "way2", { up = true })
    r1.wait.link("way2", { carrier = false })
    check.equal({ shares(60) }, { 60, 0 })
    r2.link.set("way2", { up = true })
    r2.addr.replace("fd01:2::2/64", { dev = "way2", dad = false })
    r1.wait.link("way2", { carrier = true })
    local _, two = shares(100)
    check.at_least(two, 20)
  end)

  test(family.name .. ": a packet whose source is its destination is forwarded", function()
    for _, ns in ipairs({ r1, r2 }) do
      for _, dev in ipairs({ "all", "lan", "way1", "way2" }) do
        ns.sysctl.set(("net.ipv4.conf.%s.rp_filter"):format(dev), 0)
      end
    end
    local passed <close> = r2.capture.start({ "way1", "way2" }, { proto = "udp", direction = "in" })
    h1.send("eth0", { ip = { src = at2, dst = at2 }, udp = { dport = 9 } })
    check.equal(passed:wait()[1].src, at2)
  end)

  test(family.name .. ": multicast and loopback's addresses have no business as a source", function()
    local passed <close> = r2.capture.start({ "way1", "way2" }, { proto = "udp", direction = "in" })
    local six = family.name == "IPv6"
    for _, src in ipairs(six and { "ff02::1", "::1" } or { "224.0.0.1", "127.0.0.1" }) do
      h1.send("eth0", { ip = { src = src, dst = at2 }, udp = { dport = 9 } })
    end
    h1.send("eth0", { ip = { src = at1, dst = at2 }, udp = { dport = 10 } })
    passed:wait({ dport = 10 })
    check.equal(passed:count(), 1)
  end)
end

test("addresses of class E are as good as others", function()
  local passed <close> = h2.capture.start("eth0", { proto = "udp" })
  h1.send("eth0", { ip = { src = "240.0.0.1", dst = "10.0.2.2" }, udp = { dport = 9 } })
  check.equal(passed:wait()[1].src, "240.0.0.1")
end)

test("link-local addresses of IPv4 are forwarded, those of IPv6 are not", function()
  r1.route.add("169.254.1.0/24", { via = "10.1.1.2" })
  local passed <close> = r2.capture.start({ "way1", "way2" }, { proto = "udp", direction = "in" })
  h1.send(
    "eth0",
    { ip = { dst = "169.254.1.1" }, eth = { dst = assert(r1.link.get("lan")).mac }, udp = { dport = 9 } }
  )
  check.equal(passed:wait()[1].dst, "169.254.1.1")
  h1.send("eth0", { ip = { src = "fe80::77", dst = "fd00:2::2" }, udp = { dport = 9 } })
  h1.send("eth0", { ip = { dst = "fd00:2::2" }, udp = { dport = 10 } })
  passed:wait({ dport = 10 })
  check.equal(passed:count({ net = "fe80::/10" }), 0)
end)
