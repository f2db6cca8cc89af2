link.add("vx0", { kind = "vxlan", vxlan = { id = 10, dstport = 4789 } })
for _, to in ipairs({ "10.0.0.2", "10.0.0.3" }) do
  fdb.append("00:00:00:00:00:00", { dev = "vx0", dst = to })
end
check.equal(#fdb.list({ dev = "vx0", mac = "00:00:00:00:00:00" }), 2)
