-- Connections and servers, within and between namespaces. The kernel's list of sockets is the witness.

-- Whether the host has a TCP socket in the state (0A: listening, 01: established) at a local port.
local function in_proc(port, state)
  for _, file in ipairs({ "/proc/net/tcp", "/proc/net/tcp6" }) do
    for line in io.lines(file) do
      local local_port, st = line:match("^%s*%d+: %x+:(%x+) %x+:%x+ (%x+)")
      if local_port and tonumber(local_port, 16) == port and st == state then
        return true
      end
    end
  end
  return false
end

local ns1 = namespace.add("ns1", { up = true })
link.add("e0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})

-- Each address on which one can listen, and from where it is reached.
for _, case in ipairs({
  { ":7000", { "127.0.0.1", "::1", "10.0.0.1", "fd00::1" } },
  { "[::]:7000", { "127.0.0.1", "::1" } },
  { "0.0.0.0:7000", { "127.0.0.1", "10.0.0.1" }, { "::1" } },
  { "10.0.0.1:7000", { "10.0.0.1" }, { "127.0.0.1", "fd00::1" } },
  { "[fd00::1]:7000", { "fd00::1" }, { "::1" } },
  { "host:7000", { "10.0.0.1" } },
}) do
  local server <close> = tcp.listen(case[1])
  check.equal(server:port(), 7000)
  check(in_proc(7000, "0A"), "the kernel knows the listener")
  for _, address in ipairs(case[2]) do
    local c <close> = tcp.connect(address, { port = 7000 })
    c:send("hello")
    check.equal(c:recv(5), "hello")
    check(server:connections()[#server:connections()].peer_ip == address, "IPv4 is shown as IPv4")
  end
  for _, address in ipairs(case[3] or {}) do
    check.error(function()
      tcp.connect(address, { port = 7000 })
    end, "connection_refused")
  end
end
check.equal(in_proc(7000, "0A"), false, "closed with its block")

-- Between namespaces, by name; what is sent and received in all ways.
local server <close> = ns1.tcp.listen(":7", { keep = 3 })
for _, address in ipairs({ "10.0.0.2:7", "[fd00::2]:7", "ns1:7" }) do
  local c <close> = tcp.connect(address)
  c:send("one\r\ntwo\n\nlast")
  check.equal(c:recv({ line = true }), "one")
  check.equal(c:recv({ line = true }), "two")
  check.equal(c:recv({ line = true }), "")
  check.equal(c:recv(2), "la")
  check.equal(c:recv({ bytes = 2 }), "st")
  check.error(function()
    c:recv({ timeout = 0.01 })
  end, "timeout")
  c:send("\0\255 bytes")
  c:finish()
  check.equal(c:recv({ all = true }), "\0\255 bytes")
  check.equal(c:recv(), nil)
  check.equal(c:recv({ line = true }), nil)
end
local all = server:wait({ connections = 3, closed = 3 })
check.equal(#all, 3)
check.equal(
  { all[1].peer_ip, all[1].local_address, all[1].bytes_in, all[1].bytes_out, all[1].data, all[1].open },
  { "10.0.0.1", "10.0.0.2:7", 22, 22, "one", false }
)
check.equal(all[2].local_address, "[fd00::2]:7")
check(
  tostring(all[1]):find("^10.0.0.1:%d+ > 10.0.0.2:7: 22 bytes in, 22 bytes out, closed$"),
  tostring(all[1])
)

-- Sources.
local c <close> = tcp.connect("ns1:7", { source_port = 5555, from = "10.0.0.1", ttl = 9, tos = 16 })
check.equal(c:local_address(), "10.0.0.1:5555")
check.equal(c:peer(), "10.0.0.2:7")
check(in_proc(5555, "01"), "the kernel knows the connection")
check.equal(server:wait({ connections = 4 })[4].peer, "10.0.0.1:5555")
check.error(function()
  tcp.connect("ns1:7", { source_port = 5555, from = "10.0.0.1" })
end, "address_in_use")
c:close()
c:close()
check.error(function()
  c:send("x")
end, "argument")
check.error(function()
  c:recv()
end, "argument")

-- Banners, fixed replies, silence.
local fixed <close> = tcp.listen("127.0.0.1:0", { banner = "220 ready\r\n", reply = "bye" })
local f <close> = tcp.connect(fixed:address())
check.equal(f:recv({ line = true }), "220 ready")
f:send("anything")
check.equal(f:recv({ all = true }), "bye")
local silent <close> = tcp.listen("127.0.0.1:0", { echo = false })
local s <close> = tcp.connect(silent:address())
s:send("heard")
check.equal(silent:wait({ bytes = 5 })[1].data, "heard")
s:finish()
check.equal(s:recv({ all = true }), "")

-- A server that ends ends its connections.
local ending = tcp.listen("127.0.0.1:0")
local left <close> = tcp.connect(ending:address())
left:send("x")
check.equal(left:recv(1), "x")
ending:stop()
ending:stop()
local ok, came = pcall(left.recv, left)
check(not ok or came == nil, "the client sees the end")
check.equal(#ending:connections(), 1, "its record stays")
