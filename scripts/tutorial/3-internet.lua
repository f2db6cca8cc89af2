-- The tutorial, part 3: from the bridge to the internet, and from the internet to a server behind the bridge.
--
--   nsh scripts/tutorial/3-internet.lua
--
-- "The internet" is a namespace of this lab: it owns 8.8.8.8 and the other end of the host's eth0, and it knows
-- nothing of 192.168.1.0/24.

local function heading(text)
  print("\n## " .. text)
end

-- The lab of part 2, in a few lines (or as part 2 left it).
local nms1, nms2 = namespace.get("nms1"), namespace.get("nms2")
if not nms1 or not nms2 then
  nms1, nms2 = namespace.add("nms1", { up = true }), namespace.add("nms2", { up = true })
  link.add("br0", { kind = "bridge", up = true, addr = "192.168.1.1/24" })
  for i, ns in ipairs({ nms1, nms2 }) do
    link.add("veth" .. i - 1, {
      kind = "veth",
      master = "br0",
      up = true,
      peer = { name = "ceth" .. i - 1, ns = ns, up = true, addr = "192.168.1." .. 9 + i .. "/24" },
    })
  end
end

-- The host's own uplink, and the world behind it.
local internet = namespace.add("internet", { up = true })
internet.link.set("lo", { up = true })
internet.addr.add("8.8.8.8/32", { dev = "lo" })
link.add("eth0", {
  kind = "veth",
  up = true,
  addr = "192.168.184.131/24",
  peer = { name = "eth0", ns = internet, up = true, addr = "192.168.184.2/24" },
})
route.add("default", { via = "192.168.184.2" })
check.equal(ping("8.8.8.8").received, 1, "the host itself reaches the internet")

heading("Connecting to the internet")

local e = check.error(function()
  nms1.ping("8.8.8.8")
end, "network_unreachable")
print(e.message)

print(nms1.route.list())
check.equal(#nms1.route.list({ dst = "default" }), 0, "there is no route but to 192.168.1.0/24")

heading("A default gateway")

for _, ns in ipairs({ nms1, nms2 }) do
  ns.route.add("default", { via = "192.168.1.1" })
  print(ns.route.list({ family = "inet" }))
  check.equal(ns.route.get("8.8.8.8").via, "192.168.1.1")
end

local result = nms1.ping("192.168.184.131", { count = 2, interval = 0.05 })
print(result)
check.equal(result.received, 2, "nms1 reaches the host's eth0")

heading("Where do the packets go?")

-- Ping 8.8.8.8 from nms1 and look at both interfaces of the host. Returns the ping's result, and what was an echo
-- request on each.
local function observe()
  local on_br0 <close> = capture.start("br0", { proto = "icmp" })
  local on_eth0 <close> = capture.start("eth0", { proto = "icmp" })
  local result = nms1.ping("8.8.8.8", { count = 2, interval = 0.05, timeout = 0.3 })
  print(result)
  print("on br0:")
  print(on_br0:packets())
  print("on eth0:")
  print(on_eth0:packets())
  return result, on_br0:packets({ type = "echo request" }), on_eth0:packets({ type = "echo request" })
end

local reply, at_br0, at_eth0 = observe()
check.equal(reply.received, 0, "nobody answers")
check.equal(#at_br0, 2, "br0 sees the requests")
check.equal(at_br0[1].src, "192.168.1.10")
check.equal(#at_eth0, 0, "eth0 does not")
check.equal(sysctl.get("net.ipv4.ip_forward"), "0", "the host does not forward")

heading("IP forwarding")

sysctl.set("net.ipv4.ip_forward", 1)
check.equal(sysctl.get("net.ipv4.ip_forward"), "1")

reply, at_br0, at_eth0 = observe()
check.equal(#at_eth0, 2, "now the requests leave through eth0")
check.equal(at_eth0[1].src, "192.168.1.10", "with a source that the internet has no route to")
check.equal(reply.received, 0, "so nobody answers still")
check.error(function()
  internet.route.get("192.168.1.10")
end, "network_unreachable")

heading("Network address translation")

nat.masquerade({ source = "192.168.1.0/24", out = "!br0" })
print(nat.list())

reply, at_br0, at_eth0 = observe()
check.equal(reply.received, 2, "nms1 reaches the internet")
check.equal(at_br0[1].src, "192.168.1.10", "before the host its packets have their own source")
check.equal(at_eth0[1].src, "192.168.184.131", "behind it they have the host's")
check(nat.list()[1].packets >= 1, "the rule has counted")
check.equal(nms2.ping("8.8.8.8").received, 1, "nms2 reaches it as well")

heading("A server in a namespace")

local server <close> = nms1.http.serve("192.168.1.10:3000", { directory = "." })
tcp.connect("192.168.1.10:3000"):close()

local page = http.get("http://192.168.1.10:3000/")
print(page.body)
check.equal(page.status, 200)
check(page.body:find("<title>Directory listing for /</title>", 1, true), "the host gets the listing")

heading("Reaching it from outside")

e = check.error(function()
  internet.http.get("http://192.168.184.131:3000/")
end, "connection_refused")
print(e.message)

nat.dnat({ dest = "192.168.184.131", proto = "tcp", dport = 3000, to = "192.168.1.10:3000" })
print(nat.list())

page = internet.http.get("http://192.168.184.131:3000/")
check.equal(page.status, 200, "the internet gets the page")
check(page.body:find("Directory listing for /", 1, true))

local seen = server:requests()
print(seen)
check(seen[#seen].peer:find("^192%.168%.184%.2:"), "and the server knows who asked")

print("\n" .. check.passed() .. " checks passed")
