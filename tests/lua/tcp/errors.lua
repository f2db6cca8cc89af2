-- Bad input, and each way in which a connection fails.

local function refused(kind, text, f, ...)
  local args = table.pack(...)
  local e = check.error(function()
    f(table.unpack(args, 1, args.n))
  end, kind)
  check.equal(e.message, text)
  return e
end

refused("argument", "tcp.connect: address: expected a string, got nil", tcp.connect)
refused(
  "argument",
  'tcp.connect: address: no port in "10.0.0.1"; write it as "10.0.0.1:80"',
  tcp.connect,
  "10.0.0.1"
)
refused(
  "argument",
  'tcp.connect: address: no port in "fd00::1"; write it as "[fd00::1]:80"',
  tcp.connect,
  "fd00::1"
)
refused(
  "argument",
  'tcp.connect: address: malformed port "70000" in "10.0.0.1:70000": expected a number from 0 to 65535',
  tcp.connect,
  "10.0.0.1:70000"
)
refused(
  "argument",
  'tcp.connect: address: malformed port "http" in "10.0.0.1:http": expected a number from 0 to 65535',
  tcp.connect,
  "10.0.0.1:http"
)
refused(
  "argument",
  'tcp.connect: address: two ports were given: 80 in "10.0.0.1:80", and 81',
  tcp.connect,
  "10.0.0.1:80",
  { port = 81 }
)
refused(
  "argument",
  'tcp.connect: address: malformed host "1.2.3": not an IPv4 address',
  tcp.connect,
  "1.2.3:80"
)
refused("argument", 'tcp.connect: address: malformed host "[::1": a "]" is missing', tcp.connect, "[::1")
refused("argument", 'tcp.connect: no host before ":80"', tcp.connect, ":80")
refused(
  "argument",
  "tcp.connect: 127.0.0.1 has no IPv6 address",
  tcp.connect,
  "127.0.0.1:80",
  { family = "inet6" }
)
refused(
  "argument",
  'tcp.connect: opts: unknown option "timout"; did you mean "timeout"?',
  tcp.connect,
  "127.0.0.1:80",
  { timout = 1 }
)
refused(
  "argument",
  'tcp.connect: opts.family: expected "inet" or "inet6", got "inet4"; did you mean "inet"?',
  tcp.connect,
  "127.0.0.1:80",
  { family = "inet4" }
)
refused(
  "argument",
  "tcp.listen: opts.keep: expected an integer from 0 to 1048576, got the integer -1",
  tcp.listen,
  ":0",
  { keep = -1 }
)

local e = refused(
  "connection_refused",
  'tcp.connect "127.0.0.1:9": connection refused (ECONNREFUSED)',
  tcp.connect,
  "127.0.0.1:9"
)
check.equal(e.hint, "nothing listens on 127.0.0.1:9 there, or a firewall rejects it")
refused(
  "connection_refused",
  'tcp.connect "[::1]:9": connection refused (ECONNREFUSED)',
  tcp.connect,
  "[::1]:9"
)
e = refused(
  "network_unreachable",
  'tcp.connect "8.8.8.8:53": network is unreachable (ENETUNREACH)',
  tcp.connect,
  "8.8.8.8:53"
)
check(e.hint:find("no route leads to 8.8.8.8", 1, true), e.hint)
check.error(function()
  tcp.connect("nobody:80")
end, "not_found")
check.error(function()
  tcp.connect("127.0.0.1:80", { from = "eth9" })
end, "not_found")

local ns1 = namespace.add("ns1", { up = true })
link.add("e0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})
-- Somebody is there, but takes no notice.
for _, case in ipairs({ { "10.0.0.3", "10.0.0.3:80" }, { "fd00::3", "[fd00::3]:80" } }) do
  neigh.add(case[1], { dev = "e0", lladdr = "02:00:00:00:00:03" })
  refused(
    "timeout",
    ('tcp.connect "%s": no answer from %s in 0.100 s'):format(case[2], case[2]),
    tcp.connect,
    case[2],
    { timeout = 0.1 }
  )
end

e = refused(
  "address_not_available",
  'tcp.listen "10.0.0.2:80": cannot assign requested address (EADDRNOTAVAIL): '
    .. "10.0.0.2 is not an address of this namespace",
  tcp.listen,
  "10.0.0.2:80"
)
check.equal(e.hint, "addr.list() shows the addresses that are there")
local server <close> = ns1.tcp.listen(":80")
e = refused(
  "address_in_use",
  'tcp.listen ":80" in ns1: address already in use (EADDRINUSE): port 80 is taken',
  ns1.tcp.listen,
  ":80"
)
check.equal(e.hint, "a server of this script has port 80 already; port 0 takes a free one")
local elsewhere <close> = tcp.listen(":80")

e = check.error(function()
  server:wait({ connections = 2, timeout = 0.05 })
end, "timeout")
check.equal(e.message, "TcpServer:wait: only 0 connections were accepted, 0 closed, 0 bytes came in 0.05 s")
check.error(function()
  server:wait({ conections = 2 })
end, "argument")
check.error(function()
  server:wait({ connections = 0 })
end, "argument")
check.error(function()
  (server --[[@as any]]):acept()
end, "argument")
local c <close> = tcp.connect("10.0.0.2:80")
check.error(function()
  c:recv(0)
end, "argument")
check.error(function()
  c:recv("all" --[[@as any]])
end, "argument")
check.error(function()
  c:recv({ lines = true })
end, "argument")
check.error(function()
  c:send(5 --[[@as any]])
end, "argument")
c:send("ab")
c:finish()
e = check.error(function()
  c:recv(3)
end, "protocol")
check.equal(e.message, "TcpConnection:recv: 10.0.0.2:80 closed after 2 of 3 bytes")
check.equal(c:recv(2), "ab", "what came is not lost")
