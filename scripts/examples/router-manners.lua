-- A protocol test: what a router does with packets that it must not forward (RFC 1812, RFC 4443, RFC 4861). The frames are made
-- by hand, and a capture sees the answers. The router is the kernel here; it could be a program.

local h1, r1, h2 = namespace.add("h1"), namespace.add("r1"), namespace.add("h2")
for i, host in ipairs({ h1, h2 }) do
  local own = { ("10.0.%d.2/24"):format(i), ("fd00:%d::2/64"):format(i) }
  local gateway = { ("10.0.%d.1/24"):format(i), ("fd00:%d::1/64"):format(i) }
  local peer = { name = "eth" .. i, ns = r1, up = true, addr = gateway }
  host.link.add("eth0", { kind = "veth", up = true, addr = own, peer = peer })
  host.route.add("default", { via = ("10.0.%d.1"):format(i) })
  host.route.add("default", { via = ("fd00:%d::1"):format(i) })
end
r1.sysctl.set("net.ipv4.ip_forward", 1)
r1.sysctl.set("net.ipv6.conf.all.forwarding", 1)
-- Routers limit how often they complain.
r1.sysctl.set("net.ipv4.icmp_ratelimit", 0)
r1.sysctl.set("net.ipv6.icmp.ratelimit", 0)
-- They ask for a host three times before they give up.
r1.sysctl.set("net.ipv4.neigh.eth2.retrans_time_ms", 50)
r1.sysctl.set("net.ipv6.neigh.eth2.retrans_time_ms", 50)

local FAMILIES = {
  { dst = "10.0.2.2", nowhere = "10.0.2.99", router = "10.0.1.1", unreachable = 1 },
  { dst = "fd00:2::2", nowhere = "fd00:2::99", router = "fd00:1::1", unreachable = 3 },
}

test("a packet at the end of its time to live comes back as an error that quotes it", function()
  for _, at in ipairs(FAMILIES) do
    local seen <close> = h1.capture.start("eth0", { src = at.router })
    h1.send("eth0", { ip = { dst = at.dst, ttl = 1 }, udp = { sport = 5000, dport = 9 } })
    local answer = seen:wait({ type = "time exceeded" })[1]
    check.equal({ answer.icmp.inner.dst, answer.icmp.inner.sport }, { at.dst, 5000 })
  end
end)

test("a packet to nobody comes back as unreachable", function()
  for _, at in ipairs(FAMILIES) do
    local seen <close> = h1.capture.start("eth0", { src = at.router })
    h1.send("eth0", { ip = { dst = at.nowhere }, udp = { dport = 9 } })
    check.equal(seen:wait({ type = "destination unreachable" })[1].icmp.code, at.unreachable)
  end
end)

-- Nothing comes of the first frame. The second one, which must arrive, shows when to stop waiting.
local function only_second(frame, second)
  local arrived <close> = h2.capture.start("eth0", { proto = "udp" })
  h1.send("eth0", frame)
  h1.send("eth0", second)
  check.equal(arrived:wait({ dport = 10 })[1].dport, 10)
  check.equal(arrived:count(), 1)
end

test("what is damaged or ill addressed isn't forwarded", function()
  for _, at in ipairs(FAMILIES) do
    local good = { ip = { dst = at.dst }, udp = { dport = 10 } }
    -- Not sent to the router's hardware address.
    only_second({ eth = { dst = "02:00:00:00:00:99" }, ip = { dst = at.dst }, udp = { dport = 9 } }, good)
    -- Loopback's addresses come from no other host.
    local loopback = at.router:find(":") and "::1" or "127.0.0.1"
    only_second({ ip = { dst = at.dst, src = loopback }, udp = { dport = 9 } }, good)
  end
  local good = { ip = { dst = "10.0.2.2" }, udp = { dport = 10 } }
  only_second({ ip = { dst = "10.0.2.2", checksum = 1 }, udp = { dport = 9 } }, good)
end)

test("neighbour discovery that was forwarded is not believed", function()
  local ask = { type = "neighbor solicitation", target = "fd00:1::1" }
  local seen <close> = h1.capture.start("eth0", { proto = "icmp6", src = "fd00:1::1" })
  h1.send("eth0", { ip = { src = "fd00:1::2", ttl = 254 }, icmp = ask })
  h1.send("eth0", { ip = { dst = "fd00:1::1" }, icmp = { id = 1 } })
  seen:wait({ type = "echo reply" })
  check.equal(seen:count({ type = "neighbor advertisement" }), 0)
  h1.send("eth0", { ip = { src = "fd00:1::2" }, icmp = ask })
  check.equal(seen:wait({ type = "neighbor advertisement" })[1].icmp.target, "fd00:1::1")
end)
