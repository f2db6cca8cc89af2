-- needs: mroute
for _, name in ipairs({ "cam", "room1", "room2" }) do
  link.add(name, { kind = "veth", up = true })
end
mroute.add({ group = "239.1.1.1", iif = "cam", oifs = "room1" })
mroute.replace({ group = "239.1.1.1", iif = "cam", oifs = { "room1", "room2" } })
check.equal(mroute.list()[1].oifs, { "room1", "room2" })
