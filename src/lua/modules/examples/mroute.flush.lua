-- needs: mroute
for _, name in ipairs({ "cam", "room1" }) do
  link.add(name, { kind = "veth", up = true })
end
mroute.add({ group = "239.1.1.1", iif = "cam", oifs = "room1" })
check.equal(mroute.flush(), 1)
