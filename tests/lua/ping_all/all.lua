-- Who reaches whom; the counters of the kernel are the witness.

local topology = require("nsh.topology")

-- ICMP's counters of a namespace: echo requests that came, and replies.
local function echoes(ns, family)
  local file = family == "inet6" and "/proc/net/snmp6" or "/proc/net/snmp"
  local text = ns.exec({ "cat", file }, { check = true }).stdout
  if family == "inet6" then
    return math.tointeger(text:match("Icmp6InEchos%s+(%d+)"))
  end
  local names, values = text:match("Icmp: (%a[^\n]*)\nIcmp: ([^\n]*)")
  local columns, at = {}, 0
  for name in (names or ""):gmatch("%S+") do
    table.insert(columns, name)
  end
  for value in (values or ""):gmatch("%S+") do
    at = at + 1
    if columns[at] == "InEchos" then
      return math.tointeger(value)
    end
  end
end

test("each host pings each other one", function()
  local net <close> = topology(topology.star(4, { ipv6 = true }))
  for _, family in ipairs({ "inet", "inet6" }) do
    local before = {}
    for i, host in ipairs(net.hosts) do
      before[i] = echoes(host, family)
    end
    local all = net:ping_all({ family = family, count = 2 })
    check.equal({ all.ok, all.sent, all.received, all.loss, all.cut, all.lost }, { true, 24, 24, 0, {}, {} })
    check.equal(all.hosts, { "h1", "h2", "h3", "h4" })
    for i, host in ipairs(net.hosts) do
      check.equal(echoes(host, family) - before[i], 6)
    end
    check.equal(#all.pairs, 12)
    for _, pair in ipairs(all.pairs) do
      check.equal({ pair.sent, pair.received, pair.lost }, { 2, 2, 0 })
      check.equal(pair.addr, net:addr(pair.dst, { family = family }))
      check(pair.rtt > 0 and pair.rtt < 1)
    end
  end
end)

test("losses have their place", function()
  local net <close> = topology(topology.star(4))
  net:cut("h3", "s1")
  local all = net:ping_all({ timeout = 0.2 })
  check.equal({ all.ok, all.sent, all.received, all.loss, all.cut }, { false, 12, 6, 0.5, { "h3" } })
  for _, pair in ipairs(all.lost) do
    check(pair.src == "h3" or pair.dst == "h3")
  end
  local text = tostring(all)
  check(text:find("h3: nobody reaches it", 1, true), text)
  check(text:find("4 hosts: 12 sent, 6 received, 50.0% lost", 1, true), text)
  -- One direction alone: who is refused, and by whom.
  net:mend("h3", "s1")
  net.h1.route.add(net:addr("h2") .. "/32", { type = "prohibit" })
  all = net:ping_all({ timeout = 0.2 })
  check.equal(all.cut, {})
  local lost = {}
  for _, pair in ipairs(all.lost) do
    table.insert(lost, pair.src .. " -> " .. pair.dst)
  end
  check.equal(lost, { "h1 -> h2", "h2 -> h1" })
  check.match(all.lost[1].message or "", "EACCES")
  check.match(tostring(all), "h1 %-> h2: 1 of 1 lost: ")
  local decoded = json.decode(json.encode(all)) --[[@as any]]
  check.equal({ decoded.sent, #decoded.pairs, decoded.lost[1].src }, { 12, 12, "h1" })
end)

test("through routers, and what they say instead", function()
  local net <close> = topology(topology.chain(2))
  check.equal(net:ping_all().received, 2)
  net.r1.route.add(net:addr("h2") .. "/32", { type = "unreachable" })
  net.r1.sysctl.set("net.ipv4.icmp_ratelimit", 0)
  local all = net:ping_all({ timeout = 0.5 })
  check.equal(all.lost[1].message, "Destination Host Unreachable")
end)

test("what is refused", function()
  local a, b = namespace.add("a"), namespace.add("b")
  local function refused(kind, text, ...)
    local args = table.pack(...)
    local e = check.error(function()
      ping_all(table.unpack(args, 1, args.n))
    end, kind)
    check.equal(e.message, text)
  end
  refused("argument", "ping_all: hosts: expected two hosts or more, got 1", { a })
  refused("argument", "ping_all: hosts: a is there twice", { a, "a" })
  local many = {}
  for i = 1, 70 do
    many[i] = namespace.add("m" .. i)
  end
  refused(
    "argument",
    "ping_all: hosts: 70 hosts and 1000 requests for each are too many",
    many,
    { count = 1000 }
  )
  refused("not_found", "ping_all: a has no address yet", { a, b })
end)
