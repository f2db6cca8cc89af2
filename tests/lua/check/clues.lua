-- What a failed check of packets tells besides: who has the address, where the request arrives, what to do.
local r = namespace.add("r", { up = true })
r.sysctl.set("net.ipv4.ip_forward", 1)
r.sysctl.set("net.ipv6.conf.all.forwarding", 1)
local h = {}
for i = 1, 3 do
  h[i] = namespace.add("h" .. i, { up = true })
  r.link.add("to-h" .. i, {
    kind = "veth",
    up = true,
    addr = { "10.0." .. i .. ".1/24", "fd00:" .. i .. "::1/64" },
    peer = {
      name = "eth0",
      ns = h[i],
      up = true,
      addr = { "10.0." .. i .. ".2/24", "fd00:" .. i .. "::2/64" },
    },
  })
end

-- No route: the hint says what to do about it.
local e = check.error(function()
  check.reachable(h[1], "10.0.3.2")
end, "check")
check.match(e.message, "network is unreachable %(ENETUNREACH%)$")
check.match(e.hint or "", '^no route leads to 10%.0%.3%.2: .*route%.add%("default"')

-- The request arrives, and the reply has no way back.
h[1].route.add("default", { via = "10.0.1.1" })
h[1].route.add("default", { via = "fd00:1::1" })
for _, to in ipairs({ "10.0.3.2", "fd00:3::2" }) do
  e = check.error(function()
    check.reachable(h[1], to, { timeout = 0.2 })
  end, "check")
  local from = to:find(":") and "fd00:1::2" or "10.0.1.2"
  local back = "; the request arrives at h3, which has no way back to " .. from .. ": network is unreachable"
  check(e.message:find(back, 1, true), e.message)
end

-- It has a way back, but a rule drops the reply.
h[3].route.add("default", { via = "10.0.3.1" })
check.reachable(h[1], "10.0.3.2")
r.rule.add({ from = "10.0.3.2", type = "blackhole", priority = 10 })
e = check.error(function()
  check.reachable(h[1], h[3], { timeout = 0.2, family = "inet" })
end, "check")
check.match(e.message, "; the request arrives at h3 from 10%.0%.1%.2, but no answer to it comes back$")
r.rule.del({ priority = 10 })

-- It doesn't arrive: nothing is claimed.
r.rule.add({ to = "10.0.3.2", type = "blackhole", priority = 10 })
e = check.error(function()
  check.reachable(h[1], "10.0.3.2", { timeout = 0.2 })
end, "check")
check.match(e.message, "1 sent, 0 received$")
r.rule.del({ priority = 10 })

-- Two have the address.
h[2].addr.add("10.0.3.2/32", { dev = "eth0" })
h[2].route.add("default", { via = "10.0.2.1" })
r.route.add("10.0.3.2/32", { via = "10.0.2.9" })
for _, f in ipairs({ check.reachable, check.arrives }) do
  e = check.error(function()
    f(h[1], "10.0.3.2", { timeout = 0.2 })
  end, "check")
  check.match(e.message, "; h2 and h3 have the address 10%.0%.3%.2$")
end
