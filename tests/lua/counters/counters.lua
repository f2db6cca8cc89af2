-- Counters, as /proc and, where it is installed, nstat tell them.

local ns = namespace.add("ns", { up = true })
local all = ns.counters.list()
check.equal(all.IpInReceives, 0)
check.equal(all.IpDefaultTTL, 64)
check.equal(counters.get("IpDefaultTTL"), 64)

local function file(name)
  return ns.proc.exec({ "cat", "/proc/self/net/" .. name }).stdout
end

-- Each name and number of the kernel's files.
ns.ping("127.0.0.1")
ns.ping("::1")
local now = ns.counters.list()
local seen = 0
for _, name in ipairs({ "snmp", "netstat" }) do
  local names ---@type string[]?
  for line in file(name):gmatch("[^\n]+") do
    local group, rest = line:match("^(%w+): (.*)$")
    if names then
      local i = 0
      for value in rest:gmatch("%S+") do
        i = i + 1
        seen = seen + 1
        check.equal(now[group .. names[i]], math.tointeger(value), group .. names[i])
      end
      names = nil
    else
      names = {}
      for word in rest:gmatch("%S+") do
        names[#names + 1] = word
      end
    end
  end
end
for name, value in file("snmp6"):gmatch("(%w+)%s+(%d+)") do
  seen = seen + 1
  check.equal(now[name], math.tointeger(value), name)
end
check.greater(seen, 200)

-- Differences: what a ping is.
local mark = ns.counters.list()
check.equal(ns.ping("127.0.0.1", { count = 3 }).received, 3)
local since = ns.counters.since(mark)
check.equal({ since.IcmpInEchos, since.IcmpOutEchoReps, since.IpInDelivers }, { 3, 3, 6 })
check.equal(since.IpDefaultTTL, 0)
check.match(tostring(since), "IcmpInEchos +3\n")
check.no_match(tostring(since), "IpDefaultTTL")
check.equal(tostring(ns.counters.since(ns.counters.list())), "(all 0)")
check.error(function()
  ns.tcp.connect("127.0.0.1:9")
end)
check.equal(ns.counters.since(mark).TcpOutRsts, 1)

-- Each namespace has its own.
check.equal(counters.since(counters.list()).IcmpInEchos, 0)

local e = check.error(function()
  counters.get("TcpRetransSeg")
end, "not_found")
check.equal(e.message, 'counters.get "TcpRetransSeg": the kernel has no counter "TcpRetransSeg"')
check.equal(e.hint, 'did you mean "TcpRetransSegs"?')
for _, mark in ipairs({ {}, { 1, 2 }, { IpInReceives = "1" }, { other = 1 } }) do
  e = check.error(function()
    counters.since(mark --[[@as any]])
  end, "argument")
  check.match(e.message, "expected what counters.list returned")
end
