local ns1, ns2 = namespace.add("ns1"), namespace.add("ns2")
link.add("br0", { kind = "bridge", up = true, addr = "10.0.0.1/24" })
for i, ns in ipairs({ ns1, ns2 }) do
  local peer = { name = "eth0", ns = ns, up = true, addr = "10.0.0.2/24" }
  link.add("veth" .. i, { kind = "veth", master = "br0", up = true, peer = peer })
end

-- Two hosts have the address.
local found = arping("10.0.0.2", { all = true, timeout = 0.2 })
check.equal(#found.macs, 2)
check.equal(found.duplicate, true)

-- Nobody has this one yet.
check.equal(arping("10.0.0.3", { dad = true, timeout = 0.1 }).duplicate, false)
