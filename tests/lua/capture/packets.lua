-- What is seen where, and how it is told.
local ns1 = namespace.add("ns1", { up = true })
link.add("veth1", {
  kind = "veth",
  up = true,
  addr = { "10.0.1.1/24", "fd00:1::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.1.2/24", "fd00:1::2/64" } },
})

local seen <close> = capture.start("veth1", { proto = { "arp", "icmp", "icmp6" } })
check.equal(ping("10.0.1.2", { count = 2, interval = 0.05 }).received, 2)

-- Complete at once: nothing to wait for.
local requests = seen:packets({ type = "echo request" })
check.equal(#requests, 2)
check.equal(seen:count({ type = "echo reply", src = "10.0.1.2" }), 2)
local p = requests[1]
check.equal(p.src, "10.0.1.1")
check.equal(p.dst, "10.0.1.2")
check.equal(p.proto, "icmp")
check.equal(p.namespace, "host")
check.equal(p.link, "veth1")
check.equal(p.direction, "out")
check.equal(p.icmp.type, 8)
check.equal(p.icmp.seq, 1)
check.equal(requests[2].icmp.seq, 2)
check.equal(p.ip.version, 4)
check.equal(p.ip.ttl, 64)
check.equal(p.eth.src, link.get("veth1").mac)
check.equal(p.eth.dst, ns1.link.get("eth0").mac)
check.equal(p.eth.ethertype, 0x0800)
check.equal(#p.bytes, p.length)
check.equal(#p.payload, p.payload_length)
check(math.abs(p.time - os.time()) < 60)
local pattern =
  "^%d%d:%d%d:%d%d%.%d%d%d%d%d%d IP 10%.0%.1%.1 > 10%.0%.1%.2: ICMP echo request, id %d+, seq 1, length 64$"
check(tostring(p):find(pattern), tostring(p))
check.equal(seen:packets({ type = "echo reply" })[1].direction, "in")

local arp = seen:packets({ proto = "arp", type = "request" })[1]
check.equal(arp.arp.op, "request")
check.equal(arp.arp.target, "10.0.1.2")
check.equal(arp.dst, "10.0.1.2")
check.equal(arp.eth.dst, "ff:ff:ff:ff:ff:ff")
check((tostring(arp):find(" ARP, Request who%-has 10%.0%.1%.2 tell 10%.0%.1%.1, length 28$")))

-- IPv6.
check.equal(ping("fd00:1::2").received, 1)
local six = seen:packets({ proto = "icmp6", type = "echo request" })[1]
check.equal(six.src, "fd00:1::1")
check.equal(six.ip.version, 6)
check((tostring(six):find(" IP6 fd00:1::1 > fd00:1::2: ICMP6, echo request, id %d+, seq 1, length 64$")))
local who = seen:packets({ type = "neighbor solicitation", src = "fd00:1::/64" })[1]
check.equal(who.icmp.target, "fd00:1::2")

-- Filters.
check.equal(seen:count({ host = "10.0.1.2", type = "echo request" }), 2)
check.equal(seen:count({ host = "ns1", type = "echo request" }), 3, "both addresses of the namespace")
check.equal(seen:count({ net = "10.0.1.0/24", direction = "out", type = "echo request" }), 2)
check.equal(seen:count({ dst = "10.0.1.1", type = "echo request" }), 0)
check.equal(seen:count({ id = p.icmp.id, proto = "icmp" }), 4)
check.equal(seen:count({ link = "eth9" }), 0)
check.equal(seen:count({ namespace = "ns1" }), 0)
check.equal(seen:count({ proto = "tcp" }), 0)

-- TCP and UDP.
local tcps <close> = ns1.capture.start("eth0", { proto = "tcp", port = 7000 })
local udps <close> = capture.start(nil, { proto = { "udp", "icmp" }, namespaces = { ns1, "host" } })
local _server <close> = ns1.tcp.listen("10.0.1.2:7000")
tcp.connect("10.0.1.2:7000"):close()
local syn = tcps:packets({ type = "S" })[1]
check.equal(syn.tcp.flags, "S")
check.equal(syn.tcp.mss, 1460)
check.equal(syn.dport, 7000)
local synack = tcps:packets({ type = "S." })[1]
check.equal(synack.tcp.ack, syn.tcp.seq + 1)
check.equal(synack.sport, 7000)
check.equal(tcps:count({ sport = "6999-7000", type = "S." }), 1)
check.equal(tcps:count({ dport = "7001-8000", type = "S" }), 0)

check.error(function()
  udp.request("10.0.1.2:9", "hello", { timeout = 5 })
end, "connection_refused")
local sent = udps:packets({ proto = "udp" })
check.equal(#sent, 2, "sent by host, received by ns1")
check.equal(sent[1].namespace .. " " .. sent[2].namespace, "host ns1")
check.equal(sent[2].payload, "hello")
check(
  tostring(sent[2]):find(" ns1/eth0 In  IP 10%.0%.1%.1%.%d+ > 10%.0%.1%.2%.9: UDP, length 5$"),
  tostring(sent[2])
)
local refusal = udps:packets({ proto = "icmp", direction = "in" })[1]
check.equal(refusal.type, "destination unreachable")
check.equal(refusal.icmp.code, 3)
check.equal(refusal.icmp.inner.dport, 9)
check.equal(refusal.icmp.inner.proto, "udp")

-- Several links: the line tells which.
local everywhere <close> = capture.start(nil, { namespaces = "all", proto = "icmp" })
check.equal(ping("10.0.1.2").received, 1)
local path = {}
for _, q in ipairs(everywhere:packets({ type = "echo request" })) do
  path[#path + 1] = q.namespace .. "/" .. q.link .. " " .. q.direction
end
check.equal(path, { "host/veth1 out", "ns1/eth0 in" })
check((tostring(everywhere:packets()[1]):find("^%S+ host/veth1 Out IP 10%.0%.1%.1 > 10%.0%.1%.2: ICMP")))
local two <close> = capture.start({ "veth1", "lo" }, { proto = "icmp" })
check.equal(ping("10.0.1.2").received, 1)
check.equal(ping("127.0.0.1").received, 1)
check.equal(two:count({ type = "echo request", link = "lo" }), 1, "loopback once")
check.equal(two:count({ type = "echo request", link = "veth1" }), 1)

-- As JSON.
local decoded = json.decode(json.encode(syn.tcp))
check.equal(decoded.flags, "S")
check.equal(tostring(capture.start("lo"):packets()), "(none)")
