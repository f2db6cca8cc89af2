bridge.add("br0", { up = true })
mdb.add("239.1.1.1", { dev = "br0" })
for _, entry in ipairs(mdb.list({ dev = "br0" })) do
  print(entry.grp, entry.port, entry.state)
end
