local ns1 = namespace.add("ns1")
bridge.add("br0", { up = true })
link.add("veth1", { kind = "veth", master = "br0", up = true, peer = { name = "eth0", ns = ns1, up = true } })
for _, e in ipairs(fdb.list({ dev = "br0", type = "dynamic" })) do
  print(e.mac, e.dev)
end
