-- What rules do with packets, for both families: probes and counters say it.

local r, inside, outside =
  namespace.add("r", { up = true }),
  namespace.add("inside", { up = true }),
  namespace.add("outside", { up = true })
r.sysctl.set("net.ipv4.ip_forward", 1)
r.sysctl.set("net.ipv6.conf.all.forwarding", 1)
local function cable(ns, name, net)
  r.link.add(name, {
    kind = "veth",
    up = true,
    addr = { ("10.0.%d.1/24"):format(net), ("fd00:%d::1/64"):format(net) },
    peer = {
      name = "eth0",
      ns = ns,
      up = true,
      addr = { ("10.0.%d.2/24"):format(net), ("fd00:%d::2/64"):format(net) },
    },
  })
  ns.route.add("default", { via = ("10.0.%d.1"):format(net) })
  ns.route.add("default", { via = ("fd00:%d::1"):format(net) })
end
cable(inside, "in", 1)
cable(outside, "out", 2)

local web <close> = inside.tcp.listen(":80", { banner = "web\n" })
local web6 <close> = inside.tcp.listen("[::]:81", { banner = "web\n" })
local back <close> = outside.tcp.listen(":80", { banner = "back\n" })

local function reaches(ns, target)
  local ok, c = pcall(ns.tcp.connect, target, { timeout = 0.3 })
  if ok then
    c:close()
  end
  return ok
end

-- Stateful: from inside to outside, and only answers back.
local established =
  r.firewall.add({ chain = "forward", state = { "established", "related" }, action = "accept" })
local new = r.firewall.add({ chain = "forward", iif = "in", out = "out", state = "new", action = "accept" })
r.firewall.policy("forward", "drop")
check(reaches(inside, "10.0.2.2:80"))
check(not reaches(outside, "10.0.1.2:80"))
check.equal(r.firewall.get(new).packets, 1)
check(r.firewall.get(established).packets >= 3)
check.equal(inside.ping("fd00:2::2").received, 1)
check.equal(outside.ping("fd00:1::2", { timeout = 0.2 }).received, 0)

-- A set opens and closes a way while the rules stand.
r.firewall.add_set("friends", { type = "ipv4_addr" })
r.firewall.add({ chain = "forward", source = "@friends", proto = "tcp", dport = 80, action = "accept" })
check(not reaches(outside, "10.0.1.2:80"))
r.firewall.add_elements("friends", "10.0.2.0/24")
check(reaches(outside, "10.0.1.2:80"))
r.firewall.del_elements("friends", "10.0.2.0/24")
check(not reaches(outside, "10.0.1.2:80"))

-- Reasons that the refused sender is told.
for reason, errno in pairs({
  ["tcp-reset"] = "ECONNREFUSED",
  ["port-unreachable"] = "ECONNREFUSED",
  ["host-unreachable"] = "EHOSTUNREACH",
  ["no-route"] = "ENETUNREACH",
}) do
  local rule = r.firewall.add({
    chain = "forward",
    iif = "out",
    proto = "tcp",
    action = "reject",
    reason = reason,
    insert = true,
  })
  local e = check.error(function()
    outside.tcp.connect("10.0.1.2:80", { timeout = 2 })
  end)
  check.equal(e.errno, errno)
  check.equal(r.firewall.get(rule).packets, 1)
  r.firewall.del(rule)
end

-- A range of ports in one family, and types of ICMP.
r.firewall.add({ chain = "forward", dest = "fd00:1::/64", proto = "tcp", dport = "81-90", action = "accept" })
check(reaches(outside, "[fd00:1::2]:81"))
check(not reaches(outside, "10.0.1.2:81"))
local pings = r.firewall.add({ chain = "input", icmp = "echo-request", action = "drop" })
check.equal(outside.ping("10.0.2.1", { timeout = 0.2 }).received, 0)
check.equal(outside.ping("fd00:2::1").received, 1)
check.equal(r.firewall.get(pings).packets, 1)
r.firewall.del(pings)

-- A limit lets so many pass.
r.firewall.add({ chain = "input", proto = "udp", limit = "1/hour", burst = 3, action = "accept" })
local over = r.firewall.add({ chain = "input", proto = "udp", action = "drop" })
for _ = 1, 10 do
  outside.udp.send("10.0.2.1:9", "x")
end
eventually(function()
  check.equal(r.firewall.get(over).packets, 7)
end)

-- A mark leads to another table of routes.
r.firewall.add({
  chain = "prerouting",
  iif = "out",
  proto = "udp",
  dport = 7,
  set_mark = 9,
  action = "continue",
})
r.rule.add({ fwmark = 9, table = 100 })
r.route.add("default", { type = "blackhole", table = 100 })
local marked = r.firewall.add({ chain = "forward", mark = 9, action = "continue", insert = true })
local passed = r.firewall.add({ chain = "input", mark = 9, action = "continue", insert = true })
outside.udp.send("10.0.1.2:7", "x")
outside.udp.send("10.0.2.1:7", "x")
check.equal({ r.firewall.get(marked).packets, r.firewall.get(passed).packets }, { 0, 1 })

-- Of a user, and without connection tracking.
local uid = outside.firewall.add({ chain = "output", uid = 0, proto = "udp", action = "drop" })
check.error(function()
  outside.udp.send("10.0.2.1:9", "x")
end)
check.equal(outside.firewall.get(uid).packets, 1)
outside.firewall.flush()
r.conntrack.flush()
r.firewall.add({ chain = "raw_prerouting", iif = "in", action = "notrack" })
local untracked = r.firewall.add({ chain = "input", state = "untracked", action = "accept", insert = true })
check.equal(inside.ping("10.0.1.1").received, 1)
check.equal(r.firewall.get(untracked).packets, 1)
check.equal(#r.conntrack.list({ source = "10.0.1.2" }), 0)
