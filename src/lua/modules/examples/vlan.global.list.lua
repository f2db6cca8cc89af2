-- needs: vlan_filtering
bridge.add("br0", { up = true, vlan_filtering = true, mcast_vlan_snooping = true })
vlan.add(10, { dev = "br0" })
for _, v in ipairs(vlan.global.list({ dev = "br0" })) do
  print(v.vid, v.mcast_snooping)
end
