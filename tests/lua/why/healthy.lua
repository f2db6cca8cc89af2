-- Where nothing is wrong: no fault is named, and each hop that is told was seen by the capture.
local topology = require("nsh.topology")

local function healthy(from, to, options)
  local verdict = from.why(to, options)
  check(verdict.ok, tostring(verdict))
  check.equal(verdict.faults, {})
  for at, hop in ipairs(verdict.hops) do
    check(hop.seen, "hop " .. at .. " of\n" .. tostring(verdict))
  end
  return verdict
end

local function every_pair(net, hosts)
  for _, from in ipairs(hosts) do
    for _, to in ipairs(hosts) do
      if from ~= to then
        for _, family in ipairs({ "inet", "inet6" }) do
          healthy(net[from], net[to], { family = family })
        end
      end
    end
  end
end

test("a ring of routers", function()
  local net <close> = topology(topology.ring(4, { hosts = 1 }))
  every_pair(net, { "h1", "h3" })
end)

test("a line of routers", function()
  local net <close> = topology(topology.linear(5))
  every_pair(net, { "h1", "h5" })
end)

test("a star of hosts on a switch", function()
  local net <close> = topology(topology.star(4))
  every_pair(net, { "h1", "h2", "h4" })
end)

test("own addresses", function()
  local ns = namespace.add("own", { up = true })
  check(ns.why("127.0.0.1").ok)
  check(ns.why("::1").ok)
  namespace.del("own")
end)

test("TCP and UDP", function()
  local a, b = namespace.add("a", { up = true }), namespace.add("b", { up = true })
  a.link.add("eth0", {
    kind = "veth",
    up = true,
    addr = { "10.0.0.1/24", "fd00::1/64" },
    peer = { name = "eth0", ns = b, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
  })
  local tcp <close> = b.tcp.listen(":80")
  local udp <close> = b.udp.listen(":53", { echo = true })
  for _, to in ipairs({ "10.0.0.2", "fd00::2" }) do
    healthy(a, to, { port = 80 })
    healthy(a, to, { proto = "udp", port = 53 })
  end
  local _, e = pcall(function()
    return a.why("10.0.0.2", { proto = "tcp" })
  end)
  check.match(e.message, "tcp needs a port")
  _, e = pcall(function()
    return a.why("10.0.0.2", { proto = "icmp", port = 80 })
  end)
  check.match(e.message, "has no port")
  namespace.del("a")
  namespace.del("b")
end)

test("NAT on both ways", function()
  local inside = namespace.add("inside", { up = true })
  local router = namespace.add("router", { up = true })
  local outside = namespace.add("outside", { up = true })
  router.sysctl.set("net.ipv4.ip_forward", 1)
  for name, ns in pairs({ inside = inside, outside = outside }) do
    local net = name == "inside" and "10.0.0." or "198.51.100."
    router.link.add(name, {
      kind = "veth",
      up = true,
      addr = net .. "1/24",
      peer = { name = "eth0", ns = ns, up = true, addr = net .. "2/24" },
    })
  end
  inside.route.add("default", { via = "10.0.0.1" })
  router.nat.masquerade({ source = "10.0.0.0/24", out = "outside" })
  router.nat.dnat({ proto = "tcp", dest = "198.51.100.1", dport = 8080, to = "10.0.0.2:80" })
  local web <close> = inside.http.serve("10.0.0.2:80", { ["/"] = "hello" })
  local out = healthy(inside, "198.51.100.2")
  check.match(tostring(out), "source becomes 198.51.100.1")
  local back = healthy(outside, "198.51.100.1", { port = 8080 })
  check.match(tostring(back), "destination 198.51.100.1 becomes 10.0.0.2")
end)
