-- What comes of pings through a router: replies, refusals, losses; IPv4 and IPv6. The kernel's own counters are the
-- witness.

-- host 10.0.0.2 - 10.0.0.1 r 10.1.0.1 (MTU 1400) - 10.1.0.2 far
local r, far = namespace.add("r", { up = true }), namespace.add("far", { up = true })
link.add("e0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.2/24", "fd00::2/64" },
  peer = { name = "left", ns = r, up = true, addr = { "10.0.0.1/24", "fd00::1/64" } },
})
r.link.add("right", {
  kind = "veth",
  up = true,
  mtu = 1400,
  addr = { "10.1.0.1/24", "fd01::1/64" },
  peer = { name = "e0", ns = far, up = true, mtu = 1400, addr = { "10.1.0.2/24", "fd01::2/64" } },
})
for ns, via in pairs({ [host] = { "10.0.0.1", "fd00::1" }, [far] = { "10.1.0.1", "fd01::1" } }) do
  ns.route.add("default", { via = via[1] })
  ns.route.add("::/0", { via = via[2] })
end
r.sysctl.set("net.ipv4.ip_forward", 1)
r.sysctl.set("net.ipv6.conf.all.forwarding", 1)
r.sysctl.set("net.ipv4.icmp_ratelimit", 0)
r.sysctl.set("net.ipv6.icmp.ratelimit", 0)

-- The host's counter `name` of /proc/net/snmp's group.
local function counter(group, name)
  local names, values = {}, {}
  for line in io.lines("/proc/net/snmp") do
    local found, rest = line:match("^(%w+): (.*)$")
    if found == group then
      local into = #names == 0 and names or values
      for word in rest:gmatch("%S+") do
        table.insert(into, word)
      end
    end
  end
  for i, word in ipairs(names) do
    if word == name then
      return tonumber(values[i])
    end
  end
end

-- A router resolves IPv6 neighbours only once its link-local addresses are through duplicate address detection.
for _, dst in ipairs({ "10.1.0.2", "fd01::2" }) do
  eventually(function()
    return ping(dst, { timeout = 0.2 }).received == 1
  end)
end

local out, back = counter("Icmp", "OutEchos"), counter("Icmp", "InEchoReps")
local result = ping("10.1.0.2", { count = 4, interval = 0.01, size = 100 })
check.equal(counter("Icmp", "OutEchos") - out, 4)
check.equal(counter("Icmp", "InEchoReps") - back, 4)
check.equal(
  { result.dst, result.addr, result.sent, result.received, result.loss, result.size },
  { "10.1.0.2", "10.1.0.2", 4, 4, 0, 100 }
)
check.equal(#result.replies, 4)
check.equal(#result.errors, 0)
for i, reply in ipairs(result.replies) do
  check.equal(
    { reply.seq, reply.from, reply.ttl, reply.size, reply.duplicate },
    { i, "10.1.0.2", 63, 108, false }
  )
  check(reply.rtt >= result.rtt.min and reply.rtt <= result.rtt.max)
end
check(result.rtt.min > 0 and result.rtt.max < 1 and result.rtt.mdev < 1)
check(result.time >= 0.03, "it kept its interval")
check(
  tostring(result):find(
    "^%-%-%- 10.1.0.2 ping statistics %-%-%-\n4 packets transmitted, 4 received, 0%% packet loss, time %d+ms\nrtt min/avg/max/mdev = [%d.]+/[%d.]+/[%d.]+/[%d.]+ ms$"
  ),
  tostring(result)
)
check(
  tostring(result.replies[1]):find("^108 bytes from 10.1.0.2: icmp_seq=1 ttl=63 time=[%d.]+ ms$"),
  tostring(result.replies[1])
)

-- By name, and by namespace.
check.equal(ping("far").addr, "10.1.0.2")
check.equal(ping(far, { family = "inet6" }).addr, "fd01::2")
check.equal(far.ping("host", { family = "inet6" }).replies[1].from, "fd00::2")

-- Routers that say no.
for _, case in ipairs({
  { "10.1.0.2", "10.0.0.1", 11, 0, "Time to live exceeded" },
  { "fd01::2", "fd00::1", 3, 0, "Time exceeded: Hop limit" },
}) do
  local expired = ping(case[1], { ttl = 1 })
  check.equal({ expired.received, expired.loss, #expired.errors }, { 0, 1, 1 })
  local e = expired.errors[1]
  check.equal({ e.seq, e.from, e.type, e.code, e.message }, { 1, case[2], case[3], case[4], case[5] })
  check.equal(expired.rtt, nil)
  check(expired.time < 0.9, "a refusal is an answer")
  check.equal(ping(case[1], { ttl = 2 }).received, 1)
end
check.equal(
  tostring(ping("10.1.0.2", { ttl = 1 }).errors[1]),
  "From 10.0.0.1 icmp_seq=1 Time to live exceeded"
)

-- Too big for the link behind the router: first an answer, then known.
for _, case in ipairs({ { "10.1.0.2", 28 }, { "fd01::2", 48 } }) do
  check.equal(ping(case[1], { size = 1440, df = true }).errors[1].mtu, 1400)
  local e = check.error(function()
    ping(case[1], { size = 1440, df = true })
  end, "invalid")
  check.equal(e.errno, "EMSGSIZE")
  local hint = e.hint or ""
  check(hint:find("size can be " .. 1400 - case[2] .. " at most", 1, true), hint)
  check.equal(ping(case[1], { size = 1400 - case[2], df = true }).received, 1)
end
check.equal(ping("10.1.0.2", { size = 4000 }).received, 1, "in fragments")

-- Nobody there, nobody told, nobody allowed.
r.route.add("10.2.0.0/16", { type = "blackhole" })
r.route.add("10.3.0.0/16", { type = "prohibit" })
local lost = ping("10.2.0.1", { count = 2, interval = 0.01, timeout = 0.1 })
check.equal({ lost.sent, lost.received, lost.loss, #lost.errors }, { 2, 0, 1, 0 })
check(tostring(lost):find("2 packets transmitted, 0 received, 100% packet loss", 1, true), tostring(lost))
-- A router says this only so often.
local function refusal(dst)
  return eventually(function()
    local e = ping(dst, { timeout = 0.1 }).errors[1]
    return e and e.message
  end, { timeout = 10 })
end
check.equal(refusal("10.3.0.1"), "Packet filtered")
check.equal(refusal("10.9.0.1"), "Destination Net Unreachable")
check.equal(refusal("fd09::1"), "Destination unreachable: No route")

-- Some come through: what is half lost is told so.
local half = ping.start("10.1.0.2", { interval = 0.01, timeout = 0.05 })
half:wait({ received = 5, timeout = 5 })
far.sysctl.set("net.ipv4.icmp_echo_ignore_all", 1)
local before = half:result().received
eventually(function()
  return half:result().sent - half:result().received >= 5 + half:result().outstanding
end)
far.sysctl.set("net.ipv4.icmp_echo_ignore_all", 0)
half:wait({ received = before + 5, timeout = 5 })
local total = half:stop()
check(total.loss > 0 and total.loss < 1, "some were lost, some not")
check.equal(half:running(), false)
check.equal(half:result().sent, total.sent, "nothing more is sent")
