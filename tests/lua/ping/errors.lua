-- Bad input, and what keeps a request from being sent.

local function refused(kind, text, ...)
  local args = table.pack(...)
  local e = check.error(function()
    ping(table.unpack(args, 1, args.n))
  end, kind)
  check.equal(e.message, text)
  return e
end

refused("argument", "ping: dst: expected an address, a name or a namespace, got nil")
refused("argument", "ping: dst: expected an address, a name or a namespace, got the integer 8888", 8888)
refused("argument", 'ping: dst: malformed host "": it is empty', "")
refused("argument", 'ping: dst: malformed host "8.8.8": not an IPv4 address', "8.8.8")
refused(
  "argument",
  'ping: dst: malformed host "10.0.0.0/8": a host is meant, not a prefix or a path',
  "10.0.0.0/8"
)
refused("argument", 'ping: dst: malformed host "fd00::g": not an IPv6 address', "fd00::g")
refused("argument", 'ping: dst: malformed host "10.0.0.1%lo": an IPv4 address has no zone', "10.0.0.1%lo")
refused("argument", 'ping: opts: unknown option "cuont"; did you mean "count"?', "::1", { cuont = 1 })
refused(
  "argument",
  "ping: opts.count: expected an integer from 1 to 1000000000, got the integer 0",
  "::1",
  { count = 0 }
)
refused(
  "argument",
  'ping: opts.count: expected an integer from 1 to 1000000000, got the string "3"',
  "::1",
  { count = "3" }
)
refused(
  "argument",
  "ping: opts.size: expected an integer from 0 to 65507, got the integer 65508",
  "::1",
  { size = 65508 }
)
refused(
  "argument",
  "ping: opts.ttl: expected an integer from 1 to 255, got the integer 0",
  "::1",
  { ttl = 0 }
)
refused(
  "argument",
  "ping: opts.timeout: expected a number of seconds, at least 0, got the integer -1",
  "::1",
  { timeout = -1 }
)
refused(
  "argument",
  "ping: opts.interval: expected a number of seconds, at least 0, got the number inf",
  "::1",
  { interval = math.huge }
)
refused(
  "argument",
  'ping: opts.from: "a/b" is neither an address nor the name of a link',
  "::1",
  { from = "a/b" }
)
refused("argument", "ping: the source 127.0.0.1 is IPv4, the target IPv6", "::1", { from = "127.0.0.1" })
refused("argument", "ping: 127.0.0.1 has no IPv6 address", "127.0.0.1", { family = "inet6" })
refused("argument", "ping: expected at most 2 arguments, got 3", "::1", {}, 1)
local e = refused("argument", "ping: fe80::1 is an address of any link", "fe80::1")
check.equal(e.hint, 'a link-local address needs its link, as in "fe80::1%eth0"')

check.error(function()
  ping("nobody")
end, "not_found")
check.error(function()
  ping("fe80::1%eth9")
end, "not_found")
check.error(function()
  ping("127.0.0.1", { from = "eth9" })
end, "not_found")
e = check.error(function()
  ping("127.0.0.1", { from = "10.9.9.9" })
end, "address_not_available")
check(e.message:find("10.9.9.9 is not an address of this namespace", 1, true), e.message)
check.error(function()
  namespace.add("ns1").ping("127.0.0.1")
end, "network_unreachable")

e = refused("network_unreachable", 'ping "8.8.8.8": network is unreachable (ENETUNREACH)', "8.8.8.8")
check(e.hint:find("no route leads to 8.8.8.8", 1, true), e.hint)
e = check.error(function()
  ping("2001:db8::1")
end, "network_unreachable")
check.equal(e.errno, "ENETUNREACH")
for kind, found in pairs({ unreachable = "host_unreachable", prohibit = "permission", blackhole = "invalid" }) do
  for _, prefix in ipairs({ "10.9.0.0/16", "fd09::/64" }) do
    route.add(prefix, { type = kind })
    e = check.error(function()
      ping((prefix:gsub("0%.0/16", "0.1"):gsub("::/64", "::1")))
    end, found)
    check(e.hint:find(kind, 1, true), e.hint)
    route.del(prefix, { type = kind })
  end
end

-- The handle's own.
local p = ping.start("127.0.0.1")
check.error(function()
  p:wait()
end, "argument")
check.error(function()
  (p.wait --[[@as any]])()
end, "argument")
check.error(function()
  (p --[[@as any]]):wiat()
end, "argument")
check.error(function()
  p:wait({ timeout = 0 })
end, "timeout")
p:stop()
check.equal(p:stop().loss, 0)
e = check.error(function()
  p:wait({ received = 1000000 })
end, "timeout")
check(e.message:find("it ended with", 1, true), e.message)
check.error(function()
  ping.start("8.8.8.8")
end, "network_unreachable")
check.error(function()
  (ping --[[@as any]]).strat("8.8.8.8")
end, "argument")
