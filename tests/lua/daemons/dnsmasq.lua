-- dnsmasq becomes the user dnsmasq once it has its sockets; it answers names, and keeps leases where it may write.
-- needs: dnsmasq

local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})

local config = [[
port=53
listen-address=10.0.0.2
bind-interfaces
no-resolv
no-hosts
address=/lab.test/10.0.0.9
dhcp-range=10.0.0.100,10.0.0.200,60s
dhcp-leasefile=/run/dnsmasq/leases
pid-file=/run/dnsmasq/pid
]]
ns1.proc.private("/run/dnsmasq")
ns1.spawn({ "dnsmasq", "--keep-in-foreground", "--conf-file=/etc/dnsmasq.conf" }, {
  files = { ["/etc/dnsmasq.conf"] = config },
  ready = { udp = { 53, 67 } },
})

-- lab.test IN A
local question = "\x12\x34\1\0\0\1\0\0\0\0\0\0\3lab\4test\0\0\1\0\1"
local answer = udp.request("10.0.0.2:53", question, { timeout = 5 }).data
check.equal(answer:sub(-4), "\10\0\0\9")
check.equal(#proc.deaths(), 0)
