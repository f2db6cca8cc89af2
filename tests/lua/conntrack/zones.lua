-- Zones and marks of connections, which rules of firewall give them.

local ns1 = namespace.add("ns1", { up = true })
link.add("eth0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
firewall.add({ chain = "raw_prerouting", iif = "eth0", proto = "udp", set_zone = 7, action = "continue" })
firewall.add({ chain = "input", proto = "udp", set_ct_mark = 9, action = "continue" })
firewall.add({ chain = "input", ct_mark = 9, action = "accept" })
local listening <close> = udp.listen(":9")
ns1.udp.send("10.0.0.1:9", "x")
check.equal(listening:wait()[1].data, "x")
check.equal(ns1.ping("10.0.0.1").received, 1)

local found = conntrack.list({ zone = 7 })
check.equal(#found, 1)
check.equal({ found[1].proto, found[1].zone, found[1].mark, found[1].orig.dport }, { "udp", 7, 9, 9 })
check.match(tostring(found[1]), "mark=9 zone=7$")
check.equal(#conntrack.list({ mark = 9 }), 1)
check.equal(#conntrack.list({ zone = 0, proto = "icmp" }), 1)
check.at_least(firewall.list({ ct_mark = 9 })[1].packets or 0, 1)
check.equal(conntrack.del({ zone = 0, proto = "icmp" }), 1)
check.equal(conntrack.del({ zone = 7, mark = 9 }), 1)
check.equal(#conntrack.list({ zone = 7 }), 0)

-- What comes too early or too late.
local function refused(message, options)
  local e = check.error(function()
    firewall.add(options)
  end, "argument")
  check.match(e.message, message)
end
refused("`set_zone` comes too late in input", { chain = "input", set_zone = 1, action = "continue" })
refused(
  "`set_ct_mark` has no connection yet in raw_output",
  { chain = "raw_output", set_ct_mark = 1, action = "accept" }
)
refused("`ct_mark` has no connection yet", { chain = "raw_prerouting", ct_mark = 1, action = "accept" })
refused(
  "opts.set_zone: expected an integer from 0 to 65535",
  { chain = "raw_output", set_zone = 65536, action = "accept" }
)
