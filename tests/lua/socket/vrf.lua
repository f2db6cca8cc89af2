-- Servers and probes in a VRF.
-- needs: vrf

local ns1, ns2 = namespace.add("ns1", { up = true }), namespace.add("ns2", { up = true })
for i, ns in ipairs({ ns1, ns2 }) do
  link.add("vrf" .. i, { kind = "vrf", vrf = { table = 100 + i }, up = true })
  link.add("veth" .. i, {
    kind = "veth",
    up = true,
    master = "vrf" .. i,
    addr = "10.0.0.1/24",
    peer = { name = "eth0", ns = ns, up = true, addr = "10.0.0.2/24" },
  })
  http.serve(":80", { ["/"] = "in vrf" .. i }, { dev = "vrf" .. i })
  ns.tcp.listen(":81", { banner = ns.name .. "\n" })
end
for i, ns in ipairs({ ns1, ns2 }) do
  check.equal(ns.http.get("http://10.0.0.1/").body, "in vrf" .. i)
  check.reachable(host, "10.0.0.2", { from = "vrf" .. i })
  wait.connect("10.0.0.2:81", { from = "vrf" .. i })
  check.equal(tcp.connect("10.0.0.2:81", { from = "vrf" .. i }):recv({ line = true }), ns.name)
end
check.unreachable(host, "10.0.0.2")
