-- needs: nft
-- The eleven usual reasons why a ping in a lab of namespaces fails, and two of them at once.
local function lab()
  local router, a, b =
    namespace.add("router", { up = true }),
    namespace.add("a", { up = true }),
    namespace.add("b", { up = true })
  router.sysctl.set("net.ipv4.ip_forward", 1)
  router.bridge.add("br0", { up = true, addr = "10.0.0.254/24" })
  router.link.add("p1", {
    kind = "veth",
    up = true,
    master = "br0",
    peer = { name = "eth0", ns = a, up = true, addr = "10.0.0.1/24" },
  })
  router.link.add("p2", {
    kind = "veth",
    up = true,
    addr = "10.0.1.254/24",
    peer = { name = "eth0", ns = b, up = true, addr = "10.0.1.1/24" },
  })
  a.route.add("default", { via = "10.0.0.254" })
  b.route.add("default", { via = "10.0.1.254" })
  check.reachable(a, "10.0.1.1")
  return router, a, b
end

local drop = "table ip f { chain i { type filter hook input priority 0; icmp type echo-request drop; }; }"
local policy = "table ip f { chain i { type filter hook forward priority 0; policy drop; }; }"

--- What is broken, the cause that is named first, and where.
local faults = {
  {
    "b's eth0 is down",
    "link_down",
    "b",
    function(_, _, b)
      b.link.set("eth0", { up = false })
    end,
  },
  {
    "the bridge is down",
    "link_down",
    "router",
    function(r)
      r.link.set("br0", { up = false })
    end,
  },
  {
    "p1 is not in the bridge",
    "not_a_port",
    "router",
    function(r)
      r.bridge.detach("p1")
    end,
  },
  {
    "forwarding is off",
    "forwarding_off",
    "router",
    function(r)
      r.sysctl.set("net.ipv4.ip_forward", 0)
    end,
  },
  {
    "b has no route back",
    "no_route",
    "b",
    function(_, _, b)
      b.route.del("default")
    end,
  },
  {
    "a has a wrong netmask",
    "wrong_prefix",
    "a",
    function(_, a)
      a.addr.del("10.0.0.1/24")
      a.addr.add("10.0.0.1/8", { dev = "eth0" })
    end,
  },
  {
    "b drops icmp",
    "filter_rule",
    "b",
    function(_, _, b)
      b.nft.load(drop)
    end,
  },
  {
    "the router drops in forward",
    "filter_policy",
    "router",
    function(r)
      r.nft.load(policy)
    end,
  },
  {
    "b ignores echo",
    "echo_ignored",
    "b",
    function(_, _, b)
      b.sysctl.set("net.ipv4.icmp_echo_ignore_all", 1)
    end,
  },
  {
    "a has a wrong static ARP entry",
    "wrong_neighbour",
    "a",
    function(_, a)
      a.neigh.replace("10.0.0.254", { dev = "eth0", lladdr = "02:00:00:00:00:99" })
    end,
  },
  {
    "b's route back leads elsewhere",
    "dropping_route",
    "b",
    function(_, _, b)
      b.route.add("10.0.0.0/24", { type = "blackhole" })
    end,
  },
}

after_each(function()
  for _, ns in ipairs(namespace.list()) do
    namespace.del(ns)
  end
end)

for _, fault in ipairs(faults) do
  local what, cause, where, breaks = table.unpack(fault)
  test(what, function()
    local router, a, b = lab()
    breaks(router, a, b)
    local verdict = a.why("10.0.1.1")
    check(not verdict.ok)
    check.equal(verdict.faults[1].cause, cause, tostring(verdict))
    check.equal(verdict.faults[1].namespace, where)
    -- A link that was down, or had no address for a moment, has lost its routes: that is said next.
    for _ = 1, 2 do
      if not verdict.ok then
        load(verdict.faults[1].fix)()
        verdict = a.why("10.0.1.1")
      end
    end
    check(verdict.ok, tostring(verdict))
    check.reachable(a, "10.0.1.1")
  end)
end

test("two faults are named in the order in which the packet meets them", function()
  local router, a, b = lab()
  router.sysctl.set("net.ipv4.ip_forward", 0)
  b.sysctl.set("net.ipv4.icmp_echo_ignore_all", 1)
  b.route.del("default")
  local verdict = a.why("10.0.1.1")
  local causes = {}
  for at, fault in ipairs(verdict.faults) do
    causes[at] = fault.cause .. " in " .. fault.namespace
  end
  check.equal(causes, { "forwarding_off in router", "echo_ignored in b", "no_route in b" }, tostring(verdict))
  check.match(tostring(verdict), "LOST in router\n")
  check.match(tostring(verdict), "x  router +not forwarded: net.ipv4.ip_forward is 0\n")
  for _, fault in ipairs(verdict.faults) do
    load(fault.fix)()
  end
  check(a.why("10.0.1.1").ok)
end)

test("a verdict is plain data", function()
  local router, a = lab()
  router.sysctl.set("net.ipv4.ip_forward", 0)
  local verdict = json.decode(json.encode(a.why("10.0.1.1")))
  check.equal(verdict.faults[1].command, "ip netns exec router sysctl -w net.ipv4.ip_forward=1")
  check.equal(verdict.hops[1].dev, "eth0")
  check.equal(verdict.from, "a")
end)

test("nothing lasts", function()
  local router, a, b = lab()
  router.nft.load(policy)
  b.nft.load(drop)
  local before = router.nft.list()
  a.why("10.0.1.1")
  check.equal(router.nft.list(), before)
  local tables = router.proc.exec({ "nft", "list", "tables" }, { check = true }).stdout
  check.equal(tables, "table ip f\n")
end)
