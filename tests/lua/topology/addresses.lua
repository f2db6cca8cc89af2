-- needs: ip
-- Addresses, interfaces and subnets: what is given, and what is worked out around it.
local topology = require("nsh.topology")

local function ip(ns, ...)
  return json.decode(ns.exec({ "ip", "-j", ... }).stdout)
end

-- Everything that can be given.
do
  local net <close> = topology({
    routers = { { "r1", loopback = { "1.1.1.1", "fd00:ff::1/128" } }, "r2" },
    hosts = { { "a", addr = { "10.1.0.50/24", "10.1.0.51" } }, "b", "c" },
    switches = { { "s1", bridge = { ageing = 10 } } },
    links = {
      { "s1", "a" },
      { "s1", "b" },
      { "s1", "r1", mtu = 1400 },
      {
        "r1",
        "r2",
        subnet = { "10.0.12.0/31", "fd12::/127" },
        dev = { r1 = "wan" },
        addr = { r2 = "10.0.12.0" },
      },
      { "r2", "c" },
    },
    subnets = { ["c-r2"] = "172.16.0.0/30" },
  })
  check.equal(
    net.links[1].addr.a,
    { "10.1.0.50/24", "10.1.0.51/24", "fd00:1::2/64" },
    "two given, one worked out"
  )
  check.equal(net.links[3].addr.r1, { "10.1.0.1/24", "fd00:1::1/64" }, "routers come first")
  check.equal(net.links[2].addr.b, { "10.1.0.2/24", "fd00:1::3/64" })
  check.equal(net.links[4].dev, { r1 = "wan", r2 = "to-r1" })
  check.equal(
    net.links[4].addr,
    { r1 = { "10.0.12.1/31", "fd12::/127" }, r2 = { "10.0.12.0/31", "fd12::1/127" } }
  )
  check.equal(net.links[5].subnets, { "172.16.0.0/30", "fd00:3::/64" })
  check.equal(ip(net.r1, "link", "show", "dev", "to-s1")[1].mtu, 1400)
  check.equal(ip(net.s1, "link", "show", "dev", "to-r1")[1].mtu, 1400)
  check.equal(ip(net.s1, "link", "show", "dev", "to-r1")[1].master, "br0")
  check.equal(net.s1.bridge.get("br0").ageing, 10)
  check.equal(#ip(net.s1, "-6", "addr"), 0, "a switch has no addresses")
  check.equal(net:addr("a"), "10.1.0.50")
  check.equal(net:addr(net.a, { family = "inet6" }), "fd00:1::2")
  check.equal(net:addr("r1", { to = "r2" }), "10.0.12.1")
  check.equal(net:addr("r1", { to = net.r2, family = "inet6" }), "fd12::")
  check.reachable(net.a, net.c)
  check.reachable(net.c, "fd00:1::2")
  check.reachable(net.c, "1.1.1.1", { message = "r1's loopback is routed to" })
  check.reachable(net.b, "fd00:ff::1")
end

-- A subnet that is given renumbers no other, and is not given away.
do
  local net <close> = topology({
    routers = { "r1", "r2", "r3", "r4" },
    links = { { "r1", "r2" }, { "r2", "r3", subnet = "10.0.3.0/24" }, { "r3", "r4" }, { "r4", "r1" } },
  })
  local subnets = {}
  for i, link in ipairs(net.links) do
    subnets[i] = link.subnets[1] .. " " .. link.subnets[2]
  end
  check.equal(subnets, {
    "10.0.1.0/24 fd00:1::/64",
    "10.0.3.0/24 fd00:2::/64",
    "10.0.5.0/24 fd00:3::/64",
    "10.0.4.0/24 fd00:4::/64",
  })
end

-- Pools, large and small; loopbacks from their ends.
do
  local net <close> = topology(topology.ring(3, {
    hosts = 0,
    pool = { "192.168.5.0/28", "2001:db8::/32" },
    loopbacks = false,
  }))
  check.equal(net.links[1].subnets, { "192.168.5.0/30", "2001:db8:1::/64" })
  check.equal(net.links[3].subnets, { "192.168.5.8/30", "2001:db8:3::/64" })
  check.reachable(net.r1, net.r2)
end
do
  local net <close> = topology(topology.chain(3, { loopbacks = true }))
  local lo = ip(net.r3, "addr", "show", "dev", "lo")[1].addr_info
  local found = {}
  for _, a in ipairs(lo) do
    table.insert(found, a["local"] .. "/" .. a.prefixlen)
  end
  check.equal(found, { "127.0.0.1/8", "10.255.0.3/32", "fd00:ffff::3/128", "::1/128" })
  check.reachable(net.h1, "10.255.0.3")
  check.reachable(net.h1, "fd00:ffff::3")
end

-- Loopbacks that are worked out keep clear of what is given: each has its own number, or one behind those of all.
do
  local net <close> = topology({
    loopbacks = true,
    routers = { { "r1", loopback = "10.255.0.2" }, "r2", "r3" },
    links = { { "r1", "r2", subnet = "10.255.0.4/30" }, { "r2", "r3", subnet = "fd00:ffff::/126" } },
  })
  local found = {}
  for i, router in ipairs(net.routers) do
    local addrs = {}
    for _, a in ipairs(ip(router, "addr", "show", "dev", "lo")[1].addr_info) do
      if a["local"] ~= "127.0.0.1" and a["local"] ~= "::1" then
        table.insert(addrs, a["local"])
      end
    end
    found[i] = table.concat(addrs, " ")
  end
  check.equal(found, {
    "10.255.0.2 fd00:ffff::4",
    "10.255.0.8 fd00:ffff::5",
    "10.255.0.3 fd00:ffff::6",
  })
  check.reachable(net.r1, "10.255.0.3")
  check.reachable(net.r3, "fd00:ffff::4")
end

-- A pool of IPv6 that has room for few subnets, or for one.
do
  local net <close> = topology({
    pool = { "10.0.0.0/8", "fd01:2:3:4::/63" },
    routers = { "r1", "r2", "r3" },
    links = { { "r1", "r2" }, { "r2", "r3" } },
  })
  check.equal(net.links[1].subnets[2], "fd01:2:3:4::/64")
  check.equal(net.links[2].subnets[2], "fd01:2:3:5::/64")
  check.reachable(net.r1, "fd01:2:3:5::2")
end
do
  local net <close> = topology(topology.star(2, { pool = { "10.0.0.0/8", "fd01:2:3:4::/64" } }))
  check.equal(net:addr("h2", { family = "inet6" }), "fd01:2:3:4::2")
end

-- In a small pool subnets are as large as they have to be.
do
  local lab = topology.star(9, { ipv6 = false, pool = "172.20.0.0/20" })
  table.insert(lab.hosts, "other")
  table.insert(lab.links, { "h1", "other" })
  local net <close> = topology(lab)
  check.equal(net.links[1].subnets, { "172.20.0.0/28" })
  check.equal(net.links[10].subnets, { "172.20.0.16/30" })
  check.equal(net:addr("h9"), "172.20.0.9")
  check.reachable(net.h1, net.h9)
  check.reachable(net.h1, net.other)
end

-- One family alone, and none.
do
  local net <close> = topology(topology.chain(2, { ipv4 = false }))
  check.equal(net:addr("h1"), "fd00:2::2")
  check.reachable(net.h1, net.h2)
  check.equal(#net.r1.route.list({ family = "inet" }), 0)
end
do
  local net <close> = topology(topology.star(2, { ipv4 = false, ipv6 = false }))
  check.equal(
    check.error(function()
      net:addr("h1")
    end, "not_found").message,
    "Net:addr: h1 has no such address"
  )
end

-- Long names: the interface has no room for them.
do
  local net <close> = topology({
    routers = { "a-router-with-a-long-name", "short" },
    links = { { "a-router-with-a-long-name", "short" } },
  })
  check.equal(net.links[1].dev, { ["a-router-with-a-long-name"] = "to-short", short = "eth0" })
  check.reachable(net.short, net["a-router-with-a-long-name"])
end
