-- What tools/testing/selftests/net/pmtu.sh of the kernel is for: routers tell the sender of a path's MTU, the sender keeps it as
-- an exception for that destination alone, and drops it when its own MTU or the route changes.
--
--   a -- r1 (2000) -- b      over r1, 1500 behind it
--   a -- r2 (2000) -- b      over r2, 1400 behind it
local a, b = namespace.add("a"), namespace.add("b")
local behind = { 1500, 1400 }
local function end_of(dev, n, host, ns, mtu)
  return {
    name = dev,
    ns = ns,
    up = true,
    mtu = mtu,
    addr = { ("10.0.%d.%d/24"):format(n, host), ("fd00:%d::%d/64"):format(n, host) },
  }
end
for i, mtu in ipairs(behind) do
  local router = namespace.add("r" .. i, { up = true })
  for _, name in ipairs({ "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding" }) do
    router.sysctl.set(name, 1)
  end
  local dev = "r" .. i
  router.link.add("to_a", {
    kind = "veth",
    up = true,
    mtu = 2000,
    addr = { ("10.0.%d.2/24"):format(i), ("fd00:%d::2/64"):format(i) },
    peer = end_of(dev, i, 1, a, 2000),
  })
  router.link.add("to_b", {
    kind = "veth",
    up = true,
    mtu = mtu,
    addr = { ("10.0.%d.2/24"):format(i + 2), ("fd00:%d::2/64"):format(i + 2) },
    peer = end_of(dev, i + 2, 1, b, mtu),
  })
  a.route.add(("10.0.%d.0/24"):format(i + 2), { via = ("10.0.%d.2"):format(i) })
  a.route.add(("fd00:%d::/64"):format(i + 2), { via = ("fd00:%d::2"):format(i) })
  b.route.add(("10.0.%d.0/24"):format(i), { via = ("10.0.%d.2"):format(i + 2) })
  b.route.add(("fd00:%d::/64"):format(i), { via = ("fd00:%d::2"):format(i + 2) })
end

-- The MTU that the kernel has for a destination, if it is not its link's.
local function exception(to)
  local route = a.route.get(to)
  return route and route.metrics and route.metrics.mtu
end

-- A packet of 1800 bytes, which may not be cut: the first one is lost, and tells.
local function push(to)
  local size = to:find(":") and 1800 - 48 or 1800 - 28
  pcall(a.ping, to, { count = 1, size = size, timeout = 0.5, df = true })
end

for _, form in ipairs({ "10.0.%d.1", "fd00:%d::1" }) do
  local name = form:find(":") and "IPv6" or "IPv4"
  test("exceptions of " .. name, function()
    for i in ipairs(behind) do
      check.equal(exception(form:format(i + 2)), nil)
      push(form:format(i + 2))
    end
    for i, mtu in ipairs(behind) do
      eventually(function()
        check.equal(exception(form:format(i + 2)), mtu)
      end)
      check.equal(a.pmtu(form:format(i + 2)).mtu, mtu)
    end
  end)

  test("an exception of " .. name .. " is of one destination alone", function()
    local other = name == "IPv6" and "fd00:4::9/64" or "10.0.4.9/24"
    b.addr.add(other, { dev = "r2", dad = false })
    check.equal(exception((other:gsub("/.*", ""))), nil)
  end)

  test("a smaller MTU of the link counts for " .. name, function()
    a.link.set("r2", { mtu = 1300 })
    local mtu = exception(form:format(4)) or a.link.get("r2").mtu
    check.at_most(mtu, 1300)
    a.link.set("r2", { mtu = 2000 })
  end)

  test("exceptions of " .. name .. " go with the route", function()
    local dst = name == "IPv6" and "fd00:4::/64" or "10.0.4.0/24"
    local via = name == "IPv6" and "fd00:2::2" or "10.0.2.2"
    push(form:format(4))
    a.route.del(dst)
    a.route.add(dst, { via = via })
    check.equal(exception(form:format(4)), nil)
  end)
end
