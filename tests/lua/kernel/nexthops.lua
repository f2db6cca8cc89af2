-- What tools/testing/selftests/net/fib_nexthops.sh of the kernel is for: routes follow their nexthop objects: replaced, deleted,
-- gone with their link, in groups with weights, over either family; what can't be is refused.
local other = namespace.add("other", { up = true })
for i = 1, 2 do
  link.add("v" .. i, {
    kind = "veth",
    up = true,
    addr = { ("10.0.%d.1/24"):format(i), ("fd00:%d::1/64"):format(i) },
    peer = {
      ns = other,
      name = "eth" .. i,
      up = true,
      addr = { ("10.0.%d.2/24"):format(i), ("fd00:%d::2/64"):format(i) },
    },
  })
end
other.link.add(
  "lo1",
  { kind = "veth", up = true, addr = { "10.9.0.1/32", "fd09::1/128" }, peer = { up = true } }
)

local function ways(to)
  local devs = {}
  for port = 1, 40 do
    local route = route.get(to, { ipproto = "udp", dport = port, sport = 1000 + port })
    devs[route.dev or ""] = true
  end
  return { devs.v1 or false, devs.v2 or false }
end
sysctl.set("net.ipv4.fib_multipath_hash_policy", 1)
sysctl.set("net.ipv6.fib_multipath_hash_policy", 1)

for _, f in ipairs({
  { name = "IPv4", gateway = "10.0.%d.2", to = "10.9.0.1", dst = "10.9.0.0/16" },
  { name = "IPv6", gateway = "fd00:%d::2", to = "fd09::1", dst = "fd09::/64" },
}) do
  local function build()
    for i = 1, 2 do
      nexthop.add(i, { via = f.gateway:format(i), dev = "v" .. i })
    end
    nexthop.add(10, { group = "1/2" })
    route.add(f.dst, { nhid = 10 })
    defer(function()
      nexthop.flush()
    end)
  end

  test(f.name .. ": a group spreads, and packets arrive", function()
    build()
    check.equal(ways(f.to), { true, true })
    check.equal(ping(f.to, { count = 2 }).received, 2)
  end)

  test(f.name .. ": a member that is replaced", function()
    build()
    nexthop.replace(2, { via = f.gateway:format(1), dev = "v1" })
    check.equal(ways(f.to), { true, false })
    check.equal(ping(f.to).received, 1)
  end)

  test(f.name .. ": a member that is deleted", function()
    build()
    nexthop.del(1)
    check.equal(assert(nexthop.get(10)).group, "2")
    check.equal(ways(f.to), { false, true })
    nexthop.del(2)
    check.equal(nexthop.get(10), nil, "a group goes with its last member")
    check.equal(route.list({ dst = f.dst }), {})
  end)

  test(f.name .. ": a member whose link goes down", function()
    build()
    link.set("v1", { up = false })
    eventually(function()
      check.equal(nexthop.get(1), nil)
    end)
    check.equal(ways(f.to), { false, true })
    check.equal(ping(f.to).received, 1)
    link.set("v1", { up = true })
    addr.replace("10.0.1.1/24", { dev = "v1" })
    addr.replace("fd00:1::1/64", { dev = "v1", dad = false })
    wait.link("v1", { carrier = true })
  end)

  test(f.name .. ": a blackhole", function()
    nexthop.add(1, { blackhole = true, family = f.name == "IPv6" and "inet6" or "inet" })
    route.add(f.dst, { nhid = 1 })
    check.error(function()
      ping(f.to)
    end)
    nexthop.flush()
  end)

  test(f.name .. ": what can't be", function()
    build()
    local function refused(id, options)
      check.error(function()
        nexthop.add(id, options)
      end)
    end
    refused(20, { group = "1/99" })
    refused(20, { group = "10" })
    refused(20, { group = "1/1" })
    refused(1, { blackhole = true })
    refused(20, { via = f.name == "IPv6" and "fd77::1" or "10.77.0.1", dev = "v1" })
    nexthop.add(30, { blackhole = true })
    refused(20, { group = "1/30" })
  end)
end
