-- needs: vlan_filtering
bridge.add("br0", { up = true, vlan_filtering = true })
link.add("p1", { kind = "veth", master = "br0", up = true, peer = { name = "p2", up = true } })
print(vlan.list({ dev = "p1" }))
for _, v in ipairs(vlan.list({ pvid = true })) do
  print(v.dev, v.vid)
end
