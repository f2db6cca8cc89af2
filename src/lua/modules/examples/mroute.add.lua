-- needs: mroute
-- What the camera sends to the group goes on to both rooms.
link.add("cam", { kind = "veth", up = true, addr = "10.0.0.1/24" })
for i = 1, 2 do
  link.add("room" .. i, { kind = "veth", up = true, addr = ("10.0.%d.1/24"):format(i) })
end
mroute.add({ from = "10.0.0.2", group = "239.1.1.1", iif = "cam", oifs = { "room1", "room2" } })
print(mroute.list())
