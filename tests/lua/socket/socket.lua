-- Sockets as `ss` shows them.
-- needs: ss
local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})

--- Without the spaces that vary, sorted.
local function lines(text)
  local out = {}
  for line in text:gmatch("[^\n]+") do
    out[#out + 1] = line:gsub("%s+", " "):gsub(" $", "")
  end
  table.sort(out)
  return out
end
local function ss(ns, flags)
  return lines(ns.exec({ "ss", "-H", flags .. "n" }, { check = true }).stdout)
end
local function ours(ns, opts)
  opts.processes = false
  local out = {}
  for _, s in ipairs(ns.socket.list(opts)) do
    out[#out + 1] = tostring(s)
  end
  return lines(table.concat(out, "\n"))
end

local t4 <close> = ns1.tcp.listen("10.0.0.2:80")
local t6 <close> = ns1.tcp.listen("[fd00::2]:80")
local any <close> = ns1.tcp.listen("[::]:81")
local all4 <close> = ns1.tcp.listen("0.0.0.0:82")
local u4 <close> = ns1.udp.listen("10.0.0.2:53")
local u6 <close> = ns1.udp.listen("[::]:54")
local c4 <close> = tcp.connect("10.0.0.2:80")
local c6 <close> = tcp.connect("[fd00::2]:80")
local closed = tcp.connect("[fd00::2]:81")
closed:close()
c4:send("unread")

for _, ns in ipairs({ host, ns1 }) do
  eventually(function()
    check.equal(ours(ns, {}), ss(ns, "-tua"))
  end)
  check.equal(ours(ns, { proto = "tcp" }), lines(ns.exec("ss -H -tan | sed 's/^/tcp /'").stdout))
  check.equal(
    ours(ns, { proto = "udp", family = "inet6" }),
    lines(ns.exec("ss -H -6uan | sed 's/^/udp /'").stdout)
  )
  check.equal(ours(ns, { listening = true }), ss(ns, "-tul"))
  check.equal(
    ours(ns, { state = "established" }),
    lines(ns.exec("ss -H -tun state connected | sed 's/^\\([a-z]*\\) */\\1 /' | grep ESTAB").stdout)
  )
end

check.equal(#ns1.socket.list({ port = 80, state = "listening" }), 2)
check.equal(#ns1.socket.list({ port = 80, ip = "fd00::2", listening = true }), 1)
check.equal(#host.socket.list({ peer_port = 80, state = "established" }), 2)
check.equal(#host.socket.list({ peer_ip = "10.0.0.2" }), 1)
check.equal(#host.socket.list({ state = "listening" }), 0, "the sockets of a namespace are its own")

-- One field each.
local s = ns1.socket.list({ port = 81, listening = true })[1]
check.equal(
  { s.proto, s.family, s.state, s.local_address, s.ip, s.port, s.peer, s.peer_port },
  { "tcp", "inet6", "LISTEN", "*:81", "::", 81, "*:*", 0 }
)
check.equal(s.processes[1].name, "nsh")
check(
  tostring(s):find('users:(("nsh",pid=' .. s.processes[1].pid .. ",fd=" .. s.processes[1].fd .. "))", 1, true)
)
check.equal(ns1.socket.list({ port = 81, processes = false })[1].processes, {})
