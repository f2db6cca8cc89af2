-- Servers and probes bound to a link.

local ns1 = namespace.add("ns1", { up = true })
for i = 1, 2 do
  local peer = { name = "eth" .. i, ns = ns1, up = true, addr = ("10.0.%d.2/24"):format(i) }
  link.add("veth" .. i, { kind = "veth", up = true, addr = ("10.0.%d.1/24"):format(i), peer = peer })
end

-- What comes by another link is not seen; two servers can have one port, each on a link of its own.
for i = 1, 2 do
  ns1.http.serve(":80", { ["/"] = "by eth" .. i }, { dev = "eth" .. i })
  ns1.tcp.listen("0.0.0.0:81", { dev = "eth" .. i, banner = "eth" .. i .. "\n" })
  ns1.udp.listen(":82", { dev = "eth" .. i, reply = "eth" .. i })
end
for i = 1, 2 do
  local at = ("10.0.%d.2:"):format(i)
  check.equal(http.get("http://" .. at .. "80/").body, "by eth" .. i)
  check.equal(tcp.connect(at .. "81"):recv({ line = true }), "eth" .. i)
  check.equal(udp.request(at .. "82", "x").data, "eth" .. i)
end
check.error(function()
  ns1.tcp.connect("127.0.0.1:81")
end, "connection_refused")
local e = check.error(function()
  tcp.listen(":83", { dev = "no-such" })
end, "not_found")
check.match(e.message, "no%-such")

-- A link that does not lead there.
local ns3 = namespace.add("ns3", { up = true })
link.add(
  "veth3",
  { kind = "veth", up = true, addr = "10.0.3.1/24", peer = { name = "eth0", ns = ns3, up = true } }
)

-- The source of checks and waits: an address or a link.
local server = ns1.tcp.listen("10.0.1.2:84")
wait.connect("10.0.1.2:84", { from = "10.0.1.1" })
check.equal(server:wait({ connections = 1 })[1].peer_ip, "10.0.1.1")
local late = { from = "veth3", timeout = 0.2 }
check.error(function()
  wait.connect("10.0.1.2:84", late)
end, "timeout")
check.reachable(host, "10.0.1.2", { from = "10.0.2.1" })
check.reachable(host, "10.0.1.2", { from = "veth1" })
check.unreachable(host, "10.0.1.2", { from = "veth3", timeout = 0.2 })
check.arrives(host, "10.0.1.2", { from = "10.0.2.1" })
check.lost(host, "10.0.1.2", { from = "veth3", timeout = 0.2 })
check.error(function()
  check.reachable(host, "10.0.1.2", { from = "10.9.9.9" })
end, "address_not_available")
