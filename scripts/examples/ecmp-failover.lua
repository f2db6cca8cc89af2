-- Two ways from one router to another, shared by flows (ECMP). Nexthop objects make the group; when one way fails, one change of
-- the group moves all routes that use it.
local left, right = namespace.add("left"), namespace.add("right")
for _, ns in ipairs({ left, right }) do
  ns.sysctl.set("net.ipv4.ip_forward", 1)
  -- Flows are told apart by their ports, too.
  ns.sysctl.set("net.ipv4.fib_multipath_hash_policy", 1)
end
for i = 1, 2 do
  left.link.add("way" .. i, {
    kind = "veth",
    up = true,
    addr = ("10.0.%d.1/24"):format(i),
    peer = { name = "way" .. i, ns = right, up = true, addr = ("10.0.%d.2/24"):format(i) },
  })
end
local client, server = namespace.add("client"), namespace.add("server")
for ns, host in pairs({ [left] = client, [right] = server }) do
  local net = ns == left and "192.168.1." or "192.168.2."
  ns.link.add("lan", {
    kind = "veth",
    up = true,
    addr = net .. "1/24",
    peer = { name = "eth0", ns = host, up = true, addr = net .. "10/24" },
  })
  host.route.add("default", { via = net .. "1" })
end

-- Each way is an object, and so is the group of both; routes name the group.
for ns, peer in pairs({ [left] = 2, [right] = 1 }) do
  ns.nexthop.add(1, { via = "10.0.1." .. peer, dev = "way1" })
  ns.nexthop.add(2, { via = "10.0.2." .. peer, dev = "way2" })
  ns.nexthop.add(10, { group = "1/2" })
  ns.route.add(ns == left and "192.168.2.0/24" or "192.168.1.0/24", { nhid = 10 })
end
print(left.nexthop.list())

-- Many flows use both ways.
local function used(flows)
  local before = { left.link.stats("way1").tx_packets, left.link.stats("way2").tx_packets }
  local listener <close> = server.udp.listen(":7000")
  for _ = 1, flows do
    client.udp.send("192.168.2.10:7000", "hello")
  end
  listener:wait({ datagrams = flows, timeout = 5 })
  return left.link.stats("way1").tx_packets - before[1], left.link.stats("way2").tx_packets - before[2]
end
local one, two = used(100)
print(("packets of 100 flows: %d took the first way, %d the second"):format(one, two))
check.at_least(one, 20)
check.at_least(two, 20)

-- The first way fails without a word: its frames are lost, and no carrier goes. What monitors it changes the group, on both sides.
left.link.shape("way1", { loss = "100%", direction = "both" })
for _, ns in ipairs({ left, right }) do
  ns.nexthop.replace(10, { group = "2" })
end
one, two = used(50)
check.equal(one, 0)
check.at_least(two, 50)

-- It comes back with a third of the flows' share.
left.link.shape("way1", false)
for _, ns in ipairs({ left, right }) do
  ns.nexthop.replace(10, { group = "1,1/2,2" })
end
one, two = used(150)
print(("packets of 150 flows: %d took the first way, %d the second"):format(one, two))
check.at_least(one, 25)
check.at_least(two, one)
