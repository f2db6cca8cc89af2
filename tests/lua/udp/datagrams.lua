-- Datagrams: requests and answers, servers, broadcasts, groups, and what fails.

local ns1 = namespace.add("ns1", { up = true })
link.add("e0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})
ns1.addr.add("10.0.0.22/24", { dev = "eth0" })

-- An IPv6 address is heard once the kernel has joined its group, a moment after it was added.
eventually(function()
  return ping("fd00::2", { timeout = 0.2 }).received == 1
end)

local server <close> = ns1.udp.listen(":53")
check.equal(server:port(), 53)
-- The answer comes from the address that was asked, also from one that the route back would not choose.
for i, address in ipairs({ "10.0.0.2:53", "10.0.0.22:53", "[fd00::2]:53", "ns1:53" }) do
  local reply = udp.request(address, "question " .. i)
  check.equal(reply.data, "question " .. i)
  check.equal(reply.tries, 1)
  check(reply.time > 0 and reply.time < 1)
  local got = server:wait({ datagrams = i })[i]
  check.equal(got.data, "question " .. i)
  check.equal(got.peer, reply.local_address)
  check.equal(got.size, 10)
end
local all = server:datagrams()
check.equal(
  { all[1].peer_ip, all[1].to, all[2].to, all[3].peer_ip, all[3].to },
  { "10.0.0.1", "10.0.0.2", "10.0.0.22", "fd00::1", "fd00::2" }
)
check(tostring(all[1]):find("^10.0.0.1:%d+ > 10.0.0.2: UDP, length 10$"), tostring(all[1]))

-- Fixed answers, sources, sizes, any bytes.
local fixed <close> = udp.listen("127.0.0.1:0", { reply = "pong" })
check.equal(udp.request(fixed:address(), "").data, "pong")
udp.send(fixed:address(), "\0\255", { source_port = 4444 })
local last = fixed:wait({ datagrams = 2 })[2]
check.equal({ last.peer, last.data }, { "127.0.0.1:4444", "\0\255" })
local large = ("x"):rep(65507)
check.equal(udp.request("10.0.0.2:53", large).data, large)
local e = check.error(function()
  udp.send("10.0.0.2:53", large .. "x")
end, "invalid")
check.equal(e.message, 'udp.send "10.0.0.2:53": message too long (EMSGSIZE): 65508 bytes of data')

-- To everybody, and to a group.
local many <close> = ns1.udp.listen("0.0.0.0:99", { echo = false, join = "239.1.1.1", link = "eth0" })
udp.send("10.0.0.255:99", "all")
udp.send("239.1.1.1:99", "group", { from = "e0" })
local heard = many:wait({ datagrams = 2 })
check.equal({ heard[1].data, heard[1].to }, { "all", "10.0.0.255" })
check.equal({ heard[2].data, heard[2].to }, { "group", "239.1.1.1" })
local six <close> = ns1.udp.listen("[::]:98", { join = { "ff02::99" }, link = "eth0" })
udp.send("[ff02::99%e0]:98", "six")
check.equal(six:wait()[1].to, "ff02::99")

-- What fails.
local function refused(kind, text, f, ...)
  local args = table.pack(...)
  check.equal(
    check.error(function()
      f(table.unpack(args, 1, args.n))
    end, kind).message,
    text
  )
end
refused(
  "connection_refused",
  'udp.request "10.0.0.2:9": connection refused (ECONNREFUSED)',
  udp.request,
  "10.0.0.2:9",
  "x"
)
refused(
  "connection_refused",
  'udp.request "[fd00::2]:9": connection refused (ECONNREFUSED)',
  udp.request,
  "[fd00::2]:9",
  "x"
)
refused(
  "timeout",
  'udp.request "10.0.0.2:99": no answer from 10.0.0.2:99 in 0.02 s, 2 times',
  udp.request,
  "10.0.0.2:99",
  "x",
  { timeout = 0.02, tries = 2 }
)
check.equal(#many:wait({ datagrams = 4 }), 4, "it was sent twice")
refused(
  "network_unreachable",
  'udp.send "8.8.8.8:53": network is unreachable (ENETUNREACH)',
  udp.send,
  "8.8.8.8:53",
  "x"
)
refused(
  "address_in_use",
  'udp.listen ":53" in ns1: address already in use (EADDRINUSE): port 53 is taken',
  ns1.udp.listen,
  ":53"
)
refused("argument", "udp.send: data: expected a string, got the integer 5", udp.send, "10.0.0.2:53", 5)
refused(
  "argument",
  'udp.send: address: no port in "10.0.0.2"; write it as "10.0.0.2:80"',
  udp.send,
  "10.0.0.2",
  "x"
)
refused(
  "argument",
  'udp.request: opts: unknown option "tires"; did you mean "tries"?',
  udp.request,
  "10.0.0.2:53",
  "x",
  { tires = 2 }
)
refused(
  "argument",
  "udp.listen: opts.join: 10.0.0.1 is not a multicast group",
  udp.listen,
  ":0",
  { join = "10.0.0.1" }
)
refused(
  "argument",
  "udp.listen: 0.0.0.0:5 is IPv4, the group ff02::1 IPv6",
  udp.listen,
  "0.0.0.0:5",
  { join = "ff02::1" }
)
check.error(function()
  udp.listen(":0", { join = "239.1.1.1", link = "eth9" })
end, "not_found")
e = check.error(function()
  server:wait({ datagrams = 100, timeout = 0.05 })
end, "timeout")
check.equal(e.message, "UdpServer:wait: 5 of 100 datagrams came in 0.05 s")
