-- Tracked connections, as the program conntrack shows them.

local ns1 = namespace.add("ns1", { up = true })
link.add("eth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})

-- Nothing is tracked until a rule asks for it.
check.equal(ns1.ping("10.0.0.1").received, 1)
check.equal(#conntrack.list(), 0)
nat.masquerade({ source = "192.0.2.0/24" })
sysctl.set("net.netfilter.nf_conntrack_acct", 1)

local _server <close> = tcp.listen(":80", { banner = "hello\n" })
local v4 <close> = ns1.tcp.connect("10.0.0.1:80")
local v6 <close> = ns1.tcp.connect("[fd00::1]:80")
for _, c in ipairs({ v4, v6 }) do
  check.equal(c:recv({ line = true }), "hello")
end
check.equal(ns1.ping("10.0.0.1").received, 1)

local all = conntrack.list({ dport = 80 })
check.equal(#all, 2)
local one = conntrack.list({ proto = "tcp", family = "inet" })[1]
check.equal(one.state, "ESTABLISHED")
check.equal(one.orig.source, "10.0.0.2")
check.equal(one.orig.dest, "10.0.0.1")
check.equal(one.orig.dport, 80)
check.equal(one.reply.dport, one.orig.sport)
check.equal({ one.replied, one.assured, one.snat, one.dnat }, { true, true, false, false })
check(one.timeout > 3600)
check(one.sent.packets >= 2 and one.received.bytes > one.received.packets * 40)
check((tostring(one):find("^tcp %d+ ESTABLISHED src=10.0.0.2 dst=10.0.0.1 sport=%d+ dport=80 packets=")))
check.equal(#conntrack.list({ source = "fd00::/64", proto = "tcp" }), 1)
check.equal(#conntrack.list({ source = "!fd00::/64", proto = "tcp" }), 1)
local icmp = conntrack.list({ proto = "icmp" })
check.equal(#icmp, 1)
check.equal(icmp[1].orig.type, 8)
check.equal(icmp[1].reply.type, 0)

-- Each namespace has its own.
check.equal(#ns1.conntrack.list(), 0)

check.equal(conntrack.del({ proto = "tcp", source = "10.0.0.2" }), 1)
check.equal(#conntrack.list({ proto = "tcp" }), 1)
check.equal(conntrack.del({ proto = "udp" }), 0)
conntrack.flush()
check.equal(#conntrack.list(), 0)

local e = check.error(function()
  conntrack.list({ protocol = "tcp" })
end, "argument")
check((e.message:find('unknown option "protocol"', 1, true)))
